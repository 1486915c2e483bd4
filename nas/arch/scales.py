"""Networks that keep maps of several sizes, layer by layer; their outline knows stages of one size only."""

from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise

from nas.arch.kinds import core
from nas.arch.nodes import Graph
from nas.arch.outline import Block, Stage

Layer = tuple[Block, ...]
"""What happens on each size, from fine to coarse."""


def has_scales(stages: Iterable[Stage]) -> bool:
    """Whether finer maps follow coarser ones."""
    sizes = [block.output[1] for stage in stages for block in stage.blocks if len(block.output) == 3]
    return any(before < after for before, after in pairwise(sizes))


def layers_of_scales(blocks: Iterable[Block]) -> Iterator[list[Layer]]:
    """Runs of layers with the same scales and wiring; an exit is a run of its own."""
    yield from (list(run) for _, run in groupby(_layers(blocks), key=_wiring))


def _layers(blocks: Iterable[Block]) -> Iterator[Layer]:
    layer: Layer = ()
    for block in blocks:
        if layer and (_is_alone(block) or _is_alone(layer[-1]) or block.output[1] >= layer[-1].output[1]):
            yield layer
            layer = ()
        layer = (*layer, block)
    if layer:
        yield layer


def _is_alone(block: Block) -> bool:
    """Whether it is no cell of a layer."""
    return not isinstance(core(block.repeats[0])[0], Graph)


def _wiring(layer: Layer) -> tuple[tuple[str | int, ...], ...]:
    """The sizes of a layer's maps, and what each of its cells reads."""
    return tuple((block.kind == "exit", block.output[1], *_reads(block)) for block in layer)


def _reads(block: Block) -> tuple[int, ...]:
    match core(block.repeats[0]):
        case (Graph(steps=steps),):
            return tuple(len(step.edges) for step in steps)
    return ()
