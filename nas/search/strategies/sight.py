"""Looks at networks before they are trained: exact costs, traits, and which of them are the same."""

import random
from collections.abc import Mapping
from typing import Any

from optuna.distributions import BaseDistribution

from nas.search.gaussian import Traits
from nas.search.strategies.archive import Archive
from nas.search.strategies.draft import Draft, Parameters, Plan
from nas.search.strategies.known import Known, Look, LookAt


class Sight:
    """Looks at networks, and remembers those it saw.

    Args:
        look: What is known of a network; None where nothing is but its parameters.
    """

    def __init__(self, look: LookAt | None = None) -> None:
        self._look = look
        self._recorded: dict[frozenset[tuple[str, Any]], Known | None] = {}
        self.archive = Archive(self.recorded)

    @property
    def is_blind(self) -> bool:
        """Whether nothing is known of a network but its parameters."""
        return self._look is None

    def recorded(self, params: Parameters, distributions: Mapping[str, BaseDistribution]) -> Known | None:
        """The network of a trial; None where it is not to be trained."""
        key = frozenset(params.items())
        if key not in self._recorded:
            self._recorded[key] = self.made(Plan(params), distributions, random.Random(0))
        return self._recorded[key]

    def made(self, plan: Plan, distributions: Mapping[str, BaseDistribution], rng: random.Random) -> Known | None:
        """What becomes of a plan, chance deciding what it leaves open.

        Args:
            plan: Values.
            distributions: What the parameters of its parent offer, for who cannot see which the network asks for.
            rng: Chance.
        """
        if self._look is None:
            params = {name: plan.value(name, offered, rng) for name, offered in sorted(distributions.items())}
            return Known(
                params, distributions, Look(frozenset(params.items()), (), _traits(params)), origin=plan.origin
            )
        draft = Draft(plan, rng)
        look = self._look(draft)
        return None if look is None else Known(draft.params, draft.distributions, look, origin=plan.origin)


def _traits(params: Parameters) -> Traits:
    """Numbers as they are, of everything else whether it was chosen."""
    return {
        name if isinstance(value, int | float) else f"{name}={value}": float(value)
        if isinstance(value, int | float)
        else 1.0
        for name, value in params.items()
    }
