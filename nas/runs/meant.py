"""Which trial of a run a person means."""

from collections.abc import Sequence

from nas.errors import RunError
from nas.runs.folder import Run
from nas.runs.journal import read_finals
from nas.runs.repeats import Repeated, repeated
from nas.runs.trial import Trial


def meant(run: Run, which: str, trials: Sequence[Trial]) -> Trial | Repeated:
    """A trial of a run: its number, or "best" for the highest validation accuracy, among equals the fewest MACs.

    Where the run has finalists, "best" is the one with the best mean.

    Raises:
        RunError: there is no such trial, or none was trained to its end.
    """
    if which == "best":
        return _best_finalist(run) or _best(run, trials)
    there = {str(trial.number): trial for trial in trials}
    if which not in there:
        raise RunError(
            f'a trial is said by its number, or as "best", got {which!r}',
            path=str(run.folder),
            hint=f"it has the trials 0 to {len(there) - 1}" if there else "it has no trials",
        )
    return there[which]


def _best_finalist(run: Run) -> Repeated | None:
    finalists = repeated(read_finals(run))
    return max(finalists, key=lambda network: (network.validated, -network.macs), default=None)


def _best(run: Run, trials: Sequence[Trial]) -> Trial:
    trained = [trial for trial in trials if trial.state == "complete" and trial.accuracy is not None]
    if not trained:
        raise RunError("no trial of this run was trained to its end", path=str(run.folder), hint="search longer")
    return max(trained, key=lambda trial: (trial.accuracy or 0.0, -trial.macs))
