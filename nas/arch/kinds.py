"""Which parts of a chain belong together, and what people call them.

A layer is what computes, with the normalization, activation and the like around it. A block is a layer, or the few that
make a separable convolution, a fire module and so on.
"""

from collections.abc import Iterator

from nas.arch import paths
from nas.arch.nodes import (
    DEPTHWISE,
    Act,
    Branches,
    Cells,
    Chain,
    Conv,
    Exit,
    Flatten,
    GlobalPool,
    Graph,
    Linear,
    Norm,
    Part,
    Pool,
    RadialBasis,
    Ratio,
    Shortcut,
    Shuffle,
    Subsample,
    TableConv,
)

_COMPUTES = (Conv, TableConv, Linear, RadialBasis, Pool, Subsample, GlobalPool, Branches, Graph, Cells, Exit, Shortcut)
_WEIGHTED = (Conv, TableConv, Linear)
_POOLS = {"max": "max", "avg": "average"}


def layers(whole: Chain) -> Iterator[Chain]:
    """The parts of a chain layer by layer, with the normalization and activation before or after what computes."""
    layer: list[Part] = []
    ahead: list[Part] = []
    for part in whole.parts:
        if isinstance(part, _COMPUTES) and not gates(part):
            if any(isinstance(p, _COMPUTES) for p in layer):
                yield Chain(*layer)
                layer = []
            layer, ahead = [*layer, *ahead, part], []
        elif ahead or not _follows(part, layer):
            ahead.append(part)
        else:
            layer.append(part)
    if layer or ahead:
        yield Chain(*layer, *ahead)


def blocks(whole: Chain) -> Iterator[Chain]:
    """The parts of a chain block by block: its layers, joined where a few of them make one block."""
    rows = list(layers(whole))
    while rows:
        count = next((n for n, makes in ((3, _is_inverted), (3, _is_mlpconv), (2, _is_pair)) if makes(rows[:n])), 1)
        yield Chain(*rows[:count])
        rows = rows[count:]


def core(whole: Chain) -> tuple[Part, ...]:
    """What computes in a chain, in order; all of it where nothing does."""
    return tuple(p for p in whole.parts if isinstance(p, _COMPUTES) and not gates(p)) or whole.parts


def is_depthwise(part: Part) -> bool:
    """Whether a part is a convolution of each channel apart."""
    return isinstance(part, Conv) and part.groups == DEPTHWISE


def is_shortcut(branch: Chain) -> bool:
    """Whether a branch passes its input on, fitted where needed."""
    return all(isinstance(part, Shortcut) for part in branch.parts)


def gates(part: Part) -> bool:
    """Squeeze-and-excitation and its like belong to what they weigh."""
    return isinstance(part, Branches) and part.join == "multiply"


def kind(parts: Chain, *, smaller: bool = False) -> str:
    """What people call a block; `smaller` says whether it makes a map smaller."""
    rows = list(layers(parts))
    if len(rows) == 3:
        return "inverted bottleneck" if _is_inverted(rows) else "mlpconv"
    if len(rows) == 2:
        return "separable" if _is_separable(list(map(_conv, rows))) else "fire" if _is_fire(rows) else "transition"
    match core(parts):
        case (Conv() | TableConv(), *_):
            return "convolution"
        case (Pool(kind=word), *_):
            return f"{_POOLS[word]} pool"
        case (GlobalPool(kind=word), *_):
            return f"global {_POOLS[word]} pool"
        case (Subsample(), *_):
            return "subsampling"
        case (Branches() as joined, *_):
            return _joined_kind(parts, joined)
        case (Graph(), *_):
            return "reduction cell" if smaller else "normal cell"
        case (part, *_):
            return paths.kind(part).replace("_", " ")
    return "nothing"


def _follows(part: Part, layer: list[Part]) -> bool:
    """Whether a part that does not compute belongs to the layer before it rather than to the next."""
    last = next((p for p in reversed(layer) if isinstance(p, _COMPUTES) and not gates(p)), None)
    if isinstance(part, Norm):
        return isinstance(last, _WEIGHTED)
    if isinstance(part, Flatten):
        return isinstance(last, GlobalPool)
    if isinstance(part, Act):
        return last is not None and not isinstance(last, Graph | Cells | Exit)
    return last is not None


def _is_inverted(rows: list[Chain]) -> bool:
    expand, *rest = map(_conv, rows)
    return expand is not None and _widens(expand) and _is_separable(rest)


def _is_mlpconv(rows: list[Chain]) -> bool:
    first, *others = map(_conv, rows)
    spatial = first is not None and first.kernel != 1 and not is_depthwise(first)
    return spatial and len(others) == 2 and all(map(_is_square, others))


def _is_pair(rows: list[Chain]) -> bool:
    return _is_separable(list(map(_conv, rows))) or _is_fire(rows) or _is_transition(rows)


def _is_separable(convs: list[Conv | None]) -> bool:
    return len(convs) == 2 and convs[0] is not None and is_depthwise(convs[0]) and _is_square(convs[1])


def _is_fire(rows: list[Chain]) -> bool:
    """A 1×1 convolution whose output single convolutions read side by side."""
    if len(rows) < 2 or not _is_square(_conv(rows[0])):
        return False
    match core(rows[1]):
        case (Branches(branches=branches, join="concat"),):
            return all(_conv(branch) is not None for branch in branches)
    return False


def _is_transition(rows: list[Chain]) -> bool:
    """DenseNet's: normalization first, 1×1 convolution, pool."""
    normalized = isinstance(rows[0].parts[0], Norm)
    return normalized and len(rows) == 2 and _is_square(_conv(rows[0])) and isinstance(core(rows[1])[0], Pool)


def _conv(row: Chain) -> Conv | None:
    """The convolution that a layer is, if it is one."""
    match core(row):
        case (Conv() as conv,):
            return conv
    return None


def _is_square(conv: Conv | None) -> bool:
    """Whether it is a 1×1 convolution of all channels."""
    return conv is not None and conv.kernel == 1 and conv.groups == 1


def _widens(conv: Conv) -> bool:
    return _is_square(conv) and isinstance(conv.out, Ratio) and conv.out.numerator > conv.out.denominator


def _joined_kind(parts: Chain, joined: Branches) -> str:
    bodies = [branch for branch in joined.branches if not is_shortcut(branch)]
    shuffles = any(isinstance(p, Shuffle) for whole in (parts, *joined.branches) for p in whole.parts)
    if shuffles:
        return "shuffle unit"
    if joined.join == "mean":
        return "fractal block"
    if joined.join == "concat":
        if len(bodies) == 1:
            return "dense layer"
        return "inception" if len(bodies) > 2 else "concatenation"
    if len(bodies) == 1 and len(joined.branches) == 2:
        before = parts.parts[0], *bodies[0].parts[:1]
        return f"{'pre-activation ' if any(isinstance(p, Norm) for p in before) else ''}{_residual_kind(bodies[0])}"
    return "sum"


def _residual_kind(body: Chain) -> str:
    parts = core(body)
    if any(isinstance(part, Branches) for part in parts):
        return "inception residual"
    if any(map(is_depthwise, parts)):
        return "inverted residual" if isinstance(parts[0], Conv) and _widens(parts[0]) else "separable residual"
    kernels = [part.kernel for part in parts if isinstance(part, Conv)]
    return "bottleneck" if len(kernels) == 3 and kernels[0] == kernels[2] == 1 else "residual"
