"""What a Gaussian process, fitted to the networks trained so far, expects of a network: a mean and how sure it is."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, solve_triangular

Floats = NDArray[np.float64]
Traits = Mapping[str, float]

_BAD = 0.75
"""Losses above this quantile count as that: how bad a bad network is says nothing about the good ones."""

_LENGTHS = (0.4, 0.7, 1.0, 1.5, 2.2, 3.5, 6.0)
_NOISES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
_MOST = 400
"""The best and the latest so many networks are fitted: the time grows with the cube of their number."""

_MOST_SEEN = 1000
"""Traits of so many at most are compared, again of the best and the latest."""


class Surrogate:
    """A Gaussian process with a Matérn 5/2 kernel on the traits; scale and noise are those of highest likelihood.

    Losses are stretched towards the best one by a logarithm, so that differences between good networks count.

    Args:
        traits: Of the networks trained.
        losses: Of the same; less is better.
        among: Traits of networks that will be asked about; how far networks lie apart is measured on all.
    """

    def __init__(self, traits: Sequence[Traits], losses: Floats, *, among: Iterable[Traits] = ()) -> None:
        seen = _chosen(losses, _MOST_SEEN)
        chosen = _chosen(losses[seen], _MOST)
        told = [traits[i] for i in seen]
        self._names = {name: i for i, name in enumerate(sorted({name for row in told for name in row}))}
        rows = self._table(told)
        self._scale = float(np.sqrt(np.concatenate([rows, self._table(list(among))]).var(axis=0).sum())) or 1.0
        self._rows = rows[chosen] / self._scale
        self._warp = _Warp(losses)
        wanted = self._warp(losses[seen][chosen])
        self._middle, self._size = float(wanted.mean()), float(wanted.std()) or 1.0
        self._fit((wanted - self._middle) / self._size)

    def expect(self, traits: Sequence[Traits]) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the stretched losses, (n,) each; `losses` turns them back."""
        near = _matern(_distances(self._table(traits) / self._scale, self._rows) / self._length)
        solved = solve_triangular(self._root, near.T, lower=True, check_finite=False)
        spread = np.sqrt(np.maximum(1e-9, 1 - (solved**2).sum(axis=0)) * self._variance)
        return self._middle + self._size * (near @ self._weights), self._size * spread

    def losses(self, stretched: Floats) -> Floats:
        """Losses, of what `expect` returned."""
        return self._warp.back(stretched)

    def _table(self, traits: Sequence[Traits]) -> Floats:
        table = np.zeros((len(traits), len(self._names)))
        for row, trait in zip(table, traits, strict=True):
            for name, value in trait.items():
                if name in self._names:
                    row[self._names[name]] = value
        made: Floats = np.sign(table) * np.log1p(np.abs(table))
        return made

    def _fit(self, wanted: Floats) -> None:
        apart, best = _distances(self._rows, self._rows), -np.inf
        for length in _LENGTHS:
            kernel = _matern(apart / length)
            for noise in _NOISES:
                root = np.linalg.cholesky(kernel + noise * np.eye(len(wanted)))
                weights = cho_solve((root, True), wanted, check_finite=False)
                variance = max(1e-12, float(wanted @ weights) / len(wanted))
                likelihood = -0.5 * len(wanted) * np.log(variance) - np.log(np.diag(root)).sum()
                if likelihood > best:
                    best = likelihood
                    self._length, self._root, self._weights, self._variance = length, root, weights, variance


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


def _distances(a: Floats, b: Floats) -> Floats:
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * a @ b.T
    made: Floats = np.sqrt(np.maximum(0.0, squares))
    return made


def _matern(r: Floats) -> Floats:
    made: Floats = (1 + np.sqrt(5) * r + 5 * r**2 / 3) * np.exp(-np.sqrt(5) * r)
    return made
