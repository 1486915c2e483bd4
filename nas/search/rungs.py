"""Rungs: all trials train a little, and those go on that are expected to widen the front at their end.

A trial rests at the end of a rung until it is its turn. How far its error will fall is expected by how far the errors
of those fell that went on; so trials at different rungs are compared by what they will be, and small networks with
large ones by the hypervolume that each would add. To go on by accuracy alone would leave no small networks.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nas.search.gaussian import Floats, GaussianProcess, Traits
from nas.search.hypervolume import gains
from nas.search.objectives import front

Losses = Callable[[float], Sequence[float]]
"""From the validation accuracy of a network to its losses: one for each objective, less is better."""

_LEAST_ERROR = 1e-4
_DOUBT, _DOUBT_COUNTS = 0.15, 4
"""Standard deviation of a change of the log error that counts as if it had been seen so often."""

_RIDGE = 4.0

_FEWEST, _MOST = 3, 200
"""How many trials that went on tell what networks alike have in common: no fewer, and of more the latest."""

_NOISES = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Variances of what no trait explains, in those of what traits explain."""

_SIGMAS = tuple(i / 2 for i in range(-4, 5))


@dataclass
class _Climber:
    """A trial at a rung or on its way to another.

    Args:
        macs: Of its network.
        traits: Of its network.
        losses: Of its network.
        errors: The logarithm of its error at the end of each rung so far.
        state: Waits for its turn, is on its way or at its end, or takes part no longer.
    """

    macs: int
    traits: Traits
    losses: Losses
    errors: list[float] = field(default_factory=list)
    state: Literal["rests", "climbs", "left"] = "climbs"


class Rungs:
    """Which trial goes on, and what is expected of those that rest.

    Of those that reach a rung, so large a share goes on that all rungs take the same time. All answers are functions of
    what was told of each trial, in whatever order.

    Args:
        lengths: What each rung takes, in any unit; the last one's end is that of a training.
    """

    def __init__(self, lengths: Sequence[float]) -> None:
        self.shares = tuple(shorter / longer for shorter, longer in pairwise(lengths))
        self._climbers: dict[int, _Climber] = {}
        self._learned: _Expected | None = None

    @property
    def last(self) -> int:
        """The number of the last rung, from 0."""
        return len(self.shares)

    def reached(self, number: int) -> int:
        """How many rungs a trial has reached the end of."""
        return len(self._climbers[number].errors) if number in self._climbers else 0

    def reach(self, number: int, accuracy: float, *, macs: int, traits: Traits, losses: Losses) -> None:
        """A trial has reached the end of its next rung, and rests there unless it is the last one."""
        climber = self._climbers.setdefault(number, _Climber(macs, traits, losses))
        climber.errors.append(_log_error(accuracy))
        climber.state = "rests" if len(climber.errors) <= self.last else "climbs"
        if len(climber.errors) > 1:
            self._learned = None

    def go_on(self, number: int) -> None:
        """A trial that rests is on its way to the next rung."""
        self._climbers[number].state = "climbs"

    def leave(self, number: int) -> None:
        """A trial has failed or was stopped: it takes part no longer, but what it showed is not forgotten."""
        if number in self._climbers:
            self._climbers[number].state = "left"

    def resting(self) -> list[int]:
        """The trials that wait for their turn, by number."""
        return sorted(number for number, climber in self._climbers.items() if climber.state == "rests")

    def due(self) -> int | None:
        """The trial whose turn it is; None where every rung has sent on its share."""
        for rung in reversed(range(self.last)):
            reached = [climber for climber in self._climbers.values() if len(climber.errors) > rung]
            sent = sum(len(climber.errors) > rung + 1 or climber.state != "rests" for climber in reached)
            if sent + 1 <= self.shares[rung] * len(reached):
                resting = [n for n in self.resting() if len(self._climbers[n].errors) == rung + 1]
                if resting:
                    return self.best(resting)
        return None

    def best(self, resting: Sequence[int]) -> int:
        """Of trials that rest, the one that is expected to add most to the front."""
        asked = [self._climbers[number] for number in resting]
        others = [climber for _, climber in sorted(self._climbers.items()) if climber.state == "climbs"]
        return resting[int(np.argmax(_worth(self._expected, asked, others, self.last)))]

    def expected(self) -> dict[int, float]:
        """The accuracy that each trial that rests would have at the end."""
        resting = self.resting()
        if not resting:
            return {}
        means, _ = self._expected.at_end([self._climbers[number] for number in resting], self.last)
        return {number: _accuracy(mean) for number, mean in zip(resting, means, strict=True)}

    def promising(self) -> list[int]:
        """The trials that rest and are expected on the front, by number."""
        if not self.resting():
            return []
        climbers = [(n, climber) for n, climber in sorted(self._climbers.items()) if climber.state != "left"]
        means, _ = self._expected.at_end([climber for _, climber in climbers], self.last)
        told = [(n, climber, _accuracy(mean)) for (n, climber), mean in zip(climbers, means, strict=True)]
        members = front(told, lambda one: one[1].losses(one[2]))
        return sorted(number for number, climber, _ in members if climber.state == "rests")

    @property
    def _expected(self) -> "_Expected":
        if self._learned is None:
            self._learned = _Expected(self._climbers)
        return self._learned


