"""Whose weights a child begins with: those of the parent that differs least from it, of the parents that have some."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nas.arch.cost import Shape
from nas.arch.diff import diff
from nas.arch.nodes import Network
from nas.arch.text import parse, text
from nas.errors import NasError
from nas.lower import NetworkModule
from nas.lower.inherit import inherit
from nas.runs.folder import training, weights
from nas.search.limits import Candidate
from nas.train import checkpoint
from nas.weights.files import read


@dataclass(frozen=True)
class Relative:
    """A trial whose weights lie in the run: the number of it, and the canonical text of its network."""

    number: int
    network: str


class Relatives:
    """The trials with weights: those that are at their end, and those that have come to the end of a rung."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, Network]] = {}

    def know(self, number: int, candidate: Candidate) -> None:
        """A trial has weights."""
        self._known[candidate.fingerprint] = number, candidate.network

    def forget(self, candidate: Candidate) -> None:
        """A trial has none any more: it failed or was stopped."""
        self._known.pop(candidate.fingerprint, None)

    def nearest(self, child: Network, parents: Sequence[str]) -> Relative | None:
        """Of parents, given by fingerprint, the one with the fewest edits to the child; None where none has weights."""
        known = [self._known[parent] for parent in parents if parent in self._known]
        if not known:
            return None
        number, network = min(known, key=lambda one: (len(diff(one[1], child)), one[0]))
        return Relative(number, text(network))


def inherited(module: NetworkModule, network: Network, relative: Relative, *, checkpoints: Path, input: Shape) -> str:
    """Give a new module what it can have of a relative's weights, and say what that was.

    Weights that are absent or damaged leave it as it is.

    Args:
        module: In place.
        network: Of the module.
        relative: Whose weights.
        checkpoints: The folder of weights, and of trainings under way.
        input: Shape of an image.
    """
    file = weights(checkpoints, relative.number)
    if not file.is_file():  # It is under way, or rests.
        file = training(checkpoints, relative.number) / checkpoint.NAME
    try:
        parent = parse(relative.network)
        told = inherit(module, network, parent=parent, weights=read(file), input=input)
    except NasError as error:
        return f"from scratch, not from trial {relative.number}: {error.rule}"
    return f"inherited from trial {relative.number}: {told}"
