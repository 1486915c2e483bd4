"""What a person sees of a chain: operations with words and numbers, side by side where it branches.

Widths said as fractions and shortcuts that fit themselves are resolved here; normalizations and activations go with
the operation they belong to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import assert_never

from nas.arch import paths
from nas.arch.cost import Shape, fit_shape, flow, graph_outputs, shortcut_stride, step_flow
from nas.arch.fields import Size, pair
from nas.arch.nodes import (
    Act,
    Branches,
    Cells,
    Chain,
    Choice,
    Chunk,
    Conv,
    Dropout,
    DropPath,
    Exit,
    Flatten,
    Fork,
    GlobalPool,
    Graph,
    Linear,
    LocalResponseNorm,
    Norm,
    Part,
    Pool,
    RadialBasis,
    Ratio,
    Repeat,
    Scale,
    Scope,
    Shift,
    Shortcut,
    Shuffle,
    Subsample,
    TableConv,
)

Value = float | str


@dataclass(frozen=True, slots=True)
class Number:
    """A number that may differ from one use of a block to the next.

    Args:
        role: An `out` width, one in a `gate`, the `stride`, `groups`, a rate `p`, a `fit`, or how far `back` to read.
        value: The number, or a letter or word that stands for it.
    """

    role: str
    value: Value


@dataclass(frozen=True, slots=True)
class Op:
    """One operation, with what goes with it before and after; an empty word is no more than that."""

    kind: str
    word: str
    numbers: tuple[Number, ...] = ()
    before: tuple[Op, ...] = ()
    after: tuple[Op, ...] = ()
    times: int = 1


@dataclass(frozen=True, slots=True)
class Joined:
    """Rows on one input; `join` is empty where the join further out takes each of them."""

    rows: tuple[Row, ...]
    join: str
    drop_path: float = 0.0
    after: tuple[Op, ...] = ()


@dataclass(frozen=True, slots=True)
class Mesh:
    """A cell: steps of edges `(row, source)`, sources as in a `Graph`.

    `back` says how many cells back each input lies, 0 being what comes in.
    """

    back: tuple[Number, ...]
    steps: tuple[tuple[tuple[tuple[Row, int], ...], str], ...]
    outputs: tuple[int, ...]
    after: tuple[Op, ...] = ()


Item = Op | Joined | Mesh
Row = tuple[Item, ...]
"""What a chain looks like; an empty row passes its input on."""

_NORM = Op("norm", "norm")
_EXTRAS = (Norm, LocalResponseNorm, Act, Dropout, Flatten)


def row(parts: Iterable[Part], shape: Shape, fit: Shape | None = None) -> Row:
    """What parts in a chain look like, the join around it having the shape `fit`.

    A normalization or activation goes with the operation before it; in a chain that begins with one, it begins
    the next operation.
    """
    made: list[Item] = []
    waiting: list[Op] = []
    leading: type | None = None
    for part in parts:
        if isinstance(part, _EXTRAS):
            leading = leading if made or leading else type(part)
            if made and not waiting and type(part) is not leading and _takes(made[-1], part):
                made[-1] = replace(made[-1], after=(*made[-1].after, *_extra(part)))
            else:
                waiting += _extra(part)
        elif item := _item(part, shape, fit):
            if isinstance(item, Op):
                item = replace(item, before=tuple(waiting))
            elif waiting:
                made.append(_alone(waiting))
            made.append(item)
            waiting = []
        shape = flow(part, shape, fit).shape
    if waiting and made and isinstance(made[-1], Op):
        made[-1] = replace(made[-1], after=(*made[-1].after, *waiting))
    elif waiting:
        made.append(_alone(waiting))
    return _separables(made)


def _takes(item: Item, part: Part) -> bool:
    """Whether `part` goes with what stands before it: with a join, only the activation does."""
    return isinstance(item, Op) or (isinstance(part, Act) and not item.after)


def _alone(extras: Sequence[Op]) -> Op:
    return Op("other", "", after=tuple(extras))


def _extra(part: Part) -> tuple[Op, ...]:
    """The word of what goes with an operation; flattening goes without saying."""
    match part:
        case Norm(kind="group", groups=groups):
            return (Op("norm", f"group norm {groups}"),)
        case Norm():
            return (_NORM,)
        case LocalResponseNorm():
            return (Op("norm", "response norm"),)
        case Act(kind=kind):
            return (Op("act", kind.replace("_", " ")),)
        case Dropout(p=p):
            return (Op("other", "dropout", (Number("p", p),)),)
        case _:
            return ()


def _item(part: Part, shape: Shape, fit: Shape | None) -> Item | None:
    match part:
        case Branches(branches=branches, join=join, drop_path=p):
            inner = fit_shape([(branch, shape) for branch in branches], join, "branch")
            rows = tuple(row(branch.parts, shape, inner) for branch in branches)
            return Joined(tuple(map(_gate, rows)) if join == "multiply" else rows, join, p)
        case Fork(branches=branches):
            return Joined(tuple(row(branch.parts, shape, fit) for branch in branches), "")
        case Graph():
            return mesh(part, (shape,) * len(part.inputs), (0,) * len(part.inputs))
        case Shortcut():
            return _shortcut(part, shape, fit)
        case _:
            return _op(part, shape, fit)


def _gate(inner: Row) -> Row:
    """The row with its widths told from those of the way that it gates."""
    return tuple(
        replace(item, numbers=tuple(Number("gate", n.value) if n.role == "out" else n for n in item.numbers))
        if isinstance(item, Op)
        else item
        for item in inner
    )


def mesh(part: Graph, inputs: tuple[Shape, ...], back: tuple[int, ...]) -> Mesh:
    """What a cell looks like on inputs of these shapes that lie so far back."""
    shapes = list(inputs)
    steps = []
    for step in part.steps:
        fit = fit_shape([(edge.part, shapes[edge.source]) for edge in step.edges], step.join, "edge")
        edges = tuple((row(edge.part.parts, shapes[edge.source], fit), edge.source) for edge in step.edges)
        steps.append((edges, step.join))
        shapes.append(step_flow(step, shapes).shape)
    return Mesh(tuple(Number("back", cells) for cells in back), tuple(steps), tuple(graph_outputs(part)))


def _shortcut(part: Shortcut, shape: Shape, fit: Shape | None) -> Op | None:
    """The shortcut as it is fitted; none where it is the identity."""
    if fit is None or shape == fit:
        return None
    numbers = (Number("out", fit[0]), *_stride(shortcut_stride(shape, fit)))
    match part.kind:
        case "projection":
            return Op("conv", f"conv {_size(part.kernel)}", numbers, after=(_NORM,))
        case "conv":
            return Op("conv", f"conv {_size(part.kernel)}", numbers)
        case "zero_pad":
            return Op("other", "zero pad", numbers)
        case _:
            return Op("pool", "avg pool, zero pad", numbers)


def _op(part: Part, shape: Shape, fit: Shape | None) -> Op:
    match part:
        case Conv():
            return _conv(part, shape, flow(part, shape, fit).shape[0])
        case TableConv(table=table, kernel=kernel):
            return Op("conv", f"conv {_size(kernel)} by table", (Number("out", len(table)),))
        case Linear(out=out):
            return Op("linear", "linear", (Number("out", out),))
        case RadialBasis(out=out):
            return Op("linear", "radial basis", (Number("out", out),))
        case Pool(kind=kind, kernel=kernel, stride=stride):
            return Op("pool", f"{kind} pool {_size(kernel)}", _stride(stride or kernel))
        case GlobalPool(kind=kind):
            return Op("pool", f"global {kind} pool")
        case Subsample(kernel=kernel):
            return Op("pool", f"subsample {_size(kernel)}", _stride(kernel))
        case DropPath(p=p):
            return Op("other", "drop path", (Number("p", p),))
        case Scale(factor=factor):
            return Op("other", "zero") if factor == 0 else Op("other", "scale", (Number("p", factor),))
        case Shuffle(groups=groups):
            return Op("other", "channel shuffle", (Number("groups", groups),))
        case Chunk(index=index, of=of):
            return Op("other", f"maps, part {index + 1} of {of}")
        case Shift():
            return Op("other", "shift")
        case Norm() | LocalResponseNorm() | Act() | Dropout() | Flatten() | Shortcut():
            raise AssertionError(part)
        case Chain() | Branches() | Fork() | Graph() | Cells() | Exit() | Repeat() | Scope() | Choice():
            return Op("other", paths.kind(part))
        case _:
            assert_never(part)


def _conv(part: Conv, shape: Shape, out: int) -> Op:
    groups = part.groups.of(shape[0]) if isinstance(part.groups, Ratio) else part.groups
    dilated = "" if prod(pair(part.dilation)) == 1 else f" dilated {_size(part.dilation)}"
    kernel = f"{_size(part.kernel)}{dilated}"
    if groups == shape[0] > 1 and out == shape[0]:
        return Op("conv", f"depthwise {kernel}", _stride(part.stride))
    grouped = (Number("groups", groups),) if groups > 1 else ()
    return Op("conv", f"conv {kernel}", (Number("out", out), *_stride(part.stride), *grouped))


def _separables(items: Iterable[Item]) -> Row:
    """The row, each depthwise convolution with a 1×1 convolution right after it made one separable convolution."""
    made: list[Item] = []
    for item in items:
        match made[-1:], item:
            case [Op(after=()) as first], Op(word="conv 1×1", before=()) if _separable(first, item):
                word = first.word.replace("depthwise", "separable")
                made[-1] = replace(first, word=word, numbers=(item.numbers[0], *first.numbers), after=item.after)
            case _:
                made.append(item)
    return tuple(made)


def _separable(first: Op, second: Op) -> bool:
    plain = all(number.role == "out" or number.value == 1 for number in second.numbers)
    return first.word.startswith("depthwise") and plain


def _stride(stride: Size) -> tuple[Number, ...]:
    down, across = pair(stride)
    return (Number("stride", down if down == across else f"{down}×{across}"),)


def _size(size: Size) -> str:
    return "×".join(map(str, pair(size)))
