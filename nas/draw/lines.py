"""The main line of a network as it is drawn: the blocks of its outline, and those that look alike folded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from nas.arch.cost import Flow, Shape, cell_flow, cell_inputs, flow
from nas.arch.nodes import Chain, Exit, Graph
from nas.arch.outline import Block, outline
from nas.draw.kinds import numbers, with_values
from nas.draw.parts import Op, Row, mesh, row


@dataclass(frozen=True, slots=True)
class Stop:
    """One place on the main line; `rows` is what each of the blocks it stands for looks like.

    `shape` is what leaves the last of them, or the head of an exit; the counts are of all, for an exit of its head.
    """

    stage: str
    kind: str
    rows: tuple[Row, ...]
    shape: Shape
    macs: int
    params: int
    cell: int = 0
    """Which of its row of cells it is, from 1."""
    fits: tuple[Row, ...] = ()
    """What fits the inputs of a cell, where it is drawn apart."""

    @property
    def times(self) -> int:
        """How many blocks it stands for."""
        return len(self.rows)

    @property
    def exit(self) -> bool:
        """Whether it leaves the main line."""
        return self.kind == "exit"

    @property
    def plain(self) -> bool:
        """Whether it is one operation, which its own box can say."""
        return not self.exit and len(self.rows[0]) == 1 and isinstance(self.rows[0][0], Op)


def stops(network: Chain, input: Shape) -> list[Stop]:
    """The main line of a network, a stop for each block."""
    outputs: list[Shape] = [input]
    return [
        stop
        for stage in outline(network, input)
        for block in stage.blocks
        for stop in _repetitions(stage.name, block, outputs)
    ]


def folded(line: Iterable[Stop]) -> list[Stop]:
    """The line with stops alike in a row as one; they may differ in rates of dropping and scaling."""
    made: list[Stop] = []
    for stop in line:
        last = made[-1] if made else None
        if last is not None and not stop.exit and last.stage == stop.stage and _alike(last, stop):
            macs, params = last.macs + stop.macs, last.params + stop.params
            made[-1] = replace(last, rows=last.rows + stop.rows, shape=stop.shape, macs=macs, params=params)
        else:
            made.append(stop)
    return made


def _alike(one: Stop, other: Stop) -> bool:
    return _without_rates(one.rows[-1]) == _without_rates(other.rows[0])


def _without_rates(look: Row) -> Row:
    return with_values(look, iter([0 if number.role == "p" else number.value for number in numbers(look)]))


def _repetitions(stage: str, block: Block, outputs: list[Shape]) -> Iterator[Stop]:
    """A stop for each repetition; `outputs` are those of the blocks before, as far as cells can read them."""
    begins_cell, in_cell = re.search(r"\.cell\d+$", block.path), ".cell" in block.path
    for position, parts in enumerate(block.repeats):
        if not in_cell or (position == 0 and block.path.endswith(".cell1")):
            del outputs[:-1]
        look, flows = _seen(parts, outputs)
        look = look or (Op("other", "nothing"),)
        cell = len(outputs) if begins_cell else 0
        if block.kind == "exit":
            yield Stop(stage, "exit", (look,), flows[-1].shape, flows[-1].macs, flows[-1].params)
            continue
        shape = flows[-1].shape if flows else outputs[-1]
        macs, params = sum(made.macs for made in flows), sum(made.params for made in flows)
        yield Stop(stage, block.kind, (look,), shape, macs, params, cell)
        if in_cell and not begins_cell:
            outputs[-1] = shape
        else:
            outputs.append(shape)


def _seen(parts: Chain, outputs: list[Shape]) -> tuple[Row, list[Flow]]:
    """What a block or cell looks like after cells of these outputs, and what happens in it."""
    first = parts.parts[0] if parts.parts else None
    if isinstance(first, Graph):
        flows = cell_flow(parts, outputs)
        inputs = tuple(outputs[max(0, len(outputs) - back)] for back in cell_inputs(parts))
        return (mesh(first, inputs, first.inputs), *row(parts.parts[1:], flows[0].shape)), flows
    if isinstance(first, Exit):
        return row(first.head.parts, outputs[-1]), [flow(first.head, outputs[-1], None)]
    return row(parts.parts, outputs[-1]), [flow(parts, outputs[-1], None)]
