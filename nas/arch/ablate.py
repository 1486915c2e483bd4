"""The same network without one of its ideas, or with what the idea took the place of: what claims are tested on."""

from collections.abc import Callable
from dataclasses import replace

from nas.arch.cost import Shape, cost
from nas.arch.nodes import DEPTHWISE, Act, Branches, Chain, Conv, DropPath, Linear, Network, Norm, Part, Shortcut, chain
from nas.arch.rewrite import RewriteError, rewrite, rewrite_chains

_BISECTIONS = 30


def without_shortcuts(network: Network) -> Chain:
    """The plain network: every sum with a shortcut is what the shortcut goes around; no path is dropped then.

    Raises:
        RewriteError: the network has no such sum.
    """
    return _changed(network, rewrite(network, _plain), "plain goes", "sums with a shortcut")


def without_norm(network: Network) -> Chain:
    """No batch norm; a convolution or linear layer right before one has biases in the place of its shift.

    Raises:
        RewriteError: the network has none.
    """
    return _changed(network, rewrite_chains(network, _unnormed), "no_norm goes", "batch norms")


def with_relu_bottleneck(network: Network) -> Chain:
    """An activation after the 1×1 convolution that ends an inverted bottleneck, which MobileNet v2 leaves linear.

    Raises:
        RewriteError: no depthwise convolution with an activation is followed by such a linear one.
    """
    return _changed(network, rewrite_chains(network, _activated), "relu_bottleneck goes", "linear bottlenecks")


def with_5x5(network: Network) -> Chain:
    """Every two 3×3 convolutions in a row as one of 5×5, which sees as far: of their stride, to the second's width.

    Raises:
        RewriteError: no two stand in a row.
    """
    return _changed(network, rewrite_chains(network, _wide), "5x5 goes", "two 3×3 convolutions in a row")


def ungrouped(network: Network, input: Shape) -> Chain:
    """Dense convolutions for grouped ones, so much narrower that the MACs agree as nearly as whole channels allow.

    Narrower are the grouped convolution and, where one leads to it, the convolution right before: as between the
    bottlenecks of ResNeXt and of ResNet. Depthwise convolutions stay.

    Raises:
        RewriteError: the network has no grouped convolution.
    """

    def make(share: float) -> Chain:
        return rewrite_chains(network, lambda whole: _dense_groups(whole, share))

    _changed(network, make(1.0), "ungrouped goes", "grouped convolutions")
    return _at_macs(make, cost(network, input).macs, input)


def unseparated(network: Network, input: Shape) -> Chain:
    """Dense k×k convolutions for depthwise separable ones, all widths so much smaller that the MACs nearly agree.

    Raises:
        RewriteError: the network has no depthwise convolution that a 1×1 convolution follows.
    """
    dense = _changed(network, rewrite_chains(network, _joined), "unseparated goes", "depthwise separable convolutions")
    return _at_macs(lambda share: scaled(dense, share), cost(network, input).macs, input)


def scaled(network: Network, share: float, *, multiple: int = 1) -> Chain:
    """Every width times `share`, rounded to the nearest multiple, at least one; the last layer keeps its classes."""
    *body, last = _split_at_last(chain(network))
    return Chain(rewrite(Chain(*body), lambda part: _scaled(part, share, multiple)), *last.parts)


def _split_at_last(whole: Chain) -> tuple[Chain, Chain]:
    """The network before its last layer, and from there."""
    places = [i for i, part in enumerate(whole.parts) if isinstance(part, Linear | Conv)]
    if not places:
        raise RewriteError("a network whose widths change ends in a Linear or Conv layer, got another end")
    return Chain(*whole.parts[: places[-1]]), Chain(*whole.parts[places[-1] :])


def _scaled(part: Part, share: float, multiple: int) -> Part:
    if isinstance(part, Conv | Linear) and isinstance(part.out, int):
        return replace(part, out=_times(part.out, share, multiple))
    return part


def _times(width: int, share: float, multiple: int = 1) -> int:
    return max(1, round(width * share / multiple)) * multiple


