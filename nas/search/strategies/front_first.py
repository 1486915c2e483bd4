"""Front first: of many children of the front, the one that is expected to widen it most for its price."""

import random
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.trial import FrozenTrial, TrialState

from nas.search.hypervolume import gains
from nas.search.objectives import front
from nas.search.strategies.draft import Plan, crossed, mutated
from nas.search.strategies.local import room_around
from nas.search.strategies.planned import PlanningSampler, lost
from nas.search.strategies.sight import Known, Look, Sight
from nas.search.strategies.surrogate import Surrogate

Floats = NDArray[np.float64]

_START = 12
_DRAWN = 12
_POOL = 120
_SHARES = {"child": 0.6, "grandchild": 0.15, "crossing": 0.1, "random": 0.15}
_OPTIMISM = (-1.5, -0.75, 0.0, 0.75, 1.5)
"""Standard deviations at which the answer of the trees is tried; weighed by the normal density."""


@dataclass
class _Archive:
    """What the study says so far."""

    done: list[Known] = field(default_factory=list)
    pending: list[Known] = field(default_factory=list)
    tried: set[Hashable] = field(default_factory=set)


class FrontFirst(PlanningSampler):
    """Starts with networks spread over the range of costs; then ranks candidates by expected gain of hypervolume.

    Candidates are one-edit and two-edit children of the front, mostly of the members beside its widest gaps, crossings
    of them, and random networks. Costs that are known before training count exactly; what only training tells is
    expected by trees grown on the networks trained so far.

    It serves any define-by-run objective with categorical and integer parameters, also where it knows of a network only
    its parameters.

    Args:
        seed: Of every choice.
        sight: What is known before training.
        control: Share of trials that are plain random search, to compare with.
    """

    def __init__(self, *, seed: int, sight: Sight, control: float = 0.08) -> None:
        super().__init__(seed=seed, control=control)
        self._sight = sight

    def plan(self, study: optuna.Study, trial: FrozenTrial, rng: random.Random) -> Plan | None:
        """The candidate worth most; at the beginning the one whose costs are least like those before."""
        archive = self._archive(study, trial)
        if len(archive.done) + len(archive.pending) < _START:
            return self._apart(archive, rng)
        if not archive.done:
            return None
        candidates = list(self._candidates(archive, rng))
        if not candidates:
            return None
        worth = _worth(archive, candidates, seed=rng.randrange(2**31))
        return Plan(candidates[int(np.argmax(worth))].params)

    def _archive(self, study: optuna.Study, trial: FrozenTrial) -> _Archive:
        archive = _Archive()
        for other in study.get_trials(deepcopy=False):
            if other.number == trial.number or not other.params:
                continue
            known = self._sight.recorded(other.params, other.distributions)
            if known is None:
                continue
            archive.tried.add(known.look.key)
            if other.state == TrialState.COMPLETE:
                archive.done.append(replace(known, losses=lost(study, other)))
            elif other.state == TrialState.RUNNING:
                archive.pending.append(known)
        return archive

    def _apart(self, archive: _Archive, rng: random.Random) -> Plan | None:
        """Of some random networks, the one whose costs lie farthest from those of all before."""
        if self._sight.is_blind:
            return None
        drawn = [known for _ in range(_DRAWN) if (known := self._sight.made(Plan({}), {}, rng))]
        before = np.array([_exact(known.look) for known in (*archive.done, *archive.pending)])
        if not drawn or not len(before):
            return Plan(drawn[0].params) if drawn else None
        distances = [np.abs(before - _exact(known.look)).max(axis=1, initial=0).min() for known in drawn]
        return Plan(drawn[int(np.argmax(distances))].params)

    def _candidates(self, archive: _Archive, rng: random.Random) -> Iterator[Known]:
        """Children of the front, of its children, crossings of it, and random networks: none twice, none tried."""
        members = front(archive.done, lambda known: known.losses)
        room = room_around([known.losses for known in members])
        seen = set(archive.tried)
        children: list[Known] = []
        for way, share in _SHARES.items():
            for _ in range(round(share * _POOL)):
                (parent,) = rng.choices(members, weights=room)
                if way == "grandchild" and children:
                    parent = rng.choice(children)
                made = self._sight.made(_bred(way, parent, members, rng), parent.distributions, rng)
                if made is None or made.look.key in seen:
                    continue
                seen.add(made.look.key)
                if way == "child":
                    children.append(made)
                yield made


def _bred(way: str, parent: Known, members: Sequence[Known], rng: random.Random) -> Plan:
    match way:
        case "child" | "grandchild":
            return mutated(parent.params, parent.distributions, rng) or Plan({})
        case "crossing":
            return crossed(parent.params, rng.choice(members).params, rng)
        case _:
            return Plan({})


def _exact(look: Look) -> Floats:
    """The logarithms of what is known before training."""
    return np.array([np.log(max(loss, 1e-12)) for loss in look.losses if loss is not None])


def _worth(archive: _Archive, candidates: Sequence[Known], *, seed: int) -> Floats:
    """The hypervolume that each candidate is expected to add, for a second of its training."""
    done = np.array([known.losses for known in archive.done])
    asked = [known.look for known in (*candidates, *archive.pending)]
    means, spreads = np.empty((2, len(asked), done.shape[1]))
    for objective in range(done.shape[1]):
        known = [look.losses[objective] if look.losses else None for look in asked]
        if None in known:
            surrogate = Surrogate([k.look.traits for k in archive.done], list(done[:, objective]), seed=seed)
            means[:, objective], spreads[:, objective] = surrogate.expect([look.traits for look in asked])
        else:
            means[:, objective], spreads[:, objective] = known, 0.0
            if min(done[:, objective].min(), means[:, objective].min()) > 0:
                done[:, objective], means[:, objective] = np.log(done[:, objective]), np.log(means[:, objective])
    count = len(candidates)
    # Networks under way count as if they had done as expected, so that workers do not all look for one thing.
    best = front([*done.tolist(), *means[count:].tolist()], lambda point: point)
    reference = _reference(np.array(best), means, spreads)
    worth = np.zeros(count)
    for sigmas in _OPTIMISM:
        worth += np.exp(-(sigmas**2) / 2) * gains(best, reference, means[:count] + sigmas * spreads[:count])
    made: Floats = worth / [candidate.look.seconds for candidate in candidates]
    return made


def _reference(best: Floats, means: Floats, spreads: Floats) -> list[float]:
    """A little beyond the worst of the front, and where costs are exact beyond the dearest candidate."""
    worst, extent = best.max(axis=0), np.ptp(best, axis=0)
    exact = ~spreads.any(axis=0)
    worst[exact] = np.maximum(worst, means.max(axis=0))[exact]
    return list(worst + 0.1 * np.where(extent > 0, extent, 1.0))
