"""What a Gaussian process, fitted to the networks trained so far, expects of a network: a mean and how sure it is."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from nas.search.gaussian import Floats, GaussianProcess, Traits

_BAD = 0.75
"""Losses above this quantile count as that: how bad a bad network is says nothing about the good ones."""

_MOST = 400
"""The best and the latest so many networks are fitted: the time grows with the cube of their number."""


class Surrogate:
    """A Gaussian process on losses stretched towards the best one by a logarithm: there differences count most.

    Args:
        traits: Of the networks trained.
        losses: Of the same; less is better.
        among: Traits of networks that will be asked about; how far networks lie apart is measured on all.
    """

    def __init__(self, traits: Sequence[Traits], losses: Floats, *, among: Iterable[Traits] = ()) -> None:
        chosen = _chosen(losses, _MOST)
        self._warp = _Warp(losses)
        self._process = GaussianProcess([traits[i] for i in chosen], self._warp(losses[chosen]), among=among)

    def expect(self, traits: Sequence[Traits]) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the stretched losses, (n,) each; `losses` turns them back."""
        return self._process.expect(traits)

    def losses(self, stretched: Floats) -> Floats:
        """Losses, of what `expect` returned."""
        return self._warp.back(stretched)


class _Warp:
    """Losses, their distance from the best on a scale that is linear near it and logarithmic far off."""

    def __init__(self, losses: Floats) -> None:
        self._best = float(losses.min())
        self._unit = float(np.median(losses) - self._best) or 1.0
        self._worst = float(np.quantile(losses, _BAD))

    def __call__(self, losses: Floats) -> Floats:
        made: Floats = np.log1p((np.minimum(losses, self._worst) - self._best) / self._unit)
        return made

    def back(self, stretched: Floats) -> Floats:
        made: Floats = self._best + self._unit * np.expm1(stretched)
        return made


def _chosen(losses: Floats, most: int) -> NDArray[np.int64]:
    """Which are the best and the latest, `most` in all."""
    if len(losses) <= most:
        return np.arange(len(losses))
    best = np.argsort(losses, kind="stable")[: most // 2]
    latest = np.arange(len(losses) - most // 2, len(losses))
    return np.union1d(best, latest)