class _Expected:
    """How log errors change from rung to rung, learned from the trials that went on."""

    def __init__(self, climbers: dict[int, _Climber]) -> None:
        by_number = [climber for _, climber in sorted(climbers.items())]
        highest = max((len(climber.errors) for climber in by_number), default=0)
        self._changes = [
            _Change([c for c in by_number if len(c.errors) > rung + 1], rung) for rung in range(highest - 1)
        ]

    def at_end(self, climbers: Sequence[_Climber], last: int) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the log error of each at the end of the last rung."""
        errors = np.array([climber.errors[-1] for climber in climbers])
        variance = np.zeros(len(climbers))
        for rung in range(last):
            change = self._changes[rung] if rung < len(self._changes) else _Change([], rung)
            here = [i for i, climber in enumerate(climbers) if len(climber.errors) <= rung + 1]
            errors[here] += change.expected([climbers[i] for i in here], errors[here])
            variance[here] += change.variance
        return errors, np.sqrt(variance)


class _Change:
    """A mean, slopes over log error and log MACs that few trials leave flat, and what networks alike have besides.

    The slopes hold for networks unlike all that went on; what a Gaussian process on the traits adds, near those.
    """

    def __init__(self, climbers: Sequence[_Climber], rung: int) -> None:
        self._centre, self._scale = np.zeros(2), np.ones(2)
        self._mean, self._slopes = 0.0, np.zeros(2)
        self._besides: GaussianProcess | None = None
        residuals = np.zeros(0)
        if climbers:
            before = _features(climbers, np.array([climber.errors[rung] for climber in climbers]))
            changes = np.array([climber.errors[rung + 1] for climber in climbers]) - before[:, 0]
            self._mean, self._centre = float(changes.mean()), before.mean(axis=0)
            self._scale = np.maximum(before.std(axis=0), 1e-6)
            rows = (before - self._centre) / self._scale
            self._slopes = np.linalg.solve(rows.T @ rows + _RIDGE * np.eye(2), rows.T @ (changes - self._mean))
            residuals = changes - self._mean - rows @ self._slopes
        if len(climbers) >= _FEWEST:
            traits = [climber.traits for climber in climbers[-_MOST:]]
            self._besides = GaussianProcess(traits, residuals[-_MOST:], noises=_NOISES)
        self.variance = float(((residuals**2).sum() + _DOUBT_COUNTS * _DOUBT**2) / (len(residuals) + _DOUBT_COUNTS))

    def expected(self, climbers: Sequence[_Climber], errors: Floats) -> Floats:
        """Of trials that have these log errors before it."""
        rows = (_features(climbers, errors) - self._centre) / self._scale
        made: Floats = self._mean + rows @ self._slopes
        if self._besides and climbers:
            made += self._besides.expect([climber.traits for climber in climbers])[0]
        return made


def _features(climbers: Sequence[_Climber], errors: Floats) -> NDArray[Any]:
    """Log error and log MACs of each, (n, 2)."""
    return np.stack([errors, np.log([climber.macs for climber in climbers])], axis=1)


def _worth(expected: _Expected, asked: Sequence[_Climber], others: Sequence[_Climber], last: int) -> Floats:
    """The hypervolume that each is expected to add to the front of those that are at their end or on their way."""
    means, spreads = expected.at_end(asked, last)
    known, _ = expected.at_end(others, last)

    def points(climbers: Sequence[_Climber], errors: Floats) -> list[tuple[float, ...]]:
        told = zip(climbers, errors, strict=True)
        return [tuple(climber.losses(_accuracy(error))) for climber, error in told]

    before, after = points(others, known), np.array(points(asked, means))
    tried = np.stack([np.array(points(asked, means + sigmas * spreads)) for sigmas in _SIGMAS])
    logged = np.all(np.array([*before, *after, *tried.reshape(-1, tried.shape[-1])]) > 0, axis=0)
    best = front([_scaled(np.array(point), logged) for point in before], list)
    after, tried = _scaled(after, logged), _scaled(tried, logged)
    everything = np.array([*best, *after])
    reference = list(everything.max(axis=0) + 0.1 * np.maximum(np.ptp(everything, axis=0), 1e-9))
    worth = np.zeros(len(asked))
    for sigmas, losses in zip(_SIGMAS, tried, strict=True):
        worth += np.exp(-(sigmas**2) / 2) * gains([tuple(point) for point in best], reference, losses)
    return worth


def _scaled(points: Floats, logged: Any) -> Floats:
    """Costs by their logarithm: twice the MACs is as far everywhere."""
    made = points.astype(np.float64)
    made[..., logged] = np.log(made[..., logged])
    return made


def _accuracy(log_error: float) -> float:
    return 1 - math.exp(min(0.0, log_error))


def _log_error(accuracy: float) -> float:
    return float(np.log(max(1 - accuracy, _LEAST_ERROR)))
