"""What a search makes large or small, and the front: the trials that no other beats on every objective."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

from nas.arch.cost import Cost
from nas.errors import NameUnknownError
from nas.runs.journal import Direction

T = TypeVar("T")


@dataclass(frozen=True)
class Objective:
    """A number of a trained network, and which way is better.

    Args:
        name: What a person calls it.
        direction: Optuna's word.
        about: What it is, with its unit.
        value: From cost and validation accuracy.
    """

    name: str
    direction: Direction
    about: str
    value: Callable[[Cost, float], float]


OBJECTIVES: dict[str, Objective] = {
    objective.name: objective
    for objective in (
        Objective("accuracy", "maximize", "share of the validation split that is right", lambda _, accuracy: accuracy),
        Objective("macs", "minimize", "multiply-accumulates for one image", lambda cost, _: cost.macs),
        Objective("params", "minimize", "learned numbers", lambda cost, _: cost.params),
        Objective("memory", "minimize", "bytes of activations at once, one image", lambda cost, _: cost.memory),
        Objective("activations", "minimize", "elements written by convolutions and linear layers",
                  lambda cost, _: cost.activations),
    )
}  # fmt: skip


def objectives(names: Iterable[str]) -> tuple[Objective, ...]:
    """The objectives of these names.

    Raises:
        NameUnknownError: one is unknown.
    """
    found = []
    for name in names:
        if name not in OBJECTIVES:
            near = get_close_matches(name, OBJECTIVES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(OBJECTIVES)}"
            raise NameUnknownError(f"no objective is called {name!r}", path="--objectives", hint=hint)
        found.append(OBJECTIVES[name])
    return tuple(found)


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
