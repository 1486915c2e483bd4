"""A network as a flat program over registers: one instruction a leaf or join, in the order they run.

Registers are written once, so who reads what is plain: an activation works in place, and a sum adds into a branch,
where nobody else reads the register and its writer does not need it for the backward pass; a register is freed after
its last reader.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from nas.arch.cost import Shape, cell_flow, cell_inputs, fit_shape, flow, graph_outputs, step_flow
from nas.arch.nodes import Branches, Cells, Chain, Exit, Fork, Graph, Part, Shortcut
from nas.arch.paths import below, part_names


@dataclass(slots=True)
class Instruction:
    """Apply a leaf (`part`) or a join to registers; `path` names the leaf's parameters."""

    what: Part | str
    sources: tuple[int, ...]
    target: int
    path: str
    shape: Shape
    """The shape a leaf reads."""
    fit: Shape | None = None
    """The shape of the join around a leaf."""
    of_exit: bool = False
    drop_path: float = 0.0
    """The probability with which a join drops each of its sources in training."""


@dataclass(slots=True)
class Program:
    """Instructions, the register of the output, and of each exit with its weight. Register 0 is the input."""

    instructions: list[Instruction] = field(default_factory=list)
    output: int = 0
    exits: list[tuple[int, float]] = field(default_factory=list)

    def without_exits(self) -> list[Instruction]:
        """The instructions on the way to the output."""
        return [instruction for instruction in self.instructions if not instruction.of_exit]


def lower(network: Chain, input: Shape) -> Program:
    """The program of a network for images of shape `input`."""
    lowering = _Lowering()
    lowering.program.output = lowering.chain(network, 0, input, None, "")[0]
    return lowering.program


def last_reads(instructions: Sequence[Instruction], outputs: set[int]) -> list[tuple[int, ...]]:
    """For each instruction the registers that nobody reads after it."""
    seen, freed = set(outputs), []
    for instruction in reversed(instructions):
        over = tuple(dict.fromkeys(source for source in instruction.sources if source not in seen))
        seen.update(over)
        freed.append(over)
    return freed[::-1]


def reads(instructions: Sequence[Instruction]) -> Counter[int]:
    """How often each register is read."""
    return Counter(source for instruction in instructions for source in instruction.sources)


class _Lowering:
    def __init__(self) -> None:
        self.program = Program()
        self.registers = 1
        self.in_exit = False

    def emit(
        self,
        what: Part | str,
        sources: tuple[int, ...],
        path: str,
        shape: Shape,
        fit: Shape | None = None,
        drop_path: float = 0.0,
    ) -> int:
        target = self.registers
        self.registers += 1
        made = Instruction(what, sources, target, path, shape, fit, self.in_exit, drop_path)
        self.program.instructions.append(made)
        return target

    def chain(self, network: Chain, register: int, shape: Shape, fit: Shape | None, path: str) -> tuple[int, ...]:
        """Lower a chain; the registers it leaves are several where it ends in a fork."""
        left: tuple[int, ...] = (register,)
        for name, part in zip(part_names(network.parts), network.parts, strict=True):
            left = self.part(part, left[0], shape, fit, below(path, name))
            shape = flow(part, shape, fit).shape
        return left

    def part(self, part: Part, register: int, shape: Shape, fit: Shape | None, path: str) -> tuple[int, ...]:
        match part:
            case Branches(branches=branches, join=join, drop_path=drop_path):
                reading = [(branch, shape, register) for branch in branches]
                return (self.joined(reading, join, path, "branch", drop_path),)
            case Fork(branches=branches):
                return tuple(
                    left
                    for i, branch in enumerate(branches, 1)
                    for left in self.chain(branch, register, shape, fit, below(path, f"branch{i}"))
                )
            case Graph():
                count = len(part.inputs)
                return (self.graph(part, [register] * count, [shape] * count, path),)
            case Cells(cells=cells):
                return (self.cells(cells, register, shape, path),)
            case Exit(head=head, weight=weight):
                outer, self.in_exit = self.in_exit, True
                (logits,) = self.chain(head, register, shape, None, path)
                self.in_exit = outer
                self.program.exits.append((logits, weight))
                return (register,)
            case _:
                if isinstance(part, Shortcut) and fit == shape:
                    return (register,)
                return (self.emit(part, (register,), path, shape, fit),)

    def joined(
        self, branches: list[tuple[Chain, Shape, int]], join: str, path: str, word: str, drop_path: float = 0.0
    ) -> int:
        fit = fit_shape([(branch, shape) for branch, shape, _ in branches], join, word)
        registers = tuple(
            left
            for i, (branch, shape, register) in enumerate(branches, 1)
            for left in self.chain(branch, register, shape, fit, below(path, f"{word}{i}"))
        )
        if len(registers) == 1:
            return registers[0]
        return self.emit(join, registers, path, branches[0][1], drop_path=drop_path)

    def graph(self, part: Graph, registers: list[int], shapes: list[Shape], path: str) -> int:
        shapes, registers = list(shapes), list(registers)
        for i, step in enumerate(part.steps, 1):
            reading = [(edge.part, shapes[edge.source], registers[edge.source]) for edge in step.edges]
            registers.append(self.joined(reading, step.join, below(path, f"step{i}"), "edge"))
            shapes.append(step_flow(step, shapes).shape)
        unread = tuple(registers[j] for j in graph_outputs(part))
        return self.emit("concat", unread, path, shapes[0]) if len(unread) > 1 else unread[0]

    def cells(self, cells: tuple[Chain, ...], register: int, shape: Shape, path: str) -> int:
        registers, shapes = [register], [shape]
        for i, cell in enumerate(cells, 1):
            left, there = registers[-1], below(path, f"cell{i}")
            shape = shapes[-1]
            for name, part, made in zip(part_names(cell.parts), cell.parts, cell_flow(cell, shapes), strict=True):
                if part is cell.parts[0] and isinstance(part, Graph):
                    reading = [max(0, len(registers) - back) for back in cell_inputs(cell)]
                    inputs = [registers[j] for j in reading]
                    left = self.graph(part, inputs, [shapes[j] for j in reading], below(there, name))
                else:
                    (left,) = self.part(part, left, shape, None, below(there, name))
                shape = made.shape
            registers.append(left)
            shapes.append(shape)
        return registers[-1]
