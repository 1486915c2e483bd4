"""What is known of networks before they are trained: exact costs, traits, and which of them are the same."""

import random
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from optuna.distributions import BaseDistribution

from nas.search.strategies.draft import Draft, Parameters, Plan
from nas.search.strategies.origin import CHANCE, Origin
from nas.search.strategies.surrogate import Traits


@dataclass(frozen=True)
class Look:
    """What is known of a network before it is trained.

    Args:
        key: Equal for equal networks.
        losses: One for each objective, less is better; None where only training tells. Empty where nothing is known.
        traits: Numbers that a surrogate may learn from.
        price: Of its training, in any unit; 1 where nothing is known.
    """

    key: Hashable
    losses: tuple[float | None, ...]
    traits: Traits
    price: float = 1.0


LookAt = Callable[[Any], Look | None]
"""From a trial, or what answers like one, to what is known of its network; None where it is not to be trained."""


@dataclass(frozen=True)
class Known:
    """A network with its parameters: one that was trained, or a candidate.

    Args:
        params: What was decided.
        distributions: What each parameter offered.
        look: What is known before training.
        losses: Of one that was trained; less is better.
        origin: Of a candidate.
        number: Of the trial; None for a candidate.
    """

    params: Parameters
    distributions: Mapping[str, BaseDistribution]
    look: Look
    losses: tuple[float, ...] = ()
    origin: Origin = CHANCE
    number: int | None = None

    @property
    def trials(self) -> tuple[int, ...]:
        """Those that a child of it comes from: itself, or for a candidate its own parents."""
        return self.origin.parents if self.number is None else (self.number,)


class Sight:
    """Looks at networks, and remembers those it saw.

    Args:
        look: What is known of a network; None where nothing is but its parameters.
    """

    def __init__(self, look: LookAt | None = None) -> None:
        self._look = look
        self._recorded: dict[frozenset[tuple[str, Any]], Known | None] = {}

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
