"""The trained networks of a run: accuracy with its uncertainty, cost, and which of them are the front."""

import math
from collections import defaultdict
from dataclasses import dataclass, replace

from analysis.report.record import Record
from nas.runs import Trial
from nas.search.objectives import front

_Z = 1.959964
"""Standard deviations on each side of the middle that hold 95 % of a normal distribution."""


@dataclass(frozen=True)
class Trained:
    """A network with all its trainings that came to their end.

    Args:
        trial: The first of them.
        accuracy: The mean of them, 0..1.
        low: Lower end of the error bar; None where nothing is known of it.
        high: Upper end of the error bar.
        seeds: How many trainings there are.
        on_front: Whether no other network has at least its accuracy for at most its MACs, and one of both strictly.
    """

    trial: Trial
    accuracy: float
    low: float | None
    high: float | None
    seeds: int
    on_front: bool

    @property
    def number(self) -> int:
        """Of its first trial."""
        return self.trial.number


def networks(record: Record) -> list[Trained]:
    """The trained networks, cheapest first.

    The error bar of a network trained several times spans the lowest and highest accuracy; that of one trained once is
    the 95 % interval of a share that was counted on so many validation images, and knows nothing of other seeds.
    """
    trainings: dict[str, list[Trial]] = defaultdict(list)
    for trial in record.complete:
        trainings[trial.fingerprint].append(trial)
    made = [_trained(trials, record.validated) for trials in trainings.values()]
    best = {one.number for one in front(made, lambda one: (one.trial.macs, -one.accuracy))}
    found = [replace(one, on_front=one.number in best) for one in made]
    return sorted(found, key=lambda one: (one.trial.macs, one.number))


def _trained(trials: list[Trial], validated: int | None) -> Trained:
    values = [trial.accuracy or 0.0 for trial in trials]
    mean = sum(values) / len(values)
    if len(values) > 1:
        low, high = min(values), max(values)
    elif validated:
        low, high = wilson(mean, validated)
    else:
        return Trained(trials[0], mean, None, None, 1, False)
    return Trained(trials[0], mean, low, high, len(values), False)


def wilson(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share that was seen in `count` draws: Wilson 1927, doi:10.1080/01621459.1927.10502953."""
    middle = (share + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    half = _Z / (1 + _Z**2 / count) * math.sqrt(share * (1 - share) / count + (_Z / (2 * count)) ** 2)
    return max(0.0, middle - half), min(1.0, middle + half)
