"""What the caller of a search is told while it goes on."""

from dataclasses import dataclass
from typing import Literal

from nas.runs.folder import Run
from nas.runs.trial import Trial
from nas.search.budget import Budget
from nas.search.length import Length

Cause = Literal["budget", "space", "interrupted"]
"""Why a search ended: its budget is spent; no network was found that is new; the person stopped it."""


@dataclass(frozen=True)
class Progress:
    """How far a search is.

    Args:
        complete: Trials that reached their end.
        failed: Trials that failed.
        stopped: Trials that were stopped.
        running: Trials under way.
        best: The highest validation accuracy of a complete trial, 0..1; None before the first.
        front: Trials on the front.
        spent: Of the budget, in its unit.
        left: Of the budget, in its unit.
        eta_s: Wall time to the end, in seconds; None where nothing tells.
    """

    complete: int
    failed: int
    stopped: int
    running: int
    best: float | None
    front: int
    spent: float
    left: float
    eta_s: float | None


@dataclass(frozen=True)
class Planned:
    """Before the first trial.

    Args:
        run: The run and its folder.
        budget: What may be spent.
        workers: Trials at once; 0 for one, in this process.
        device: Torch's word for what they run on.
        length: Of each trial.
        trials: How many are expected.
        trial_s: Device time that a middling network is expected to take; None where nothing was measured.
    """

    run: Run
    budget: Budget
    workers: int
    device: str
    length: Length
    trials: int
    trial_s: float | None


@dataclass(frozen=True)
class Began:
    """A trial begins; `seconds` is what it is expected to take, None where nothing tells."""

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


Event = Planned | Began | EpochDone | Ended | Finished
