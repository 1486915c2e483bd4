"""What the caller of a search is told while it goes on."""

from dataclasses import dataclass
from typing import Literal

from nas.runs.folder import Run
from nas.runs.trial import Trial
from nas.search.plan import Plan
from nas.search.progress import Progress

Cause = Literal["budget", "space", "interrupted"]
"""Why a search ended: its budget is spent; no network was found that is new; the person stopped it."""

CAUSES: dict[str, str] = {
    "budget": "the budget is spent",
    "space": "every network was tried",
    "interrupted": "interrupted",
}
"""The same for a person."""


@dataclass(frozen=True)
class Recalled:
    """So many of the trials of a resumed run are read back, of `total`; told once in a while where they are many."""

    trials: int
    total: int


@dataclass(frozen=True)
class Planned:
    """Before the first trial, or the first that a resumed run goes on with; `recorded` trials had begun before."""

    run: Run
    plan: Plan
    recorded: int


@dataclass(frozen=True)
class Began:
    """A worker takes up a trial; `seconds` is what one is expected to take in all, None where nothing tells."""

    trial: Trial
    seconds: float | None
    progress: Progress


@dataclass(frozen=True)
class EpochDone:
    """A trial has done `epoch` epochs of `epochs`."""

    number: int
    epoch: int
    epochs: int
    accuracy: float
    progress: Progress


@dataclass(frozen=True)
class Rested:
    """A trial has reached the end of a rung, and waits for its turn."""

    trial: Trial
    progress: Progress


@dataclass(frozen=True)
class Ended:
    """A trial is complete, failed or stopped."""

    trial: Trial
    progress: Progress


@dataclass(frozen=True)
class Finished:
    """The search is over; its front begins with the most accurate where accuracy is the first objective."""

    front: tuple[Trial, ...]
    cause: Cause
    progress: Progress


Event = Recalled | Planned | Began | EpochDone | Rested | Ended | Finished
