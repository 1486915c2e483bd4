"""What is known of a network before and after it is trained."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from optuna.distributions import BaseDistribution

from nas.search.gaussian import Traits
from nas.search.strategies.draft import Parameters
from nas.search.strategies.origin import CHANCE, Origin


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
