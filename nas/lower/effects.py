"""New branches of joins made to have no effect yet: one of a sum ends in a zero, one of a product is constant."""

import torch

from nas.arch.nodes import Act, Conv, Linear, Norm, Shuffle
from nas.lower.carried import Homogeneous, Knowledge
from nas.lower.heritage import Heritage
from nas.lower.program import Instruction, Program, reads

_HALF_AT_ZERO = ("sigmoid", "hard_sigmoid")
_ZERO_AT_ZERO = ("tanh", "lecun_tanh", "silu", "gelu", "hard_swish")
"""Zero at zero, and there not flat, so that what leads to them can learn; a ReLU is flat."""


class Effects:
    """Changes what new branches end in, once the parts before a join have their weights."""

    def __init__(self, child: Program, knowledge: Knowledge, heritage: Heritage) -> None:
        self._writers = {step.target: step for step in child.instructions}
        self._readers = reads(child.instructions)
        self._knowledge, self._heritage = knowledge, heritage

    def remove(self, step: Instruction) -> None:
        """Make the new operands of a join have no effect, as far as they can."""
        carried = self._knowledge.carried
        signal = next(source for source in step.sources if source in carried)
        for source in step.sources:
            if source not in carried and step.what == "add":
                self._silence(source)
            elif source not in carried and step.what == "multiply":
                self._halve(source, signal)

    def _silence(self, register: int, readers: int = 1) -> bool:
        """Make what a register holds a zero that can grow, if it is new, and no others read it."""
        writer = self._writers.get(register)
        if writer is None or self._readers[register] > readers or self._knowledge.twin(writer) is not None:
            return False
        match writer.what:
            case Conv() | Linear() | Norm(scale=True):
                self._heritage.change(writer.path, torch.zeros_like)
                return True
            case Act(kind=kind) if kind not in _ZERO_AT_ZERO:
                return False
            case "multiply":
                return self._silence(writer.sources[0], readers=len(writer.sources))
            case Act() | Shuffle():
                return self._silence(writer.sources[0])
            case what:
                return isinstance(what, Homogeneous) and self._silence(writer.sources[0])

    def _halve(self, gate: int, signal: int) -> None:
        """Make a gate the constant 1/2 and double what it multiplies, if both can be.

        A gate that is 1 as good as exactly would be flat there, and never learn.
        """
        writer, doubled = self._writers.get(gate), self._growing(signal, readers=2)
        if doubled is None or writer is None:
            return
        if isinstance(writer.what, Act) and writer.what.kind in _HALF_AT_ZERO and self._silence(writer.sources[0]):
            self._heritage.change(doubled, lambda weight: 2 * weight)

    def _growing(self, register: int, readers: int = 1) -> str | None:
        """The path of what can make a register larger as a whole, where no others read it."""
        writer = self._writers.get(register)
        if writer is None or self._readers[register] > readers:
            return None
        match writer.what:
            case Conv() | Linear() | Norm(scale=True, shift=True):
                return writer.path
            case what:
                passes = isinstance(what, Homogeneous) or what == Act("relu")
                return self._growing(writer.sources[0]) if passes else None
