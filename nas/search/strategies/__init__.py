"""Strategies by name. Each is an Optuna sampler, so ours and Optuna's own are interchangeable."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from nas.errors import NameUnknownError
from nas.search.strategies.pareto import ParetoSampler


@dataclass(frozen=True)
class Strategy:
    """A way to choose the next network.

    Args:
        name: What a person calls it.
        about: What it does, in a line.
        sampler: Makes the Optuna sampler, from a seed.
        spread: Whether the first networks are not asked of the sampler but spread over the range of MACs.
    """

    name: str
    about: str
    sampler: Callable[[int], BaseSampler]
    spread: bool = False


def strategy(name: str) -> Strategy:
    """The strategy of that name.

    Raises:
        NameUnknownError: there is none.
    """
    if name not in STRATEGIES:
        near = get_close_matches(name.lower(), STRATEGIES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(STRATEGIES)}"
        raise NameUnknownError(f"no strategy is called {name!r}", path="--strategy", hint=hint)
    return STRATEGIES[name]


def _tpe(seed: int) -> BaseSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return TPESampler(seed=seed, multivariate=True, group=True, constant_liar=True)


class _NSGA2(NSGAIISampler):
    """Optuna's NSGA-II, made a function of its study.

    Optuna sorts parents one way when it first selects them, and another when it reads them from its cache.
    """

    def select_parent(self, study: Study, generation: int) -> list[FrozenTrial]:
        """The parents by number."""
        return sorted(super().select_parent(study, generation), key=lambda trial: trial.number)


def _nsga2(seed: int) -> BaseSampler:
    # A population of Optuna's default of 50 has its first children after the last trial of a small budget.
    return _NSGA2(seed=seed, population_size=20)


STRATEGIES: dict[str, Strategy] = {
    made.name: made
    for made in (
        Strategy("pareto", "children of the front, one edit away", lambda seed: ParetoSampler(seed=seed), spread=True),
        Strategy("random", "every hole at random", lambda seed: RandomSampler(seed=seed)),
        Strategy("tpe", "Optuna's tree-structured Parzen estimator", _tpe),
        Strategy("nsga2", "Optuna's NSGA-II", _nsga2),
    )
}
