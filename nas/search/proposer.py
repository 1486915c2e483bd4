"""What to train next: what the strategy asks for, less what is known, outside of the limits, or does not fit."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Protocol

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState, create_trial

from nas.arch.realize import Point, sample
from nas.search.limits import Candidate, Terms, UnfitError
from nas.search.looks import looks
from nas.search.named import Located
from nas.search.objectives import Objective
from nas.search.retold import RetoldStorage
from nas.search.strategies import Strategy
from nas.search.strategies.origin import Kind, Origin
from nas.search.strategies.planned import PlanningSampler
from nas.search.strategies.sight import Sight
from nas.train.recipe import Recipe

_TO_SAMPLERS = {TrialState.PRUNED: TrialState.FAIL, TrialState.WAITING: TrialState.RUNNING}
"""Some take a pruned trial's last value for its end, and a waiting one would be asked for."""

_DRAWS = 2000
_WITHIN_LIMITS = 100


@dataclass(frozen=True)
class Proposal:
    """A network to train.

    Args:
        candidate: The network.
        asked: What Optuna was asked for it.
        seed: Of the training.
        name: What a person calls the network; empty where nobody named it.
        recipe: How it is trained; None for the recipe of all.
        origin: Where it comes from, see `nas.search.strategies.origin.Kind`; empty where nothing says.
        parents: Fingerprints of the networks it was made of.
    """

    candidate: Candidate
    asked: FrozenTrial
    seed: int
    name: str = ""
    recipe: Recipe | None = None
    origin: str = ""
    parents: tuple[str, ...] = ()

    def notes(self) -> dict[str, Any]:
        """What a record says of it beside the network."""
        told = {"name": self.name, "origin": self.origin, "parents": list(self.parents)}
        return {name: value for name, value in told.items() if value}


class Chooser(Protocol):
    """Says what to train next: a `Proposer`, or a `Roster`."""

    @property
    def exhausted(self) -> bool:
        """Whether the last proposal was None because nothing is left, fitting or not."""

    def propose(self, fits: Callable[[Candidate], bool]) -> Proposal | None:
        """The next network that `fits`; None where there is none."""

    def recall(self, recorded: FrozenTrial, candidate: Candidate) -> Proposal:
        """The proposal that a trial on record was; it counts as made."""

    def expect(self, proposal: Proposal, values: Sequence[float]) -> None:
        """Take note of how a proposal that rests would do."""

    def tell(self, proposal: Proposal, values: Sequence[float] | None) -> None:
        """Take note of how a proposal did; None where it has no values."""


