"""What to train next: what the strategy asks for, less what is known, outside of the limits, or does not fit."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from nas.arch.realize import Point, sample
from nas.search.limits import Candidate, Terms, UnfitError
from nas.search.objectives import Objective
from nas.search.strategies import Strategy

_ASKS = 50
_DRAWS = 2000
_WITHIN_LIMITS = 100


@dataclass(frozen=True)
class Proposal:
    """A network to train, and what Optuna was asked for it."""

    candidate: Candidate
    asked: FrozenTrial


class Proposer:
    """Asks a strategy for networks that are worth training.

    The strategy's Optuna study is one in memory: it holds also what was asked for and never trained, so that the study
    on disk holds trained networks alone, each once. A network that was trained before is not trained again: the
    strategy is told its values at once, as if it had been, and is asked again.

    Args:
        terms: What is searched.
        strategy: Chooses.
        objectives: What it is told of.
        start: Points to begin with, before the strategy is asked.
        seed: Of every choice.
    """

    def __init__(
        self,
        terms: Terms,
        strategy: Strategy,
        objectives: Sequence[Objective],
        *,
        start: Iterable[Point] = (),
        seed: int,
    ) -> None:
        self._terms = terms
        self._rng = random.Random(seed)
        self._study = optuna.create_study(
            directions=[objective.direction for objective in objectives], sampler=strategy.sampler(seed)
        )
        self._known: dict[str, Sequence[float] | None] = {}
        self.exhausted = False
        """Whether no network was new of those that the last call came across."""
        for point in start:
            self._study.enqueue_trial(_parameters(point))

    def propose(self, fits: Callable[[Candidate], bool]) -> Proposal | None:
        """The next network, or None where none is found that is new and `fits`.

        The strategy is asked fifty times. Where it only repeats itself, or cannot keep to the limits, random points are
        drawn.
        """
        self.exhausted = True
        for _ in range(_ASKS):
            if proposal := self._ask(fits):
                return proposal
        for point, candidate in islice(self._drawn(), _WITHIN_LIMITS):
            if self._is_new(candidate) and fits(candidate):
                self._study.enqueue_trial(_parameters(point))
                return self._ask(fits)
        return None

    def tell(self, proposal: Proposal, values: Sequence[float] | None) -> None:
        """Let the strategy know how a proposal did; None where it has no values."""
        self._known[proposal.candidate.fingerprint] = values
        self._close(proposal.asked.number, values)

    def _drawn(self) -> Iterator[tuple[Point, Candidate]]:
        """Random points within the limits, as far as 2,000 draws meet any."""
        for _ in range(_DRAWS):
            point = sample(self._terms.space, self._rng)
            with suppress(UnfitError):
                yield point, self._terms.candidate(point)

    def _is_new(self, candidate: Candidate) -> bool:
        new = candidate.fingerprint not in self._known
        self.exhausted = self.exhausted and not new
        return new

    def _ask(self, fits: Callable[[Candidate], bool]) -> Proposal | None:
        trial = self._study.ask()
        try:
            candidate = self._terms.candidate(trial)
        except UnfitError:
            self._close(trial.number, None)
            return None
        if not self._is_new(candidate):
            self._close(trial.number, self._known[candidate.fingerprint])
            return None
        if not fits(candidate):
            self._close(trial.number, None)
            return None
        self._known[candidate.fingerprint] = None
        return Proposal(candidate, self._study.get_trials(deepcopy=False)[trial.number])

    def _close(self, number: int, values: Sequence[float] | None) -> None:
        if values is None:
            self._study.tell(number, state=TrialState.FAIL)
        else:
            self._study.tell(number, list(values))


def _parameters(point: Point) -> dict[str, Any]:
    """A point as Optuna holds it: what is not a plain value, by its text."""
    return {name: v if isinstance(v, bool | int | float | str) else repr(v) for name, v in point.items()}
