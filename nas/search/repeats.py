"""Networks that were trained several times: mean and spread on the test split, and the front of the means."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev
from typing import Literal

from nas.runs.trial import Trial
from nas.search.objectives import Objective, front, losses

Standing = Literal["front", "tie", ""]
"""A tie is beaten by others, but by less than may be chance."""

_SURE = 2.0
"""Standard errors of a difference."""


@dataclass(frozen=True)
class Repeated:
    """A network with the trainings of it that reached their end.

    Args:
        name: What it is called.
        trials: One or more, of different seeds.
    """

    name: str
    trials: tuple[Trial, ...]

    @property
    def macs(self) -> int:
        """Of the network."""
        return self.trials[0].macs

    @property
    def params(self) -> int:
        """Of the network."""
        return self.trials[0].params

    @property
    def fingerprint(self) -> str:
        """Of the network."""
        return self.trials[0].fingerprint

    @property
    def network(self) -> str:
        """Its canonical text."""
        return self.trials[0].network

    @property
    def tests(self) -> tuple[float, ...]:
        """Share of the test split that each training gets right, 0..1."""
        return tuple(trial.test for trial in self.trials if trial.test is not None)

    @property
    def mean(self) -> float:
        """Of the shares."""
        return fmean(self.tests)

    @property
    def spread(self) -> float | None:
        """Standard deviation of the shares over seeds; None of one training."""
        return stdev(self.tests) if len(self.tests) > 1 else None


def repeated(trials: Iterable[Trial]) -> list[Repeated]:
    """The networks of trials that were scored on the test split, the cheapest first."""
    of: dict[str, list[Trial]] = {}
    for trial in trials:
        if trial.state == "complete" and trial.test is not None:
            of.setdefault(trial.name, []).append(trial)
    return sorted((Repeated(name, tuple(own)) for name, own in of.items()), key=lambda r: (r.macs, -r.mean, r.name))


def standings(networks: Sequence[Repeated], goals: Sequence[Objective]) -> list[Standing]:
    """Where each network stands: on the front of its mean and its costs, tied with it, or beaten.

    The noise of a training is taken from all networks together, since that of three seeds is itself noise. With one
    seed each nothing is known of it, and there are no ties.

    Args:
        networks: Of one run.
        goals: What the trials were judged by; for accuracy, the mean on the test split stands here.
    """
    costs = [_costs(network, goals) for network in networks]
    best = front(range(len(networks)), lambda i: (*costs[i], -networks[i].mean))
    noise = _noise(networks)

    def standing(i: int) -> Standing:
        if i in best:
            return "front"
        cheaper = [j for j in best if all(a <= b for a, b in zip(costs[j], costs[i], strict=True))]
        return "tie" if all(_margin(networks[i], networks[j], noise) < 0 for j in cheaper) else ""

    return [standing(i) for i in range(len(networks))]


def _costs(network: Repeated, goals: Sequence[Objective]) -> tuple[float, ...]:
    """Its losses, less that of accuracy."""
    found = losses(network.trials[0].values, [goal.direction for goal in goals])
    return tuple(loss for loss, goal in zip(found, goals, strict=True) if goal.name != "accuracy")


def _margin(network: Repeated, other: Repeated, noise: float) -> float:
    """By how much the other is better beyond what may be chance."""
    return other.mean - network.mean - _SURE * noise * sqrt(1 / len(other.tests) + 1 / len(network.tests))


def _noise(networks: Iterable[Repeated]) -> float:
    """Standard deviation of a training, over all networks that have more than one; 0 where none has."""
    several = [network.tests for network in networks if len(network.tests) > 1]
    squares = sum((test - fmean(tests)) ** 2 for tests in several for test in tests)
    return sqrt(squares / sum(len(tests) - 1 for tests in several)) if several else 0.0
