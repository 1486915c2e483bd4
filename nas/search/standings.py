"""Which of the networks that were trained several times are the front, and which may be."""

from collections.abc import Iterable, Sequence
from math import sqrt
from statistics import fmean
from typing import Literal

from nas.runs.repeats import Repeated
from nas.search.objectives import Objective, front, losses

Standing = Literal["front", "tie", ""]
"""A tie is beaten by others, but by less than may be chance."""

MARKS: dict[Standing, str] = {"front": "*", "tie": "~", "": ""}
"""The same in a table."""

_SURE = 2.0
"""Standard errors of a difference."""


def standings(networks: Sequence[Repeated], costs: Sequence[tuple[float, ...]]) -> list[Standing]:
    """Where each network stands: on the front of its mean and its costs, tied with it, or beaten.

    The noise of a training is taken from all networks together, since that of three seeds is itself noise. With one
    seed each nothing is known of it, and there are no ties.

    Args:
        networks: Of one run.
        costs: Of each; less is better.
    """
    best = front(range(len(networks)), lambda i: (*costs[i], -networks[i].mean))
    noise = _noise(networks)

    def standing(i: int) -> Standing:
        if i in best:
            return "front"
        cheaper = [j for j in best if all(a <= b for a, b in zip(costs[j], costs[i], strict=True))]
        return "tie" if all(_margin(networks[i], networks[j], noise) < 0 for j in cheaper) else ""

    return [standing(i) for i in range(len(networks))]


def costs_of(network: Repeated, goals: Sequence[Objective]) -> tuple[float, ...]:
    """What a network costs by the objectives of its run: all but accuracy, less being better."""
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
