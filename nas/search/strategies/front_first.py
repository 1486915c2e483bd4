"""Front first: of many children of the front, the one that is expected to widen it most for its price."""

import random
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from nas.search.hypervolume import gains
from nas.search.objectives import front
from nas.search.strategies.draft import Draft, Parameters, Plan, crossed, mutated
from nas.search.strategies.local import room_around
from nas.search.strategies.planned import PlanningSampler, lost
from nas.search.strategies.surrogate import Surrogate, Traits

Floats = NDArray[np.float64]

_START = 12
_DRAWS_PER_START = 12
_POOL = 120
_SHARES = {"child": 0.6, "grandchild": 0.15, "crossing": 0.1, "random": 0.15}
_OPTIMISM = np.array([-1.5, -0.75, 0.0, 0.75, 1.5])


@dataclass(frozen=True)
class Look:
    """What is known of a network before it is trained.

    Args:
        key: Equal for equal networks.
        losses: One for each objective, less is better; None where only training tells.
        traits: Numbers that a surrogate may learn from.
        seconds: Of its training; 1 where nothing is known.
    """

    key: Hashable
    losses: tuple[float | None, ...]
    traits: Traits
    seconds: float = 1.0


LookAt = Callable[[Any], Look | None]
"""From a trial, or what answers like one, to what is known of its network; None where it is not to be trained."""


@dataclass(frozen=True)
class _Known:
    """A network with its parameters: one that was trained, or a candidate."""

    params: Parameters
    distributions: dict[str, BaseDistribution]
    look: Look
    losses: tuple[float, ...] = ()


@dataclass
class _Archive:
    """What the study says so far."""

    done: list[_Known] = field(default_factory=list)
    pending: list[_Known] = field(default_factory=list)
    tried: set[Hashable] = field(default_factory=set)


class FrontFirst(PlanningSampler):
    """Starts with networks spread over the range of costs; then ranks candidates by expected gain of hypervolume.

    Candidates are one-edit and two-edit children of the front, mostly of the members beside its widest gaps, crossings
    of them, and random networks. Costs that are known before training count exactly; what only training tells is
    expected by trees grown on the networks trained so far.

    It serves any define-by-run objective with categorical and integer parameters. Without `look` it knows of a network
    only its parameters.

    Args:
        seed: Of every choice.
        look: What is known before training.
        control: Share of trials that are plain random search, to compare with.
    """

    def __init__(self, *, seed: int, look: LookAt | None = None, control: float = 0.08) -> None:
        super().__init__(seed=seed, control=control)
        self._look = look
        self._seen: dict[int, _Known | None] = {}

    def plan(self, study: optuna.Study, trial: FrozenTrial, rng: random.Random) -> Plan | None:
        """The candidate worth most; at the beginning the one that costs least like those before."""
        archive = self._archive(study, trial)
        if len(archive.done) + len(archive.pending) < _START:
            return self._apart(archive, rng)
        if not archive.done:
            return None
        candidates = [c for c in self._candidates(archive, rng) if c.look.key not in archive.tried]
        if not candidates:
            return None
        worth = _worth(archive, candidates, seed=rng.randrange(2**31))
        return Plan(candidates[int(np.argmax(worth))].params)

    def _archive(self, study: optuna.Study, trial: FrozenTrial) -> _Archive:
        archive = _Archive()
        for other in study.get_trials(deepcopy=False):
            if other.number == trial.number or (known := self._known(other)) is None:
                continue
            archive.tried.add(known.look.key)
            if other.state == TrialState.COMPLETE:
                archive.done.append(replace(known, losses=lost(study, other)))
            elif other.state == TrialState.RUNNING:
                archive.pending.append(known)
        return archive

    def _known(self, trial: FrozenTrial) -> _Known | None:
        """A trial of the study; None where it has no network, or none yet."""
        if trial.number not in self._seen:
            if trial.state in (TrialState.WAITING, TrialState.RUNNING) and not trial.params:
                return None
            rng = random.Random(0)
            known = (
                self._completed(Plan(trial.params), rng) if self._look else _asked(trial.params, trial.distributions)
            )
            if not trial.state.is_finished():
                return known
            self._seen[trial.number] = known
        return self._seen[trial.number]

    def _completed(self, plan: Plan, rng: random.Random) -> _Known | None:
        """What becomes of a plan, chance deciding what it leaves open."""
        assert self._look is not None
        draft = Draft(plan, rng)
        look = self._look(draft)
        return None if look is None else _Known(draft.params, draft.distributions, look)

    def _apart(self, archive: _Archive, rng: random.Random) -> Plan | None:
        """Of some random networks, the one whose costs lie farthest from those of all before."""
        if self._look is None:
            return None
        drawn = [known for _ in range(_DRAWS_PER_START) if (known := self._completed(Plan({}), rng))]
        before = np.array([_exact(known.look) for known in (*archive.done, *archive.pending)])
        if not drawn or not len(before):
            return Plan(drawn[0].params) if drawn else None
        distances = [np.abs(before - _exact(known.look)).max(axis=1, initial=0).min() for known in drawn]
        return Plan(drawn[int(np.argmax(distances))].params)

    def _candidates(self, archive: _Archive, rng: random.Random) -> Iterator[_Known]:
        """Children of the front, of its children, crossings of it, and random networks; each once."""
        members = front(archive.done, lambda known: known.losses)
        room = room_around([known.losses for known in members])
        keys: set[Hashable] = set()
        children: list[_Known] = []
        for way, share in _SHARES.items():
            for _ in range(round(share * _POOL)):
                (parent,) = rng.choices(members, weights=room)
                match way:
                    case "child":
                        plan = mutated(parent.params, parent.distributions, rng)
                    case "grandchild":
                        parent = rng.choice(children or members)
                        plan = mutated(parent.params, parent.distributions, rng)
                    case "crossing":
                        plan = crossed(parent.params, rng.choice(members).params, rng)
                    case _:
                        plan = Plan({})
                made = self._made(plan, parent, rng) if plan else None
                if made is None or made.look.key in keys:
                    continue
                keys.add(made.look.key)
                children += [made] * (way == "child")
                yield made

    def _made(self, plan: Plan, parent: _Known, rng: random.Random) -> _Known | None:
        if self._look:
            return self._completed(plan, rng)
        params = {name: plan.value(name, offered, rng) for name, offered in parent.distributions.items()}
        return _asked(params, parent.distributions)