class Proposer:
    """Asks a strategy for networks that are worth training.

    A proposal is a function of the seed and of the trials that were proposed before and what was told of them: each is
    asked of a new sampler, seeded for it. So a search goes on from its record as if it had never been killed.

    The strategy's Optuna study is one in memory: it holds also what was asked for and never trained, as trials that
    failed, of which strategies take no notice. So the study on disk holds trained networks alone, each once.

    Args:
        terms: What is searched.
        strategy: Chooses.
        objectives: What it is told of.
        start: Points to begin with, before the strategy is asked.
        named: Named networks to begin with, before those.
        seed: Of every choice, and of every training: all see the images in one order, so that what differs is the
            networks' own.
    """

    def __init__(
        self,
        terms: Terms,
        strategy: Strategy,
        objectives: Sequence[Objective],
        *,
        start: Iterable[Point] = (),
        named: Iterable[Located] = (),
        seed: int,
    ) -> None:
        self._terms, self._strategy, self._seed = terms, strategy, seed
        beginnings = [*((one.name, one.point) for one in named), *(("", point) for point in start)]
        self._start = [(name, point, terms.candidate(point)) for name, point in beginnings]
        self._sight = Sight(looks(terms, objectives))
        self._storage = RetoldStorage()
        self._study = optuna.create_study(
            directions=[objective.direction for objective in objectives], storage=self._storage
        )
        self._known: set[str] = set()
        self._fingerprints: dict[int, str] = {}
        """Of what was proposed, by its number in the study in memory."""
        self._refused: list[int] = []
        """Asked for in this proposal and not to be trained: left open meanwhile, so that TPE keeps away from them."""
        self.exhausted = False
        """Whether no network was new of those that the last call came across."""

    def propose(self, fits: Callable[[Candidate], bool]) -> Proposal | None:
        """The next network, or None where none is found that is new and `fits`.

        After the points to begin with, the strategy is asked some times. Where it only repeats itself, or cannot keep
        to the limits, random points are drawn.
        """
        self.exhausted = True
        proposal = self._found(fits)
        while self._refused:
            self._study.tell(self._refused.pop(), state=TrialState.FAIL)
        return proposal

    def recall(self, recorded: FrozenTrial, candidate: Candidate) -> Proposal:
        """The proposal that a trial on record was; it counts as made, and where the trial has ended as told."""
        self._known.add(candidate.fingerprint)
        self._study.add_trial(
            create_trial(
                state=_TO_SAMPLERS.get(recorded.state, recorded.state),
                values=recorded.values,
                params=recorded.params,
                distributions=recorded.distributions,
                system_attrs=recorded.system_attrs,
            )
        )
        recalled = self._study.get_trials(deepcopy=False)[-1]
        self._fingerprints[recalled.number] = candidate.fingerprint
        return Proposal(candidate, recalled, self._seed)

    def expect(self, proposal: Proposal, values: Sequence[float]) -> None:
        """Let the strategy take what is expected of a proposal for what it did, until it is told otherwise."""
        self._storage.retell(proposal.asked, values)

    def tell(self, proposal: Proposal, values: Sequence[float] | None) -> None:
        """Let the strategy know how a proposal did; None where it has no values."""
        self._storage.forget(proposal.asked.number)
        if values is None:
            self._study.tell(proposal.asked.number, state=TrialState.FAIL)
        else:
            self._study.tell(proposal.asked.number, list(values))

    def _found(self, fits: Callable[[Candidate], bool]) -> Proposal | None:
        seeds = np.random.SeedSequence((self._seed, len(self._known))).generate_state(2)
        self._study.sampler = self._strategy.sampler(int(seeds[0]), self._sight)
        for name, point, candidate in self._start:
            if self._is_new(candidate) and fits(candidate):
                return self._ask_for(point, fits, "named" if name else "start", name)
        for _ in range(self._strategy.asks):
            if proposal := self._ask(fits):
                return proposal
        for point, candidate in islice(self._drawn(random.Random(int(seeds[1]))), _WITHIN_LIMITS):
            if self._is_new(candidate) and fits(candidate):
                return self._ask_for(point, fits, "random")
        return None

    def _drawn(self, rng: random.Random) -> Iterator[tuple[Point, Candidate]]:
        """Random points within the limits, as far as 2,000 draws meet any."""
        for _ in range(_DRAWS):
            point = sample(self._terms.space, rng)
            with suppress(UnfitError):
                yield point, self._terms.candidate(point)

    def _is_new(self, candidate: Candidate) -> bool:
        new = candidate.fingerprint not in self._known
        self.exhausted = self.exhausted and not new
        return new

    def _ask_for(self, point: Point, fits: Callable[[Candidate], bool], kind: Kind, name: str = "") -> Proposal | None:
        self._study.enqueue_trial(_parameters(point))
        proposal = self._ask(fits, Origin(kind))
        return proposal and replace(proposal, name=name)

    def _ask(self, fits: Callable[[Candidate], bool], origin: Origin | None = None) -> Proposal | None:
        trial = self._study.ask()
        with suppress(UnfitError):
            candidate = self._terms.candidate(trial)
            if self._is_new(candidate) and fits(candidate):
                self._known.add(candidate.fingerprint)
                self._fingerprints[trial.number] = candidate.fingerprint
                return self._proposal(candidate, trial.number, origin)
        self._refused.append(trial.number)
        return None

    def _proposal(self, candidate: Candidate, number: int, origin: Origin | None) -> Proposal:
        asked, sampler = self._study.get_trials(deepcopy=False)[number], self._study.sampler
        if origin is None and isinstance(sampler, PlanningSampler):
            origin = sampler.origin(number)
        if origin is None:
            return Proposal(candidate, asked, self._seed)
        parents = dict.fromkeys(self._fingerprints[parent] for parent in origin.parents)
        return Proposal(candidate, asked, self._seed, origin=origin.kind, parents=tuple(parents))


def _parameters(point: Point) -> dict[str, Any]:
    """A point as Optuna holds it: what is not a plain value, by its text."""
    return {name: v if isinstance(v, bool | int | float | str) else repr(v) for name, v in point.items()}
