"""How the front grew with the budget: its hypervolume after each trial, of all trials and of the random control."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nas.runs import Trial
from nas.search.hypervolume import hypervolume

FEWEST = 3
"""Trained networks of the control below which nothing can be compared."""


@dataclass(frozen=True)
class Growth:
    """A hypervolume that grows: after so much was spent on these trials, so much of the rectangle is dominated.

    Args:
        spent: Device seconds, or trials.
        share: 0..1, of the rectangle of `frame`.
        trained: How many of the trials were trained to their end.
    """

    spent: tuple[float, ...]
    share: tuple[float, ...]
    trained: int

    def at(self, spent: float) -> float:
        """The share after so much was spent."""
        return max((share for at, share in zip(self.spent, self.share, strict=True) if at <= spent), default=0.0)


@dataclass(frozen=True)
class Frame:
    """The rectangle that is filled: from the least to the largest MACs, by their logarithm, and errors likewise."""

    low: tuple[float, float]
    high: tuple[float, float]

    def share(self, points: Sequence[tuple[float, float]]) -> float:
        """What of the rectangle the points dominate."""
        area = math.prod(b - a for a, b in zip(self.low, self.high, strict=True))
        return hypervolume(points, self.high) / area


def frame(trials: Iterable[Trial]) -> Frame | None:
    """The rectangle of trained networks; None where it has no area."""
    points = [point(trial) for trial in trials]
    if not points:
        return None
    low, high = (tuple(map(edge, zip(*points, strict=True))) for edge in (min, max))
    made = Frame((low[0], low[1]), (high[0], high[1]))
    return made if low[0] < high[0] and low[1] < high[1] else None


def point(trial: Trial) -> tuple[float, float]:
    """Logarithm of the MACs, and the error."""
    return math.log10(max(1, trial.macs)), 1.0 - (trial.accuracy or 0.0)


def growth(trials: Iterable[Trial], within: Frame, *, in_seconds: bool) -> Growth:
    """The growth of these trials, in the order of their numbers.

    Args:
        trials: Those that failed or were stopped are spent too.
        within: The rectangle.
        in_seconds: Whether device seconds are spent, or trials.
    """
    points: list[tuple[float, float]] = []
    at, spent, share = 0.0, [0.0], [0.0]
    for trial in trials:
        at += trial.seconds if in_seconds else 1
        if trial.state == "complete" and trial.accuracy is not None:
            points.append(point(trial))
        spent.append(at)
        share.append(within.share(points))
    return Growth(tuple(spent), tuple(share), len(points))
