"""What strategies are told of a network of a search before it is trained."""

import math
from collections.abc import Sequence
from typing import Any

from nas.arch.cost import Cost
from nas.arch.traits import traits
from nas.search.limits import Terms, UnfitError
from nas.search.objectives import Objective, Seen, losses
from nas.search.strategies.known import Look, LookAt

_MACS_PER_ELEMENT = 170
_MACS_PER_IMAGE = 1_200_000
"""An element of an activation takes as long as so many MACs, and an image has something fixed.

Fitted to the 59 trainings of two searches in `residual` on one core: 155 and 183 MACs an element, 1.1 and 1.4 million
MACs an image, mean relative error 8 %.
"""


def looks(terms: Terms, objectives: Sequence[Objective]) -> LookAt:
    """A function from a trial to what is known of its network: exact costs, traits, how long it will take."""

    def look(trial: Any) -> Look | None:
        try:
            candidate = terms.candidate(trial)
        except UnfitError:
            return None
        seen = Seen(candidate.network, candidate.cost)
        values = [objective.value(seen) if objective.known == "exact" else math.nan for objective in objectives]
        exact = losses(values, (objective.direction for objective in objectives))
        return Look(
            candidate.network,
            tuple(None if math.isnan(loss) else loss for loss in exact),
            traits(candidate.network, candidate.cost),
            effort(candidate.cost),
        )

    return look


def effort(cost: Cost) -> float:
    """How long an image takes in training, in MACs.

    By the network's counts and not by the clock, so that a search is the same wherever it runs and however often.
    """
    return cost.macs + _MACS_PER_ELEMENT * cost.activations + _MACS_PER_IMAGE
