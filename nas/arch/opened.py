"""A named network opened into a space: its numbers become holes around today's values."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count, groupby
from typing import Any

from nas.arch.cost import Shape, cost, flow
from nas.arch.holes import span
from nas.arch.nodes import (
    Act,
    Branches,
    Chain,
    Conv,
    Linear,
    Network,
    Norm,
    Part,
    RadialBasis,
    Ratio,
    Repeat,
    Scope,
    Space,
    chain,
    pick,
)
from nas.arch.paths import part_names, subchains
from nas.arch.rewrite import Rule, is_se, rewrite, squeeze_excite
from nas.errors import ShapeError

AROUND = ("width", "expansion", "kernel", "depth", "attention")
"""The kinds of numbers that are opened unless said."""
KINDS = (*AROUND, "groups")

_FACTORS = ((1, 2), (3, 4), (5, 4), (3, 2))
_KERNELS = (3, 5, 7)
_EXPANSIONS = (2, 3, 4, 6)
_GROUPS = (1, 2, 4, 8)


def opened(network: Network, input: Shape, kinds: Collection[str] = AROUND) -> Space:
    """A space around `network`, which lies in it, for images of shape `input`; `kinds`, of `KINDS`, are opened.

    - width: all convolutions of one width share a hole, from half to one and a half times that width;
    - expansion: a width that is a multiple of the input's may be 2, 3, 4 or 6 times that;
    - kernel: 3, 5 or 7, for every convolution with one of these that keeps the size of its map at stride 1;
    - depth: a block that keeps its shape is repeated from zero times to twice as often as today;
    - attention: every residual branch may end in squeeze-and-excitation;
    - groups: a convolution in groups may have half or twice as many, one larger than 1×1 may have 1, 2, 4 or 8.

    A width, or number of groups, that the network, otherwise unchanged, cannot have is left out.
    """
    whole = chain(network)
    cost(whole, input)
    offered = _Offered(
        frozenset(kinds),
        {width: _width_hole(whole, width, input) for width in sorted(_widths(whole))} if "width" in kinds else {},
        {conv: _groups(whole, conv, input) for conv in set(_convolutions(whole))} if "groups" in kinds else {},
    )
    blocks = _blocks(whole, input)
    return Chain(*(part for block, names in _runs(blocks) for part in _opened_run(block, names, offered)))


@dataclass(frozen=True)
class _Offered:
    """What the holes of a network offer: the hole of each width, the numbers of groups of each convolution."""

    kinds: frozenset[str]
    widths: dict[int, Any]
    groups: dict[Conv, list[int]]


def _runs(blocks: Iterable[tuple[str, Chain, bool]]) -> Iterator[tuple[tuple[Chain, bool], list[str]]]:
    for block, run in groupby(blocks, key=lambda named: named[1:]):
        yield block, [name for name, _, _ in run]


def _opened_run(block: tuple[Chain, bool], names: list[str], offered: _Offered) -> Iterator[Part]:
    """Equal blocks in a row: each in a scope of its own, or all in one where they may be repeated."""
    part, keeps_its_shape = block
    numbers = count(1)
    space = rewrite(part, lambda inner: _opened_part(inner, offered, numbers))
    if keeps_its_shape and "depth" in offered.kinds:
        yield Scope(names[0], Chain(Repeat("block", space, span("depth", 0, 2 * len(names)))))
    else:
        yield from (Scope(name, space) for name in names)


def _blocks(whole: Chain, input: Shape) -> Iterator[tuple[str, Chain, bool]]:
    """(name, block, whether it keeps its shape): a join and the norms and activations after it are one block."""
    parts, names = whole.parts, part_names(whole.parts)
    shape, start = input, 0
    while start < len(parts):
        end = start + 1
        while isinstance(parts[start], Branches) and end < len(parts) and isinstance(parts[end], Norm | Act):
            end += 1
        after = flow(parts[start], shape, None).shape
        yield names[start], Chain(*parts[start:end]), isinstance(parts[start], Branches) and after == shape
        shape, start = after, end


def _opened_part(part: Part, offered: _Offered, numbers: Iterator[int]) -> Part:
    match part:
        case Conv(out=out, kernel=kernel):
            changes: dict[str, Any] = {}
            if isinstance(out, int) and out in offered.widths:
                changes["out"] = offered.widths[out]
            if "expansion" in offered.kinds and isinstance(out, Ratio) and out.denominator == 1 < out.numerator:
                options = sorted({*_EXPANSIONS, out.numerator})
                changes["out"] = pick(f"expansion{next(numbers)}", *map(Ratio, options))
            if "kernel" in offered.kinds and kernel in _KERNELS and replace(part, padding="same") == part:
                changes |= {"kernel": pick(f"kernel{next(numbers)}", *_KERNELS), "padding": "same"}
            if len(groups := offered.groups.get(part, ())) > 1:
                changes["groups"] = pick(f"groups{next(numbers)}", *groups)
            return replace(part, **changes)
        case Branches(branches=branches, join="add") if "attention" in offered.kinds:
            return Branches(*(_with_se_hole(branch, numbers) for branch in branches), join="add")
        case _:
            return part


def _with_se_hole(branch: Chain, numbers: Iterator[int]) -> Chain:
    if not any(isinstance(part, Conv) for part in branch.parts):
        return branch
    has_se = is_se(branch.parts[-1])
    body, se = (branch.parts[:-1], branch.parts[-1]) if has_se else (branch.parts, squeeze_excite())
    return Chain(*body, pick(f"se{next(numbers)}", off=Chain(), on=Chain(se)))


def _widths(whole: Chain) -> set[int]:
    """The widths of the convolutions, without that of a convolution that makes the logits."""
    found = {part.out for part in _convolutions(whole) if isinstance(part.out, int)}
    last = next((part for part in reversed(whole.parts) if isinstance(part, Conv | Linear | RadialBasis)), None)
    return found - {last.out} if isinstance(last, Conv) and isinstance(last.out, int) else found


def _convolutions(part: Part) -> Iterator[Conv]:
    if isinstance(part, Conv):
        yield part
    elif isinstance(part, Chain):
        for inner in part.parts:
            yield from _convolutions(inner)
    else:
        for _, inner in subchains(part):
            yield from _convolutions(inner)


def _width_hole(whole: Chain, width: int, input: Shape) -> Any:
    def changed(option: int, part: Part) -> Part:
        return replace(part, out=option) if isinstance(part, Conv) and part.out == width else part

    unit = 8 if width % 8 == 0 else 1
    options = {max(unit, width * n // d // unit * unit) for n, d in _FACTORS} - {width}
    fitting = [option for option in options if _accepts(whole, partial(changed, option), input)]
    return pick(f"width{width}", *sorted({*fitting, width}), scope="")


def _groups(whole: Chain, conv: Conv, input: Shape) -> list[int]:
    """The numbers of groups that all convolutions equal to `conv` may have; its own among them."""

    def changed(option: int, part: Part) -> Part:
        return replace(conv, groups=option) if part == conv else part

    if not isinstance(conv.groups, int) or (conv.groups == 1 and conv.kernel == 1):
        return []
    own = conv.groups
    options = {own // 2, 2 * own} if own > 1 else {*_GROUPS} - {own}
    fitting = [option for option in options if _accepts(whole, partial(changed, option), input)]
    return sorted({*fitting, own})


def _accepts(whole: Chain, change: Rule, input: Shape) -> bool:
    try:
        cost(rewrite(whole, change), input)
    except ShapeError:
        return False
    return True
