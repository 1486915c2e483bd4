"""How far a run is, from its record alone: while it goes on, from another process, or afterwards."""

from dataclasses import dataclass
from typing import Literal

from nas.runs.folder import Run
from nas.runs.journal import has_journal, open_journal
from nas.runs.lock import is_locked
from nas.runs.trial import Trial
from nas.search.budget import Budget
from nas.search.events import Cause
from nas.search.ledger import Ledger, recorded_budget, recorded_ledger
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


def status(run: Run) -> Status:
    """The status of a run.

    Raises:
        RunError: its study is damaged, or written by a newer Optuna.
    """
    tally, under_way, resting = Tally(()), list[Trial](), 0
    going_on = is_locked(run)  # First: a run that ends meanwhile has then recorded why.
    if has_journal(run):
        journal = open_journal(run)
        tally = Tally(journal.directions)
        facts = journal.facts()
        ledger = recorded_ledger(recorded_budget(run.request, facts), journal)
        for trial in journal.trials():
            if trial.state == "running":
                under_way.append(trial)
            elif trial.state == "waiting":
                resting += 1
            else:
                tally.recall(trial)
    else:
        facts, ledger = {}, Ledger(recorded_budget(run.request, {}))
    cause = facts.get("ended")
    return Status(
        state="going on" if going_on else "finished" if cause else "interrupted",
        cause=cause,
        budget=ledger.budget,
        progress=progress(
            tally, ledger, running=len(under_way), resting=resting, workers=max(1, facts.get("workers", 1))
        ),
        seconds=ledger.seconds,
        overhead=ledger.overhead,
        front=tuple(tally.front),
        under_way=tuple(under_way),
        epochs=facts.get("length", {}).get("recipe", {}).get("epochs"),
    )
