"""How long a network will train, learned from those that were measured."""

from itertools import combinations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FORWARD_SHARE = 1 / 3
"""Of a training step: what an image costs that is only looked at."""

_REMEMBERED = 500

Features = NDArray[np.float64]


class Costs(Protocol):
    """What says how long a network trains: its cost, or the trial that it is of."""

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one image."""

    @property
    def activations(self) -> int:
        """Elements written by convolutions and linear layers."""

    @property
    def params(self) -> int:
        """Learned numbers."""


class Forecast:
    """Seconds per image as a sum of a constant, MACs, activations and parameters, none of them weighing less than zero.

    MACs alone misjudge depthwise networks by a factor of two. The fit is one of least relative errors over every choice
    of terms, so that few measurements make a simple one.
    """

    def __init__(self) -> None:
        self._rows: list[tuple[Features, float]] = []
        self._weights: Features | None = None
        self._measured: dict[tuple[float, ...], float] = {}
        """Seconds per image, as each network took last."""

    def learn(self, cost: Costs, *, images: float, seconds: float) -> None:
        """Take in a measurement: so many training images in so many seconds."""
        features = _features(cost)
        self._rows = [*self._rows, (features, seconds / images)][-_REMEMBERED:]
        self._weights = None
        self._measured[tuple(features)] = seconds / images

    def seconds(self, cost: Costs, *, images: float) -> float | None:
        """For so many training images; None before the first measurement.

        Of networks that cost the same in everything, what was measured of one is what is forecast of the other.
        """
        features = _features(cost)
        if (measured := self._measured.get(tuple(features))) is not None:
            return measured * images
        if not self._rows:
            return None
        if self._weights is None:
            self._weights = _fitted(np.array([row for row, _ in self._rows]), np.array([s for _, s in self._rows]))
        return float(self._weights @ features) * images


def images_seen(trained: int, validated: int) -> float:
    """Training images that cost as much as so many trained on and so many looked at."""
    return trained + FORWARD_SHARE * validated


def _features(cost: Costs) -> Features:
    return np.array([cost.macs, 1.0, cost.activations, cost.params], dtype=np.float64)


def _fitted(rows: Features, seconds: Features) -> Features:
    """The weights that are nowhere below zero, of the choice of terms with the least relative error."""
    relative = rows / seconds[:, None]
    scale = relative.max(axis=0)
    scale[scale == 0] = 1.0
    best, least = np.zeros(rows.shape[1]), np.inf
    for size in range(1, min(len(rows), rows.shape[1]) + 1):
        for terms in combinations(range(rows.shape[1]), size):
            chosen = relative[:, terms] / scale[list(terms)]
            weights = np.linalg.lstsq(chosen, np.ones(len(rows)), rcond=None)[0]
            error = float(((chosen @ weights - 1) ** 2).sum())
            if (weights >= 0).all() and error < least * (1 - 1e-9) - 1e-12:
                best, least = np.zeros(rows.shape[1]), error
                best[list(terms)] = weights / scale[list(terms)]
    return best
