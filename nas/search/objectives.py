"""What a search makes large or small, and the front: the trials that no other beats on every objective."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from typing import Literal, TypeVar

from nas.arch.cost import Cost, Shape
from nas.arch.nodes import Network
from nas.errors import NameUnknownError
from nas.runs.journal import Direction
from nas.search.own import is_own, own

T = TypeVar("T")
Known = Literal["exact", "measured", "trained"]


@dataclass(frozen=True)
class Seen:
    """What may be known of a network when it is judged.

    Args:
        network: Itself.
        cost: Its costs, exact.
        accuracy: Share of the validation split that is right after its training; nan before.
    """

    network: Network
    cost: Cost
    accuracy: float = math.nan


@dataclass(frozen=True)
class Objective:
    """A number of a network, and which way is better.

    Args:
        name: What a person calls it.
        direction: Optuna's word.
        about: What it is, with its unit.
        value: Of what was seen of a network.
        known: Before training: "exact", for certain and cheaply, so that strategies are shown it of every network; or
            "measured", once for each network that is trained, and recorded. Or "trained": after it.
    """

    name: str
    direction: Direction
    about: str
    value: Callable[[Seen], float]
    known: Known


_LATENCY = Objective("latency", "minimize", "seconds for one image on the device", lambda _: math.nan, "measured")
_ENERGY = Objective("energy", "minimize", "joules for one image on the device", lambda _: math.nan, "measured")
_LATENCY_S, _ENERGY_S = 0.3, 1.0
"""Of measuring one network."""

OBJECTIVES: dict[str, Objective] = {
    objective.name: objective
    for objective in (
        Objective("accuracy", "maximize", "share of the validation split that is right",
                  lambda seen: seen.accuracy, "trained"),
        Objective("macs", "minimize", "multiply-accumulates for one image", lambda seen: seen.cost.macs, "exact"),
        Objective("params", "minimize", "learned numbers", lambda seen: seen.cost.params, "exact"),
        Objective("memory", "minimize", "bytes of activations at once, one image",
                  lambda seen: seen.cost.memory, "exact"),
        Objective("activations", "minimize", "elements written by convolutions and linear layers",
                  lambda seen: seen.cost.activations, "exact"),
        _LATENCY,
        _ENERGY,
    )
}  # fmt: skip


def objectives(names: Iterable[str]) -> tuple[Objective, ...]:
    """The objectives of these names; that of a person's own function is `FILE.py:function`, and its file is run.

    Raises:
        NameUnknownError: one is unknown.
        ObjectiveError: a person's own cannot be had.
    """
    return tuple(_own(name) if is_own(name) else _known(name) for name in names)


def on_device(goals: Iterable[Objective], input: Shape, device: str) -> tuple[Objective, ...]:
    """The objectives, those that are measured as they are on a device, for images of shape `input`; else they are nan.

    One is infinite where memory has no room for one image; the training of such a network says so.
    """

    def latency(seen: Seen) -> float:
        from nas.train.latency import latency

        return latency(seen.network, input, device=device, seconds=_LATENCY_S).median_s

    def energy(seen: Seen) -> float:
        from nas.train.energy import energy

        return energy(seen.network, input, device=device, seconds=_ENERGY_S).joules

    measures = {_LATENCY: latency, _ENERGY: energy}
    return tuple(
        replace(goal, value=partial(_measured, measures[goal])) if goal in measures else goal for goal in goals
    )


def _measured(measure: Callable[[Seen], float], seen: Seen) -> float:
    from nas.train.failure import TrialFailure

    try:
        return measure(seen)
    except TrialFailure:
        return math.inf


def _known(name: str) -> Objective:
    if name not in OBJECTIVES:
        near = get_close_matches(name, OBJECTIVES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(OBJECTIVES)}, or FILE.py:function"
        raise NameUnknownError(f"no objective is called {name!r}", path="--objectives", hint=hint)
    return OBJECTIVES[name]


def _own(spec: str) -> Objective:
    found = own(spec)
    return Objective(
        spec,
        found.direction,
        found.about,
        lambda seen: found(seen.network, seen.cost),
        known="exact" if found.exact else "measured",
    )


def losses(values: Sequence[float], directions: Iterable[str]) -> tuple[float, ...]:
    """The values turned so that less is better."""
    return tuple(-v if d == "maximize" else v for v, d in zip(values, directions, strict=True))


def front(candidates: Iterable[T], losses: Callable[[T], Sequence[float]]) -> list[T]:
    """The candidates that no other beats: better somewhere and nowhere worse. Equals do not beat each other.

    Args:
        candidates: Of any kind.
        losses: Of a candidate; less is better.

    Returns:
        The front, by its first loss.
    """
    kept: list[tuple[tuple[float, ...], T]] = []
    # In this order only an earlier one can beat a later one, and if any does, one of the front does.
    for loss, candidate in sorted(((tuple(losses(c)), c) for c in candidates), key=lambda pair: pair[0]):
        if not any(_beats(other, loss) for other, _ in kept):
            kept.append((loss, candidate))
    return [candidate for _, candidate in kept]


def joined(members: list[T], newcomer: T, losses: Callable[[T], Sequence[float]]) -> list[T]:
    """The front that `members` are when one more candidate comes to them."""
    loss = tuple(losses(newcomer))
    if any(_beats(tuple(losses(member)), loss) for member in members):
        return members
    return front([*members, newcomer], losses)


def _beats(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a != b and all(x <= y for x, y in zip(a, b, strict=True))
