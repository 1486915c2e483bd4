"""How far a run is, from its record alone: while it goes on, from another process, or afterwards."""

from dataclasses import dataclass
from typing import Literal

from nas.runs.folder import Run
from nas.runs.journal import has_journal, open_journal
from nas.runs.lock import is_locked
from nas.search.budget import Budget
from nas.search.events import Cause
from nas.search.ledger import Ledger, recorded_budget, recorded_ledger
from nas.search.objectives import objectives
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
    """

    state: State
    cause: Cause | None
    budget: Budget
    progress: Progress
    seconds: float
    overhead: float


def status(run: Run) -> Status:
    """The status of a run.

    Raises:
        RunError: its study is damaged, or written by a newer Optuna.
    """
    tally, running = Tally(objectives(run.request.objectives)), 0
    going_on = is_locked(run)  # First: a run that ends meanwhile has then recorded why.
    if has_journal(run):
        journal = open_journal(run)
        facts = journal.facts()
        ledger = recorded_ledger(recorded_budget(run.request, facts), journal)
        for trial in journal.trials():
            if trial.state == "running":
                running += 1
            else:
                tally.recall(trial)
    else:
        facts, ledger = {}, Ledger(recorded_budget(run.request, {}))
    devices = max(1, facts.get("workers", 1)) * run.request.gpus_per_trial
    cause = facts.get("ended")
    return Status(
        state="going on" if going_on else "finished" if cause else "interrupted",
        cause=cause,
        budget=ledger.budget,
        progress=progress(tally, ledger, running=running, devices=devices),
        seconds=ledger.seconds,
        overhead=ledger.overhead,
    )
