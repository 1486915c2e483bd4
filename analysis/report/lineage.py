"""Where a network comes from: its chain of ancestors, what each decided otherwise, and what that changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nas.runs import Trial

ORIGINS = {
    "start": "one of the first",
    "child": "child",
    "crossing": "crossing",
    "random": "random network",
    "control": "random control",
    "": "not recorded",
}
"""How a person reads where a trial comes from."""


def comes_from(trial: Trial) -> str:
    """Where a trial comes from, for a person."""
    return f"named: {trial.name}" if trial.origin == "named" else ORIGINS.get(trial.origin, trial.origin)


@dataclass(frozen=True)
class Change:
    """One decision that differs; None where it was not open."""

    hole: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Step:
    """A trial in a chain.

    Args:
        trial: The trial.
        parent: Who comes before it in the chain; None for the first.
        others: The other parents of a crossing.
        changes: The decisions that differ from the parent's.
        gained: Accuracy over the parent's, in shares of one; None for the first.
    """

    trial: Trial
    parent: Trial | None
    others: tuple[Trial, ...]
    changes: tuple[Change, ...]
    gained: float | None


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The decisions that differ between two points; first those that both have."""
    made = [
        Change(hole, before.get(hole), after.get(hole))
        for hole in dict.fromkeys((*before, *after))
        if before.get(hole) != after.get(hole)
    ]
    return sorted(made, key=lambda change: change.before is None or change.after is None)


def chain(trial: Trial, trials: Sequence[Trial]) -> list[Step]:
    """The ancestors of a trial, oldest first, with itself at the end; a crossing goes on with the nearest parent."""
    known: dict[str, Trial] = {}
    for other in trials:
        known.setdefault(other.fingerprint, other)
    steps, seen = [], {trial.number}
    while True:
        parents = [known[f] for f in trial.parents if f in known and known[f].number not in seen]
        parents.sort(key=lambda parent: (len(changes(parent.point, trial.point)), parent.number))
        parent = parents[0] if parents else None
        steps.append(_step(trial, parent, tuple(parents[1:])))
        if parent is None:
            return steps[::-1]
        trial = parent
        seen.add(trial.number)


def _step(trial: Trial, parent: Trial | None, others: tuple[Trial, ...]) -> Step:
    if parent is None:
        return Step(trial, None, others, (), None)
    has_both = trial.accuracy is not None and parent.accuracy is not None
    gained = (trial.accuracy or 0.0) - (parent.accuracy or 0.0) if has_both else None
    return Step(trial, parent, others, tuple(changes(parent.point, trial.point)), gained)