def _asked(params: Parameters, distributions: Mapping[str, BaseDistribution]) -> _Known:
    """A network of which nothing is known but its parameters."""
    traits = {
        (name if isinstance(value, int | float) else f"{name}={value}"): float(value)
        if isinstance(value, int | float)
        else 1.0
        for name, value in params.items()
    }
    return _Known(params, dict(distributions), Look(frozenset(params.items()), (), traits))


def _exact(look: Look) -> Floats:
    """The logarithms of what is known before training."""
    return np.array([np.log(max(loss, 1e-12)) for loss in look.losses if loss is not None])


def _worth(archive: _Archive, candidates: Sequence[_Known], *, seed: int) -> Floats:
    """The hypervolume that each candidate is expected to add, for a second of its training."""
    done = np.array([known.losses for known in archive.done])
    named = [*candidates, *archive.pending]
    means, spreads = np.empty((2, len(named), done.shape[1]))
    for objective in range(done.shape[1]):
        known = [look.losses[objective] if look.losses else None for look in (n.look for n in named)]
        if None in known:
            surrogate = Surrogate([k.look.traits for k in archive.done], list(done[:, objective]), seed=seed)
            means[:, objective], spreads[:, objective] = surrogate.expect([n.look.traits for n in named])
        else:
            means[:, objective], spreads[:, objective] = known, 0.0
            if min(done[:, objective].min(), means[:, objective].min()) > 0:
                done[:, objective], means[:, objective] = np.log(done[:, objective]), np.log(means[:, objective])
    reference = _reference(done, means, spreads)
    # Networks under way count as if they had done as expected, so that workers do not all look for one thing.
    best = front([*done.tolist(), *means[len(candidates) :].tolist()], lambda point: point)
    worth = np.zeros(len(candidates))
    for sigmas in _OPTIMISM:
        expected = (means + sigmas * spreads)[: len(candidates)]
        worth += np.exp(-(sigmas**2) / 2) * gains(best, reference, expected)
    made: Floats = worth / [candidate.look.seconds for candidate in candidates]
    return made


def _reference(done: Floats, means: Floats, spreads: Floats) -> list[float]:
    """A little beyond the worst of the front, and where costs are exact beyond the dearest candidate."""
    best = np.array(front(done.tolist(), lambda point: point))
    worst, extent = best.max(axis=0), np.ptp(best, axis=0)
    exact = ~spreads.any(axis=0)
    worst[exact] = np.maximum(worst, means.max(axis=0))[exact]
    return list(worst + 0.1 * np.where(extent > 0, extent, 1.0))
