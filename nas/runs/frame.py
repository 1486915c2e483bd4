"""The trials of a run as a table."""

from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from nas.runs.folder import Run
from nas.runs.journal import read_trials
from nas.runs.trial import Trial

if TYPE_CHECKING:
    import pandas as pd


def frame(run: Run) -> "pd.DataFrame":
    """One row for each trial by number, one column for each field of `Trial`, and one for the last accuracy.

    Raises:
        RunError: the study is absent, damaged, or written by a newer Optuna.
    """
    import pandas as pd  # Takes half a second to load, and few commands want it.

    columns = [*(field.name for field in fields(Trial)), "accuracy"]
    rows = [{**asdict(trial), "accuracy": trial.accuracy} for trial in read_trials(run)]
    return pd.DataFrame(rows, columns=columns)
