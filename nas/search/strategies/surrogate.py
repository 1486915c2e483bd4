"""What trees, grown on the networks trained so far, expect of a network: a mean and how far the trees disagree."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.feature_extraction import DictVectorizer

Floats = NDArray[np.float64]
Traits = Mapping[str, float]

_TREES = 40
_BAD = 0.75
"""Losses above this quantile count as that: how bad a bad network is says nothing about the good ones."""


class Surrogate:
    """Extremely randomized trees (Geurts et al. 2006) from traits to one loss.

    Args:
        traits: Of the networks trained.
        losses: Of the same; less is better.
        seed: Of the trees.
    """

    def __init__(self, traits: Sequence[Traits], losses: Sequence[float], *, seed: int) -> None:
        self._names = DictVectorizer(sparse=False, dtype=np.float32)
        rows = self._names.fit_transform(traits)
        wanted = np.minimum(losses, np.quantile(losses, _BAD))
        self._trees = ExtraTreesRegressor(_TREES, max_features=0.5, random_state=seed, n_jobs=1).fit(rows, wanted)

    def expect(self, traits: Sequence[Traits]) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the trees' answers, (n,) each."""
        rows = self._names.transform(traits)
        answers = np.stack([tree.tree_.predict(rows)[:, 0] for tree in self._trees.estimators_])
        return answers.mean(axis=0), answers.std(axis=0)
