"""How many trials share a GPU where nobody says it: as many as its memory has room for."""

from collections.abc import Iterable

from nas.arch.cost import Shape
from nas.search.limits import Candidate
from nas.train.memory import training_bytes

MOST_IN_ONE = 8
"""Small trainings share a GPU's time too, and what more of them are worth was not measured; nor was this on a GPU."""

_AROUND = 2**30
"""Bytes that a process holds beside its tensors: CUDA itself, kernels and workspaces. Reckoned, not measured."""

_MARGIN = 1.25
"""A search finds larger networks than it begins with, and memory falls to pieces."""


def packed(candidates: Iterable[Candidate], input: Shape, *, batch: int, room: int, most: int = MOST_IN_ONE) -> float:
    """The share of a GPU that a trial holds, one over a whole number.

    Args:
        candidates: What may be trained; the one that writes most activations counts.
        input: Shape of an image.
        batch: Images in a step.
        room: Bytes of memory of the GPU.
        most: Trials in a GPU, however small they are.
    """
    largest = max(candidates, key=lambda candidate: candidate.cost.activations)
    takes = _MARGIN * training_bytes(largest.network, input, batch=batch) + _AROUND
    return 1 / max(1, min(most, MOST_IN_ONE, int(room / takes)))
