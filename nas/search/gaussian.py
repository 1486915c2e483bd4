"""A Gaussian process on what networks are made of."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, solve_triangular

Floats = NDArray[np.float64]
Traits = Mapping[str, float]

_LENGTHS = (0.4, 0.7, 1.0, 1.5, 2.2, 3.5, 6.0)
_NOISES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


class GaussianProcess:
    """With a Matérn 5/2 kernel on the traits, around a mean; length, scale and noise are those of highest likelihood.

    Args:
        traits: Of some networks.
        values: A number of each, (n,).
        among: Traits of networks that will be asked about; how far networks lie apart is measured on all.
        noises: Variances of the noise that are tried, in those of what the process explains.
    """

    def __init__(
        self,
        traits: Sequence[Traits],
        values: Floats,
        *,
        among: Iterable[Traits] = (),
        noises: Sequence[float] = _NOISES,
    ) -> None:
        self._names = {name: i for i, name in enumerate(sorted({name for row in traits for name in row}))}
        rows = self._table(traits)
        self._scale = float(np.sqrt(np.concatenate([rows, self._table(list(among))]).var(axis=0).sum())) or 1.0
        self._rows = rows / self._scale
        self._mean, self._size = float(values.mean()), float(values.std()) or 1.0
        self._fit((values - self._mean) / self._size, noises)

    def expect(self, traits: Sequence[Traits]) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the number of each, without noise, (n,) each."""
        near = _matern(_distances(self._table(traits) / self._scale, self._rows) / self._length)
        solved = solve_triangular(self._root, near.T, lower=True, check_finite=False)
        spread = np.sqrt(np.maximum(1e-9, 1 - (solved**2).sum(axis=0)) * self._variance)
        return self._mean + self._size * (near @ self._weights), self._size * spread

    def _table(self, traits: Sequence[Traits]) -> Floats:
        table = np.zeros((len(traits), len(self._names)))
        for row, trait in zip(table, traits, strict=True):
            for name, value in trait.items():
                if name in self._names:
                    row[self._names[name]] = value
        made: Floats = np.sign(table) * np.log1p(np.abs(table))
        return made

    def _fit(self, wanted: Floats, noises: Sequence[float]) -> None:
        apart, best = _distances(self._rows, self._rows), -np.inf
        for length in _LENGTHS:
            kernel = _matern(apart / length)
            for noise in noises:
                root = np.linalg.cholesky(kernel + noise * np.eye(len(wanted)))
                weights = cho_solve((root, True), wanted, check_finite=False)
                variance = max(1e-12, float(wanted @ weights) / len(wanted))
                likelihood = -0.5 * len(wanted) * np.log(variance) - np.log(np.diag(root)).sum()
                if likelihood > best:
                    best = likelihood
                    self._length, self._root, self._weights, self._variance = length, root, weights, variance


def _distances(a: Floats, b: Floats) -> Floats:
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * a @ b.T
    made: Floats = np.sqrt(np.maximum(0.0, squares))
    return made


def _matern(r: Floats) -> Floats:
    made: Floats = (1 + np.sqrt(5) * r + 5 * r**2 / 3) * np.exp(-np.sqrt(5) * r)
    return made
