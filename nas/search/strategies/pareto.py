"""Pareto mutation: the next network is a member of the front with one decision changed."""

import math
import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from nas.arch.holes import log_uniform
from nas.search.objectives import front, losses


class ParetoSampler(BaseSampler):
    """Proposes one-edit children of the front, mostly of the members beside its widest gaps.

    It knows no space, only what trials were asked and what they answered, so it serves any define-by-run objective
    with categorical and integer parameters. Of a child's parameters one is changed; one that is newly asked for takes
    over the value of its namesake under the label that was left (`block=a.width` for `block=b.width`), else a random
    one.

    Args:
        seed: Of every choice.
        control: Share of proposals that are plain random search, to compare with.
    """

    def __init__(self, *, seed: int, control: float = 0.1) -> None:
        self._rng = random.Random(seed)
        self._control = control
        self._plans: dict[int, _Plan] = {}

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Plan the trial."""
        done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if not done or self._rng.random() < self._control:
            return
        members = front(done, lambda t: losses(t.values, (d.name.lower() for d in study.directions)))
        points = [losses(t.values, (d.name.lower() for d in study.directions)) for t in members]
        (parent,) = self._rng.choices(members, weights=room_around(points))
        free = sorted(name for name, offered in parent.distributions.items() if len(options(offered)) > 1)
        if free:
            name = self._rng.choice(free)
            while (option := draw(parent.distributions[name], self._rng)) == parent.params[name]:
                pass
            self._plans[trial.number] = _Plan(parent.params, name, option)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """The planned value of a parameter, or a random one."""
        offered = options(param_distribution)
        plan = self._plans.get(trial.number)
        inherited = [value for value in (plan.values(param_name) if plan else ()) if value in offered]
        return inherited[0] if inherited else draw(param_distribution, self._rng)

    def after_trial(
        self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Forget the plan."""
        self._plans.pop(trial.number, None)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Nothing: every parameter is sampled by itself, when it is asked for."""
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing."""
        return {}

    def reseed_rng(self) -> None:
        """Go on from a seed that the system draws."""
        self._rng.seed()


class _Plan:
    """A parent's parameters with one changed."""

    def __init__(self, parent: dict[str, Any], name: str, option: Any) -> None:
        self._parent, self._name, self._option = parent, name, option

    def values(self, asked: str) -> list[Any]:
        """What a parameter could take over, best first."""
        if asked == self._name:
            return [self._option]
        opened, left = f"{self._name}={self._option}.", f"{self._name}={self._parent[self._name]}."
        return [self._parent[name] for name in (asked, asked.replace(opened, left, 1)) if name in self._parent]


def options(offered: BaseDistribution) -> Sequence[Any]:
    """What a parameter offers.

    Raises:
        TypeError: the parameter is a float, of which there is no list.
    """
    match offered:
        case CategoricalDistribution(choices=choices):
            return choices
        case IntDistribution(low=low, high=high, step=step):
            return range(low, high + 1, step)
        case _:
            raise TypeError(f"ParetoSampler takes categorical and integer parameters, got {offered}")


def draw(offered: BaseDistribution, rng: random.Random) -> Any:
    """A random option of a parameter, evenly by its logarithm where it says so."""
    if isinstance(offered, IntDistribution) and offered.log:
        return log_uniform(offered.low, offered.high, rng)
    return rng.choice(options(offered))


def room_around(points: Sequence[Sequence[float]]) -> list[float]:
    """For each member of a front the width of the gaps beside it, all objectives alike; the ends count theirs twice.

    An objective whose values are all above zero or all below is measured by its logarithm: twice the MACs is as far at
    one million as at a hundred. Accuracies lie so close together that it makes no difference to them.
    """
    if len(points) == 1:
        return [1.0]
    room = [0.0] * len(points)
    for values in zip(*points, strict=True):
        scaled = [math.log(abs(v)) for v in values] if min(values) > 0 or max(values) < 0 else list(values)
        order = sorted(range(len(scaled)), key=scaled.__getitem__)
        extent = scaled[order[-1]] - scaled[order[0]] or 1.0
        gaps = [(scaled[b] - scaled[a]) / extent for a, b in pairwise(order)]
        for i, before, after in zip(order, [gaps[0], *gaps], [*gaps, gaps[-1]], strict=True):
            room[i] += before + after
    return room if any(room) else [1.0] * len(points)
