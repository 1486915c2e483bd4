"""How far a search is, as its tally and its ledger have it, while it goes on or afterwards."""

from dataclasses import dataclass

from nas.search.ledger import Ledger
from nas.search.tally import Tally


@dataclass(frozen=True)
class Progress:
    """How far a search is.

    Args:
        complete: Trials that reached their end.
        failed: Trials that failed.
        stopped: Trials that were stopped.
        running: Trials under way.
        resting: Trials at a rung, which wait for their turn.
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
    resting: int
    best: float | None
    front: int
    spent: float
    left: float
    eta_s: float | None


def progress(tally: Tally, ledger: Ledger, *, running: int, resting: int, devices: float) -> Progress:
    """How far a search is with so many trials under way and at rungs, on so many devices."""
    return Progress(
        complete=tally.counts["complete"],
        failed=tally.counts["fail"],
        stopped=tally.counts["pruned"],
        running=running,
        resting=resting,
        best=tally.best,
        front=len(tally.front),
        spent=ledger.spent,
        left=ledger.left,
        eta_s=_eta(tally, ledger, running, devices),
    )


def _eta(tally: Tally, ledger: Ledger, running: int, devices: float) -> float | None:
    if ledger.budget.is_time:
        return ledger.left / devices
    seconds = tally.mean_seconds
    return None if seconds is None else (ledger.left + running) * seconds / devices
