"""How far a run is, from its record alone: while it goes on, from another process, or afterwards."""

from dataclasses import dataclass
from typing import Literal

from nas.runs.folder import Run
from nas.runs.journal import Journal, damage_told, has_journal, open_journal
from nas.runs.lock import is_locked
from nas.runs.trial import Trial
from nas.search.budget import Budget
from nas.search.events import CAUSES, Cause
from nas.search.finals import SEEDS
from nas.search.ledger import Ledger, recorded_budget, recorded_ledger, recorded_seconds
from nas.search.progress import Progress, progress
from nas.search.tally import Tally

State = Literal["going on", "finished", "interrupted"]


@dataclass(frozen=True)
class Status:
    """How far a run is.

    Args:
        state: Interrupted is also one that was killed.
        cause: Why it is finished; None where it is not.
        budget: What may be spent in all.
        progress: As of the last epoch that was recorded.
        seconds: Device time spent.
        overhead: What of it no trial took.
        front: The trials on it.
        under_way: The trials that are.
        epochs: Of each trial; None where it is not known.
        finalists: Trainings of finalists that reached their end, and those that are planned; None before they begin.
    """

    state: State
    cause: Cause | None
    budget: Budget
    progress: Progress
    seconds: float
    overhead: float
    front: tuple[Trial, ...]
    under_way: tuple[Trial, ...]
    epochs: int | None
    finalists: tuple[int, int] | None


def status(run: Run) -> Status:
    """The status of a run.

    Raises:
        RunError: its study is damaged, or written by a newer Optuna.
    """
    going_on = is_locked(run.folder)  # First: a run that ends meanwhile has then recorded why.
    with damage_told(run):
        return _told(run, going_on, open_journal(run) if has_journal(run) else None)


def _told(run: Run, going_on: bool, journal: Journal | None) -> Status:
    tally, under_way, resting = Tally(journal.directions if journal else ()), list[Trial](), 0
    facts = journal.facts() if journal else {}
    budget = recorded_budget(run.request, facts)
    studied = journal.finals() if journal else None
    ledger = recorded_ledger(budget, journal, before=recorded_seconds(studied)) if journal else Ledger(budget)
    for trial in journal.trials() if journal else ():
        if trial.state == "running":
            under_way.append(trial)
        elif trial.state == "waiting":
            resting += 1
        else:
            tally.recall(trial)
    devices = max(1, int(facts.get("workers", 1))) * float(facts.get("share", run.request.gpus_per_trial or 1))
    cause = facts.get("ended")
    if cause not in (None, *CAUSES):
        raise ValueError(f"it ended for {cause!r}")
    return Status(
        state="going on" if going_on else "finished" if cause else "interrupted",
        cause=cause,
        budget=budget,
        progress=progress(tally, ledger, running=len(under_way), resting=resting, devices=devices),
        seconds=ledger.seconds,
        overhead=ledger.overhead + (float(studied.facts().get("overhead", 0.0)) if studied else 0.0),
        front=tuple(tally.front),
        under_way=tuple(under_way),
        epochs=facts.get("length", {}).get("recipe", {}).get("epochs"),
        finalists=_finalists(studied),
    )


def _finalists(studied: Journal | None) -> tuple[int, int] | None:
    if studied is None:
        return None
    trained = sum(trial.state == "complete" for trial in studied.trials())
    return trained, max(trained, SEEDS * len(studied.facts()["finalists"]))