def _plain(part: Part) -> Part:
    match part:
        case Branches(branches=branches, join="add") if len(branches) > 1 and any(map(_is_shortcut, branches)):
            rest = [_undropped(branch) for branch in branches if not _is_shortcut(branch)]
            return rest[0] if len(rest) == 1 else Branches(*rest) if rest else Chain()
        case _:
            return part


def _is_shortcut(branch: Chain) -> bool:
    return all(isinstance(part, Shortcut) for part in branch.parts)


def _undropped(branch: Chain) -> Chain:
    return Chain(*(part for part in branch.parts if not isinstance(part, DropPath)))


def _unnormed(whole: Chain) -> Chain:
    made: list[Part] = []
    for part in whole.parts:
        match part:
            case Norm(kind="batch"):
                if made and isinstance(made[-1], Conv | Linear):
                    made[-1] = replace(made[-1], bias=True)
            case Shortcut(kind="projection"):
                made.append(replace(part, kind="conv"))
            case _:
                made.append(part)
    return Chain(*made)


def _activated(whole: Chain) -> Chain:
    made: list[Part] = []
    for place, part in enumerate(whole.parts):
        made.append(part)
        following = whole.parts[place + 1 : place + 2]
        match made[-5:]:
            case [Conv() as depthwise, Norm(), Act() as act, Conv(kernel=1, groups=1), Norm()] if _is_depthwise(
                depthwise
            ) and not (following and isinstance(following[0], Act)):
                made.append(act)
    return Chain(*made)


def _wide(whole: Chain) -> Chain:
    """The first of two goes, with what follows it; the second is wide, and the rest goes on from behind it."""
    parts = list(whole.parts)
    place = 0
    while place < len(parts):
        second = place + 1
        while second < len(parts) and isinstance(parts[second], Norm | Act):
            second += 1
        match parts[place], parts[second : second + 1]:
            case Conv(kernel=3, groups=1, padding=1, dilation=1) as before, [
                Conv(kernel=3, groups=1, padding=1, dilation=1, stride=1) as after
            ]:
                parts[place : second + 1] = [replace(after, kernel=5, stride=before.stride, padding="same")]
        place += 1
    return Chain(*parts)


def _dense_groups(whole: Chain, share: float) -> Chain:
    parts = list(whole.parts)
    for place, part in enumerate(parts):
        if isinstance(part, Conv) and isinstance(part.groups, int) and part.groups > 1 and isinstance(part.out, int):
            parts[place] = replace(part, groups=1, out=_times(part.out, share))
            before = next((i for i in range(place - 1, -1, -1) if not isinstance(parts[i], Norm | Act)), None)
            if before is not None and isinstance(first := parts[before], Conv) and first.out == part.out:
                parts[before] = replace(first, out=_times(part.out, share))
    return Chain(*parts)


def _joined(whole: Chain) -> Chain:
    """A 1×1 convolution takes over the window of the depthwise one before it, which goes with its norm and act."""
    made: list[Part] = []
    for part in whole.parts:
        made.append(part)
        if not (isinstance(part, Conv) and part.kernel == 1 and part.stride == 1 and part.groups == 1):
            continue
        before = next((i for i in range(len(made) - 2, -1, -1) if not isinstance(made[i], Norm | Act)), None)
        if before is not None and isinstance(first := made[before], Conv) and _is_depthwise(first):
            made[before:] = [replace(first, out=part.out, groups=1, bias=part.bias)]
    return Chain(*made)


def _is_depthwise(part: Conv) -> bool:
    return part.out == DEPTHWISE and part.groups == DEPTHWISE


def _at_macs(make: Callable[[float], Chain], macs: int, input: Shape) -> Chain:
    """What `make` makes of the share, at most one, with which its MACs come nearest."""
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if cost(make(middle), input).macs <= macs else (low, middle)
    return min((make(low), make(high)), key=lambda made: abs(cost(made, input).macs - macs))


def _changed(network: Network, made: Chain, what: str, places: str) -> Chain:
    if made == chain(network):
        raise RewriteError(f"{what} where there are {places}, got a network without")
    return made
