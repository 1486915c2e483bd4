"""What a person sees in a network: stages of blocks that repeat; plain values for whoever tells or draws it.

A layer is what computes, with the normalization, activation and the like around it. A block is a layer, or the few that
make a separable convolution, a fire module and so on. Blocks in a row that differ only in stride, shortcut, drop-path
or normalization are one block with several repetitions. A stage is what happens on maps of one size.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from nas.arch import paths
from nas.arch.cost import Flow, Shape, cell_flow, flow
from nas.arch.nodes import (
    DEPTHWISE,
    Act,
    Branches,
    Cells,
    Chain,
    Conv,
    DropPath,
    Edge,
    Exit,
    Flatten,
    GlobalPool,
    Graph,
    Linear,
    Network,
    Norm,
    Part,
    Pool,
    RadialBasis,
    Ratio,
    Shortcut,
    Shuffle,
    Step,
    Subsample,
    TableConv,
    chain,
)
from nas.arch.paths import part_names
from nas.arch.rewrite import rewrite

_COMPUTES = (Conv, TableConv, Linear, RadialBasis, Pool, Subsample, GlobalPool, Branches, Graph, Cells, Exit, Shortcut)
_WEIGHTED = (Conv, TableConv, Linear)
_HEADS = (GlobalPool, Linear, RadialBasis)


@dataclass(frozen=True, slots=True)
class Block:
    """Parts that belong together, once or several times in a row.

    Args:
        kind: What people call it: "convolution", "bottleneck", "inception", "normal cell".
        repeats: The parts of each repetition.
        path: Where the first part of the first repetition stands.
        input: Shape that the first repetition reads.
        output: Shape that the last one writes.
        params: Those of all repetitions together, as are the other counts.
    """

    kind: str
    repeats: tuple[Chain, ...]
    path: str
    input: Shape
    output: Shape
    params: int
    macs: int
    exit_params: int = 0
    exit_macs: int = 0

    @property
    def times(self) -> int:
        """How many repetitions there are."""
        return len(self.repeats)

    @property
    def plain(self) -> bool:
        """Whether it is a single layer of no inner structure."""
        first = self.repeats[0]
        return len(list(layers(first))) == 1 and not any(isinstance(p, Branches | Graph | Exit) for p in core(first))


@dataclass(frozen=True, slots=True)
class Stage:
    """Blocks on maps of one size; the first may bring them to it, a pool at the end may leave it."""

    name: str
    blocks: tuple[Block, ...]

    @property
    def input(self) -> Shape:
        """Shape that it reads."""
        return self.blocks[0].input

    @property
    def output(self) -> Shape:
        """Shape that it writes."""
        return self.blocks[-1].output

    @property
    def params(self) -> int:
        """Parameters on the way through it; those of exits are apart."""
        return sum(block.params for block in self.blocks)

    @property
    def macs(self) -> int:
        """MACs on the way through it."""
        return sum(block.macs for block in self.blocks)


def outline(network: Network, input: Shape) -> tuple[Stage, ...]:
    """The stages of `network` on images of shape `input`: "stem", "stage 1", …, "head".

    Raises:
        ShapeError: two branches disagree, or a part cannot read its input.
    """
    single = list(_singles(chain(network), tuple(input)))
    head = next((i for i, block in enumerate(single) if isinstance(core(block.repeats[0])[0], _HEADS)), len(single))
    trunk, stages = single[:head], []
    stem = next((i for i, block in enumerate(trunk) if not block.plain and block.kind != "concatenation"), 0)
    if stem:
        stages.append(Stage("stem", tuple(_folded(trunk[:stem]))))
    for number, run in enumerate(_by_size(trunk[stem:]), 1):
        stages.append(Stage(f"stage {number}", tuple(_folded(run))))
    if head < len(single):
        stages.append(Stage("head", tuple(_folded(single[head:]))))
    return tuple(stages)


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


def _singles(whole: Chain, shape: Shape) -> Iterator[Block]:
    """The blocks of a main chain one by one, cells apart."""
    names, position = part_names(whole.parts), 0
    for parts in blocks(whole):
        path, position = names[position], position + len(parts.parts)
        if isinstance(parts.parts[-1], Cells) and len(parts.parts) == 1:
            outputs = [shape]
            for i, cell in enumerate(parts.parts[-1].cells, 1):
                for block in _cell(cell, f"{path}.cell{i}", outputs):
                    shape = block.output
                    yield block
                outputs.append(shape)
        else:
            made = flow(parts, shape, None)
            yield _block(parts, path, shape, [made])
            shape = made.shape


def _cell(cell: Chain, path: str, outputs: list[Shape]) -> Iterator[Block]:
    """A cell, and each layer that follows its graph, such as an exit, apart."""
    flows, names, shape, position = cell_flow(cell, outputs), part_names(cell.parts), outputs[-1], 0
    for parts in layers(cell):
        end = position + len(parts.parts)
        block = _block(parts, f"{path}.{names[position]}" if position else path, shape, flows[position:end])
        yield block
        shape, position = block.output, end


def _block(parts: Chain, path: str, shape: Shape, flows: list[Flow]) -> Block:
    output = flows[-1].shape if flows else shape
    return Block(
        kind(parts, smaller=_shrinks(shape, output)),
        (parts,),
        path,
        shape,
        output,
        sum(made.params for made in flows),
        sum(made.macs for made in flows),
        sum(made.exit_params for made in flows),
        sum(made.exit_macs for made in flows),
    )


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


_POOLS = {"max": "max", "avg": "average"}


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


def _by_size(blocks: list[Block]) -> Iterator[list[Block]]:
    """Blocks by the size of their maps: a pool that changes it ends its stage, anything else begins one."""
    stage: list[Block] = []
    for block in blocks:
        shrinks = _shrinks(block.input, block.output)
        ends = block.kind == "transition" or isinstance(core(block.repeats[0])[0], Pool | Subsample)
        if stage and shrinks and not ends:
            yield stage
            stage = []
        stage.append(block)
        if shrinks and ends:
            yield stage
            stage = []
    if stage:
        yield stage


def _shrinks(before: Shape, after: Shape) -> bool:
    """Whether a map loses a quarter of its height or more; a convolution without padding takes a rim only."""
    return len(before) == len(after) == 3 and 4 * after[1] <= 3 * before[1]


def _folded(blocks: Iterable[Block]) -> Iterator[Block]:
    for _, run in groupby(blocks, key=_likeness):
        first, *others = run
        several = (first, *others)
        last = several[-1]
        yield replace(
            first,
            kind=last.kind,
            repeats=tuple(block.repeats[0] for block in several),
            output=last.output,
            params=sum(block.params for block in several),
            macs=sum(block.macs for block in several),
            exit_params=sum(block.exit_params for block in several),
            exit_macs=sum(block.exit_macs for block in several),
        )


def _likeness(block: Block) -> Chain:
    """What blocks that fold have in common."""
    return rewrite(block.repeats[0], _bare)


def _bare(part: Part) -> Part:
    """A part without stride; nothing in place of what blocks of one run may differ in."""
    match part:
        case Conv() if not isinstance(part.padding, tuple):
            return replace(part, stride=1)
        case Norm() | Act() | DropPath() | Shortcut():
            return Chain()
        case Branches(branches=branches, join="add"):
            bodies = [branch for branch in branches if branch.parts]
            return bodies[0] if len(bodies) == 1 else part
        case Graph(inputs=inputs, steps=steps):
            return Graph((1,) * len(inputs), tuple(_unprepared(step, len(inputs)) for step in steps))
        case _:
            return part


def _unprepared(step: Step, inputs: int) -> Step:
    """A step without the part that only fits an input of a cell to its width."""
    match step.edges:
        case (Edge(source=source),) if source < inputs:
            return Step((Chain(), source), join=step.join)
    return step
