"""Front first: of many children of the front, the one that is expected to widen it most for its price."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.trial import FrozenTrial

from nas.search.hypervolume import gains
from nas.search.objectives import front
from nas.search.strategies.archive import Archive
from nas.search.strategies.draft import Plan, crossed, mutated
from nas.search.strategies.known import Known, Look
from nas.search.strategies.local import room_around
from nas.search.strategies.origin import Origin
from nas.search.strategies.planned import PlanningSampler
from nas.search.strategies.sight import Sight
from nas.search.strategies.surrogate import Surrogate

Floats = NDArray[np.float64]

_START = 12
_DRAWN = 12
_POOL = 120
_SHARES = {"child": 0.6, "grandchild": 0.15, "crossing": 0.1, "random": 0.15}
_SIGMAS = tuple(i / 2 for i in range(-4, 5))
"""Standard deviations at which what is expected is tried; weighed by the normal density."""


class FrontFirst(PlanningSampler):
    """Starts with networks spread over the range of costs; then ranks candidates by expected gain of hypervolume.

    Candidates are one-edit and two-edit children of the front, mostly of the members beside its widest gaps, crossings
    of them, and random networks. Costs that are known before training count exactly; what only training tells is
    expected by a Gaussian process fitted to the networks trained so far.

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
        archive = self._sight.archive
        archive.read(study)
        if len(archive.done) + len(archive.pending) < _START:
            return self._apart(archive, rng)
        if not archive.done:
            return None
        candidates = list(self._candidates(archive, rng))
        if not candidates:
            return None
        best = candidates[int(np.argmax(_worth(archive, candidates)))]
        return Plan(best.params, origin=best.origin)

    def _apart(self, archive: Archive, rng: random.Random) -> Plan | None:
        """Of some random networks, the one whose costs lie farthest from those of all before."""
        if self._sight.is_blind:
            return None
        drawn = [known for _ in range(_DRAWN) if (known := self._sight.made(Plan({}, origin=Origin("start")), {}, rng))]
        before = np.array([_exact(known.look) for known in (*archive.done, *archive.pending)])
        if not drawn or not len(before):
            return Plan(drawn[0].params, origin=Origin("start")) if drawn else None
        distances = [np.abs(before - _exact(known.look)).max(axis=1, initial=0).min() for known in drawn]
        return Plan(drawn[int(np.argmax(distances))].params, origin=Origin("start"))

    def _candidates(self, archive: Archive, rng: random.Random) -> Iterator[Known]:
        """Children of the front, of its children, crossings of it, and random networks: none twice, none tried."""
        members = archive.front
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
            return mutated(parent.params, parent.distributions, rng, parents=parent.trials) or Plan({})
        case "crossing":
            other = rng.choice(members)
            return crossed(parent.params, other.params, rng, parents=(*parent.trials, *other.trials))
        case _:
            return Plan({})


def _exact(look: Look) -> Floats:
    """The logarithms of what is known before training."""
    return np.array([np.log(max(loss, 1e-12)) for loss in look.losses if loss is not None])


@dataclass(frozen=True)
class _Objective:
    """One objective as far as it is known.

    Args:
        front: Losses of the members of the front.
        expected: Losses of the candidates, so many standard deviations off the mean.
        is_exact: Whether they are known before training.
    """

    front: Floats
    expected: Callable[[float], Floats]
    is_exact: bool


def _worth(archive: Archive, candidates: Sequence[Known]) -> Floats:
    """The hypervolume that each candidate is expected to add, for its price."""
    asked = [known.look for known in (*candidates, *archive.pending)]
    objectives = [_objective(archive, asked, i) for i in range(len(archive.front[0].losses))]
    members = np.stack([objective.front for objective in objectives], axis=1)

    def expected(sigmas: float) -> Floats:
        return np.stack([objective.expected(sigmas) for objective in objectives], axis=1)

    count, means = len(candidates), expected(0.0)
    # Networks under way count as if they had done as expected, so that workers do not all look for one thing.
    best = front([*members.tolist(), *means[count:].tolist()], lambda point: point)
    begun = front([known.losses for known in archive.done[:_START]], lambda point: point)
    reference = [
        _dearest(members, means) if objective.is_exact else _worst(losses)
        for objective, losses, members, means in zip(
            objectives, np.array(begun).T, np.array(best).T, means.T, strict=True
        )
    ]
    worth = np.zeros(count)
    for sigmas in _SIGMAS:
        worth += np.exp(-(sigmas**2) / 2) * gains(best, reference, expected(sigmas)[:count])
    made: Floats = worth / [candidate.look.price for candidate in candidates]
    return made


def _objective(archive: Archive, asked: Sequence[Look], index: int) -> _Objective:
    members = np.array([known.losses[index] for known in archive.front])
    exact = [look.losses[index] for look in asked if look.losses]
    if len(exact) == len(asked) and None not in exact:
        known = np.array(exact, dtype=np.float64)
        if min(members.min(), known.min()) > 0:
            members, known = np.log(members), np.log(known)
        return _Objective(members, lambda _: known, is_exact=True)
    done = archive.done
    losses = np.array([known.losses[index] for known in done])
    surrogate = Surrogate([known.look.traits for known in done], losses, among=[look.traits for look in asked])
    mean, spread = surrogate.expect([look.traits for look in asked])
    return _Objective(members, lambda sigmas: surrogate.losses(mean + sigmas * spread), is_exact=False)


def _worst(begun: Floats) -> float:
    """A little beyond the worst loss of the front that the search began with.

    Were it that of the front, networks ever cheaper and worse would always be worth something, and cost little.
    """
    return _beyond(float(begun.max()), begun)


def _dearest(members: Floats, means: Floats) -> float:
    """A little beyond the highest cost of the front and of the candidates."""
    return _beyond(float(max(members.max(), means.max())), members)


def _beyond(end: float, front: Floats) -> float:
    return end + 0.1 * (float(np.ptp(front)) or 1.0)
