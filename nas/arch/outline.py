"""What a person sees in a network: stages of blocks that repeat; plain values for whoever tells or draws it.

Blocks in a row that differ only in stride, shortcut, drop-path or normalization are one block with several repetitions.
A stage is what happens on maps of one size.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from nas.arch.cost import Flow, Shape, cell_flow, flow
from nas.arch.kinds import blocks, core, kind, layers
from nas.arch.nodes import (
    Act,
    Branches,
    Cells,
    Chain,
    Conv,
    DropPath,
    Edge,
    Exit,
    Fork,
    GlobalPool,
    Graph,
    Linear,
    Network,
    Norm,
    Part,
    Pool,
    RadialBasis,
    Shortcut,
    Step,
    Subsample,
    chain,
)
from nas.arch.paths import part_names
from nas.arch.rewrite import rewrite

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
            return bodies[0] if len(bodies) == 1 and not isinstance(bodies[0].parts[-1], Fork) else part
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
