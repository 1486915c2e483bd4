"""How far measures of untrained networks rank them as training does, among networks of about equal MACs."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nas.runs.trial import Trial


@dataclass(frozen=True)
class Agreement:
    """Kendall's tau-b of a measure and the accuracy, over pairs of networks in the same bin of log MACs.

    Args:
        tau: From -1 to 1: 0 where the measure says nothing that MACs do not say.
        chance: Two standard deviations of it where the measure says nothing.
        networks: How many were compared with at least one other.
        pairs: How many.
    """

    tau: float
    chance: float
    networks: int
    pairs: int


def agreements(trials: Iterable[Trial]) -> dict[str, Agreement]:
    """The agreement of each measure with the accuracy of the trials that reached their end, and that of plain counts.

    Measures of which no two networks of a bin can be compared are left out; without any measure there is nothing.
    """
    measured = [
        trial for trial in trials if trial.state == "complete" and trial.measures and trial.accuracy is not None
    ]
    names = sorted({name for trial in measured for name in trial.measures})
    found = {}
    for name in [*names, *(("params", "macs") if names else ())]:
        rows = [
            (trial.macs, float(value), trial.accuracy or 0.0)
            for trial in measured
            if (value := {**trial.measures, "params": trial.params, "macs": trial.macs}.get(name)) is not None
        ]
        if made := agreement(rows):
            found[name] = made
    return found


def agreement(rows: Iterable[tuple[int, float, float]]) -> Agreement | None:
    """The agreement of (MACs, measure, accuracy) of networks; None where no two can be compared.

    A bin is an octave: no network has twice the MACs of another.
    """
    bins: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for macs, measure, accuracy in rows:
        bins[max(1, macs).bit_length()].append((measure, accuracy))
    several = [members for members in bins.values() if len(members) > 1]
    agreed, by_measure, by_accuracy = (
        np.sum([_compared(members) for members in several], axis=0) if several else (0,) * 3
    )
    if not by_measure or not by_accuracy:
        return None
    sizes = [len(members) for members in several]
    pairs = sum(n * (n - 1) // 2 for n in sizes)
    variance = sum(n * (n - 1) * (2 * n + 5) / 18 for n in sizes)
    return Agreement(
        float(agreed / math.sqrt(by_measure * by_accuracy)), 2 * math.sqrt(variance) / pairs, sum(sizes), pairs
    )


def _compared(members: Sequence[tuple[float, float]]) -> tuple[int, int, int]:
    """Pairs that agree less those that do not; pairs that differ in the first number, and in the second."""
    table = np.array(members)
    agreed = first = second = 0
    for i, row in enumerate(table[:-1]):
        signs = np.sign(table[i + 1 :] - row)
        agreed += int((signs[:, 0] * signs[:, 1]).sum())
        first, second = first + int(np.abs(signs[:, 0]).sum()), second + int(np.abs(signs[:, 1]).sum())
    return agreed, first, second
