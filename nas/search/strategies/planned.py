"""Samplers that decide a whole trial before its first parameter is asked for."""

import random
from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from nas.search.objectives import losses
from nas.search.strategies.draft import Plan
from nas.search.strategies.origin import Origin


class PlanningSampler(BaseSampler):
    """Answers what it is asked by the plan that a subclass makes for each trial.

    A plan is a function of the seed and of the trials that have values: a study that is loaded again goes on as it
    would have. Parameters are categorical or integers; the objective may ask for other ones in every trial.

    Args:
        seed: Of every choice.
        control: Share of trials that are plain random search, to compare with.
    """

    def __init__(self, *, seed: int, control: float = 0.0) -> None:
        self._seed, self._control = seed, control
        self._plans: dict[int, tuple[Plan, random.Random]] = {}
        self._asked: Counter[int] = Counter()
        """How many trials were planned after so many had values."""

    @abstractmethod
    def plan(self, study: optuna.Study, trial: FrozenTrial, rng: random.Random) -> Plan | None:
        """What to try; None for whatever chance brings."""

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Plan the trial."""
        known = len(finished(study))
        rng = random.Random(f"{self._seed} {known} {self._asked[known]}")
        self._asked[known] += 1
        if rng.random() < self._control:
            plan = Plan({}, origin=Origin("control"))
        else:
            plan = self.plan(study, trial, rng) or Plan({})
        self._plans[trial.number] = (plan, rng)

    def origin(self, number: int) -> Origin:
        """Where a trial comes from that was asked for and has not ended."""
        return self._plans[number][0].origin

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """The planned value of a parameter, or a random one."""
        plan, rng = self._plans[trial.number]
        return plan.value(param_name, param_distribution, rng)

    def after_trial(
        self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Forget the plan."""
        self._plans.pop(trial.number, None)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Nothing: every parameter is answered by itself, when it is asked for."""
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing."""
        return {}

    def reseed_rng(self) -> None:
        """Go on from a seed that the system draws: processes that share a study are to choose differently."""
        self._seed = random.SystemRandom().randrange(2**31)


def finished(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that have values, by number."""
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def lost(study: optuna.Study, trial: FrozenTrial) -> tuple[float, ...]:
    """The values of a trial, turned so that less is better."""
    return losses(trial.values, (direction.name.lower() for direction in study.directions))
