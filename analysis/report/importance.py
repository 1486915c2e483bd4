"""Which decisions mattered: what share of the variance of the error goes with what was decided for a hole.

The share is eta squared, the variance between groups of networks over the variance of all. Chance gives a hole some of
it too, more where it has more options: so it is set against what the same groups get of shuffled networks. Its interval
is by the jackknife, leaving out each network in turn.

The same of what is left of the error once a straight line in the logarithm of the MACs is taken off tells decisions
that made networks better from those that made them larger. Neither proves a cause: a strategy decides much at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nas.runs import Trial

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

FEWEST = 12
"""Trained networks below which nothing is said."""

_GROUP = 2
"""An option that fewer networks took says nothing of its own."""
_ROUNDS = 400
_SURE = 0.95
_Z = 1.959964
"""Standard deviations on each side of the middle that hold 95 % of a normal distribution."""


@dataclass(frozen=True)
class Importance:
    """How much one decision goes with.

    Args:
        hole: Its full name.
        options: How many of its options were compared.
        networks: How many networks decided it so.
        share: Of the variance of the logarithm of the error, 0..1.
        low: Lower end of the 95 % interval.
        high: Upper end of the 95 % interval.
        chance: What 95 of 100 shuffled assignments stay below.
        at_equal_macs: The share of what the MACs do not explain.
        chance_at_equal_macs: What 95 of 100 shuffled assignments stay below.
    """

    hole: str
    options: int
    networks: int
    share: float
    low: float
    high: float
    chance: float
    at_equal_macs: float
    chance_at_equal_macs: float

    @property
    def stands_out(self) -> bool:
        """Whether one of the shares is larger than chance makes it, but once in twenty holes."""
        return self.share > self.chance or self.at_equal_macs > self.chance_at_equal_macs


def importance(trials: Sequence[Trial], *, validated: int | None = None, seed: int = 0) -> list[Importance]:
    """The decisions of trained networks, by what they go with above chance; none of fewer than `FEWEST` networks.

    Args:
        trials: Trained to their end.
        validated: Validation images, which say how small an error can be told from none.
        seed: Of the shuffles.
    """
    if len(trials) < FEWEST:
        return []
    least = 0.5 / (validated or 10_000)
    errors = np.log([max(least, 1.0 - (trial.accuracy or 0.0)) for trial in trials])
    beyond = _off_a_line(np.log([max(1, trial.macs) for trial in trials]), errors)
    found: list[Importance] = []
    for hole in sorted({hole for trial in trials for hole in trial.point}):
        rows, codes = _groups(trials, hole)
        if len(rows) >= FEWEST and codes.max() > 0:
            rng = np.random.default_rng((seed, len(found)))
            found.append(_importance(hole, codes, errors[rows], beyond[rows], rng))
    return sorted(found, key=lambda one: -max(one.share - one.chance, one.at_equal_macs - one.chance_at_equal_macs))


def eta_squared(codes: Codes, values: Floats) -> Floats:
    """The share of variance that lies between groups.

    Args:
        codes: The group of each network, (n,), from 0.
        values: (n, rounds).

    Returns:
        (rounds,), 0..1; zero where nothing varies.
    """
    member = np.eye(codes.max() + 1)[codes]
    counts = member.sum(axis=0)[:, None]
    centred = values - values.mean(axis=0)
    means = member.T @ centred / np.maximum(1, counts)
    whole = (centred**2).sum(axis=0)
    between = (counts * means**2).sum(axis=0)
    shares: Floats = np.divide(between, whole, out=np.zeros_like(whole), where=whole > 1e-12)
    return shares


def _importance(hole: str, codes: Codes, errors: Floats, beyond: Floats, rng: np.random.Generator) -> Importance:
    n = len(codes)
    shuffled = rng.permuted(np.tile(np.arange(n)[:, None], _ROUNDS), axis=0)
    share = float(eta_squared(codes, errors[:, None])[0])
    without = [float(eta_squared(np.delete(codes, i), np.delete(errors, i)[:, None])[0]) for i in range(n)]
    half = _Z * float(np.sqrt((n - 1) * np.var(without)))
    return Importance(
        hole=hole,
        options=int(codes.max()) + 1,
        networks=n,
        share=share,
        low=max(0.0, share - half),
        high=min(1.0, share + half),
        chance=float(np.quantile(eta_squared(codes, errors[shuffled]), _SURE)),
        at_equal_macs=float(eta_squared(codes, beyond[:, None])[0]),
        chance_at_equal_macs=float(np.quantile(eta_squared(codes, beyond[shuffled]), _SURE)),
    )


def _groups(trials: Sequence[Trial], hole: str) -> tuple[Codes, Codes]:
    """Of the networks that decided a hole as others did too: their rows, and their groups."""
    options: dict[str, list[int]] = {}
    for row, trial in enumerate(trials):
        if hole in trial.point:
            options.setdefault(repr(trial.point[hole]), []).append(row)
    kept = sorted((rows for rows in options.values() if len(rows) >= _GROUP), key=lambda rows: rows[0])
    rows = np.array([row for group in kept for row in group], dtype=np.int64)
    codes = np.array([code for code, group in enumerate(kept) for _ in group], dtype=np.int64)
    return rows, codes


def _off_a_line(x: Floats, y: Floats) -> Floats:
    """What of y a straight line in x leaves."""
    centred = x - x.mean()
    spread = float(centred @ centred)
    slope = float(centred @ (y - y.mean())) / spread if spread > 1e-12 else 0.0
    left: Floats = y - y.mean() - slope * centred
    return left
