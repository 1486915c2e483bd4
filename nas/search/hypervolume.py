"""The hypervolume of a front: how much it dominates, up to a reference that nothing useful exceeds. Less is better."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Losses = Sequence[float]
Floats = NDArray[np.float64]


def hypervolume(points: Sequence[Losses], reference: Losses) -> float:
    """The volume of what some point dominates and the reference does not exceed.

    Args:
        points: Of any number of objectives; what lies beyond the reference counts for nothing.
        reference: One number for each objective.
    """
    within = [tuple(p) for p in points if all(a < r for a, r in zip(p, reference, strict=True))]
    if not within:
        return 0.0
    if len(reference) == 1:
        return float(reference[0] - min(p[0] for p in within))
    if len(reference) == 2:
        return _area(within, reference)
    # Slices along the last objective: between two neighbours the points up to there dominate one area.
    within.sort(key=lambda p: p[-1])
    ends = [*(p[-1] for p in within[1:]), reference[-1]]
    return sum(
        (end - point[-1]) * hypervolume([p[:-1] for p in within[: i + 1]], reference[:-1])
        for i, (point, end) in enumerate(zip(within, ends, strict=True))
        if end > point[-1]
    )


def _area(within: Sequence[tuple[float, ...]], reference: Losses) -> float:
    """From left to right each point that is lower than all before adds a rectangle."""
    area, roof = 0.0, reference[1]
    for x, y in sorted(within):
        if y < roof:
            area += (reference[0] - x) * (roof - y)
            roof = y
    return area


def gains(front: Sequence[Losses], reference: Losses, candidates: Floats) -> Floats:
    """What each candidate alone would add to the hypervolume of a front.

    Args:
        front: Points that do not dominate each other.
        reference: As in `hypervolume`.
        candidates: Losses, (n, objectives).

    Returns:
        (n,), nowhere below zero.
    """
    if len(reference) == 1:
        return np.maximum(0.0, min((reference[0], *(p[0] for p in front))) - candidates[:, 0])
    if len(reference) == 2:
        return _gains_of_two(front, reference, candidates)
    before = hypervolume(front, reference)
    return np.array([hypervolume([*front, tuple(c)], reference) - before for c in candidates])


def _gains_of_two(front: Sequence[Losses], reference: Losses, candidates: Floats) -> Floats:
    """The front is a staircase: on each of its steps a candidate adds a rectangle."""
    stairs = sorted((p[0], p[1]) for p in front if p[0] < reference[0] and p[1] < reference[1])
    left = [-np.inf, *(x for x, _ in stairs)]
    right = [*(x for x, _ in stairs), reference[0]]
    height = [reference[1], *(y for _, y in stairs)]
    x, y = candidates[:, 0], candidates[:, 1]
    total = np.zeros(len(candidates))
    for begin, end, roof in zip(left, right, height, strict=True):
        total += np.maximum(0.0, end - np.maximum(x, begin)) * np.maximum(0.0, roof - y)
    return total
