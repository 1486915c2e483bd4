"""Local search on a front: the next network is a member of the front with one decision changed."""

import math
import random
from collections.abc import Sequence
from itertools import pairwise

import optuna
from optuna.trial import FrozenTrial

from nas.search.objectives import front
from nas.search.strategies.draft import Plan, mutated
from nas.search.strategies.planned import PlanningSampler, finished, lost


class LocalSearch(PlanningSampler):
    """One-edit children of the front, mostly of the members beside its widest gaps."""

    def plan(self, study: optuna.Study, trial: FrozenTrial, rng: random.Random) -> Plan | None:
        """A child of the front; anything as long as nothing has values."""
        members = front(finished(study), lambda done: lost(study, done))
        if not members:
            return None
        (parent,) = rng.choices(members, weights=room_around([lost(study, member) for member in members]))
        return mutated(parent.params, parent.distributions, rng, parents=(parent.number,))


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
