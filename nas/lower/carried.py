"""Which channels of a network's registers carry what of another's, as one program is gone through beside the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm, prod

import torch
from torch import Tensor

from nas.arch.cost import Shape, flow, join_shape
from nas.arch.nodes import (
    Act,
    Chunk,
    Conv,
    Dropout,
    DropPath,
    Flatten,
    GlobalPool,
    LocalResponseNorm,
    Norm,
    Pool,
    Ratio,
    Scale,
    Shift,
    Shuffle,
    Subsample,
)
from nas.arch.twins import Twins
from nas.lower.program import Instruction, Program
from nas.lower.remap import NEW, by_place

Homogeneous = Dropout | DropPath | Scale | Pool | GlobalPool | Shift
"""Does the same to each channel, and to twice its input what it does to the input, doubled."""

Channelwise = Norm | Act | LocalResponseNorm | Subsample | Homogeneous
"""Leaves each channel what it is."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a register of the child's carries: for each channel which one of the parent's register, or `NEW`."""

    register: int
    index: Tensor


class Knowledge:
    """What is known of the child's registers so far, and which instruction of the parent's is whose twin.

    Args:
        child: The program that is gone through.
        parent: The other one.
        found: Which parts are whose.
        input: Shape of an image.
    """

    def __init__(self, child: Program, parent: Program, found: Twins, input: Shape) -> None:
        self._found = found
        self._steps = {step.path: step for step in parent.instructions}
        self.shapes, self.their_shapes = _shapes(child, input), _shapes(parent, input)
        self.carried: dict[int, Carried] = {0: Carried(0, torch.arange(input[0]))}
        """By register of the child's; a register that new parts write has no entry."""
        self.grains = self._grains(child)
        """In how many groups each register is read by convolutions with as many groups as the parent's: where channels
        are added, each group gets its share."""

    def twin(self, step: Instruction) -> Instruction | None:
        """The instruction of the parent that does the same kind of thing in the same place."""
        found = self._steps.get(self._found.of.get(step.path, ""))
        if found is None or type(found.what) is not type(step.what):
            return None
        return found if not isinstance(found.what, str) or found.what == step.what else None

    def width(self, carried: Carried) -> int:
        """The channels of the parent's register."""
        return self.their_shapes[carried.register][0]

    def read(self, step: Instruction, twin: Instruction) -> Tensor:
        """As which of the twin's inputs an instruction's come in; by their places, where nothing is known of them."""
        carried = self.carried.get(step.sources[0])
        if carried is not None and self.width(carried) == twin.shape[0]:
            return carried.index
        return by_place(step.shape[0], twin.shape[0])

    def moved(self, step: Instruction, twin: Instruction, before: Tensor) -> Tensor:
        """The index after a part without weights, where `before` is that of what it reads."""
        count, their_count = self.shapes[step.target][0], self.their_shapes[twin.target][0]
        match step.what, twin.what:
            case Flatten(), _ if step.shape[1:] == twin.shape[1:]:
                area = prod(twin.shape[1:])
                spread = before.unsqueeze(1) * area + torch.arange(area)
                return torch.where(before.unsqueeze(1) >= 0, spread, NEW).flatten()
            case Shuffle(groups=groups), Shuffle(groups=their_groups):
                places = torch.argsort(shuffled(twin.shape[0], their_groups))
                index = before[shuffled(len(before), groups)]
                return torch.where(index >= 0, places[index.clamp(0)], NEW)
            case Chunk(index=part), Chunk(index=their_part):
                index = before[part * count : (part + 1) * count] - their_part * their_count
                return torch.where((index >= 0) & (index < their_count), index, NEW)
            case what, _ if isinstance(what, Channelwise):
                return before
            case _:
                return by_place(count, their_count)

    def joined(self, step: Instruction) -> Carried | None:
        """What a join of operands carries, of some of which something is known."""
        twin = self.twin(step)
        operands = [self.carried.get(source) for source in step.sources]
        known = [carried for carried in operands if carried is not None]
        if step.what == "concat":
            if twin is not None:
                return Carried(twin.target, self._concatenated(step, twin, operands))
            if len(known) > 1:
                return None
            indices = [None if carried is None else carried.index for carried in operands]
            return Carried(known[0].register, torch.cat(self._or_new(step, indices)))
        if twin is not None and self.their_shapes[twin.target][0] == self.width(known[0]):
            return Carried(twin.target, known[0].index)
        return known[0]

    def _concatenated(self, step: Instruction, twin: Instruction, operands: Sequence[Carried | None]) -> Tensor:
        """An operand is the parent's that has the register it carries; others are in order, if as many are left."""
        widths = [self.shapes[source][0] for source in step.sources]
        their_widths = [self.their_shapes[source][0] for source in twin.sources]
        left = list(range(len(their_widths)))
        places: dict[int, int] = {}
        for i, carried in enumerate(operands):
            same = next((j for j in left if carried is not None and twin.sources[j] == carried.register), None)
            if same is not None:
                places[i] = same
                left.remove(same)
        others = [i for i in range(len(widths)) if i not in places]
        if len(others) == len(left):
            places |= zip(others, left, strict=True)
        indices: list[Tensor | None] = [None] * len(widths)
        for i, j in places.items():
            carried = operands[i]
            fits = carried is not None and self.width(carried) == their_widths[j]
            index = carried.index if carried is not None and fits else by_place(widths[i], their_widths[j])
            indices[i] = torch.where(index >= 0, index + sum(their_widths[:j]), NEW)
        return torch.cat(self._or_new(step, indices))

    def _or_new(self, step: Instruction, indices: Sequence[Tensor | None]) -> list[Tensor]:
        return [
            torch.full((self.shapes[source][0],), NEW) if index is None else index
            for source, index in zip(step.sources, indices, strict=True)
        ]

    def _grains(self, child: Program) -> dict[int, int]:
        grains: dict[int, int] = {}
        for step in reversed(child.instructions):
            grain = self._grain(step, grains.get(step.target, 1))
            for source in step.sources:
                grains[source] = lcm(grains.get(source, 1), grain)
        return grains

    def _grain(self, step: Instruction, after: int) -> int:
        twin = self.twin(step)
        match step.what:
            case Conv() if twin is not None and isinstance(twin.what, Conv):
                counts = step.shape[0], twin.shape[0]
                groups = groups_of(step.what, counts[0]), groups_of(twin.what, counts[1])
                return after if groups == counts else groups[0] if groups[0] == groups[1] else 1
            case "add" | "mean" | "multiply":
                return after
            case what:
                return after if isinstance(what, Channelwise) else 1


def groups_of(conv: Conv, channels: int) -> int:
    """The groups of a convolution that reads so many channels."""
    return conv.groups.of(channels) if isinstance(conv.groups, Ratio) else conv.groups


def shuffled(channels: int, groups: int) -> Tensor:
    """For each channel after a shuffle which one it was before."""
    return torch.arange(channels).reshape(groups, -1).T.flatten()


def _shapes(program: Program, input: Shape) -> dict[int, Shape]:
    """Of what each register holds."""
    shapes: dict[int, Shape] = {0: input}
    for step in program.instructions:
        if isinstance(step.what, str):
            shapes[step.target] = join_shape([shapes[source] for source in step.sources], step.what)
        else:
            shapes[step.target] = flow(step.what, step.shape, step.fit).shape
    return shapes
