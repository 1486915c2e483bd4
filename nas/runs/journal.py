"""The Optuna study of a run: the one record of its trials, written as they go and read back."""

import warnings
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

import optuna
from optuna.exceptions import ExperimentalWarning, OptunaError
from optuna.trial import FrozenTrial, TrialState, create_trial
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from nas.arch.cost import Cost
from nas.errors import RunError
from nas.runs.folder import Run
from nas.runs.trial import Trial, trial_of

Direction = Literal["maximize", "minimize"]


class Journal:
    """Writes and reads the study of a run. Whatever a method was told is on disk when it returns."""

    def __init__(self, study: optuna.Study, storage: optuna.storages.BaseStorage) -> None:
        self._study, self._storage = study, storage
        self._id = storage.get_study_id_from_name(study.study_name)

    def begin(self, asked: FrozenTrial, *, network: str, fingerprint: str, cost: Cost, seed: int) -> int:
        """Record that a trial begins, and return its number.

        Args:
            asked: The parameters, their distributions, and what the sampler noted of them.
            network: Canonical text.
            fingerprint: Of the network.
            cost: Of the network.
            seed: Of the training.
        """
        attrs = {"fingerprint": fingerprint, "network": network, "seed": seed}
        costs = {
            name: value for name, value in asdict(cost).items() if name in ("params", "macs", "activations", "memory")
        }
        begun = create_trial(
            state=TrialState.RUNNING,
            params=asked.params,
            distributions=asked.distributions,
            system_attrs=asked.system_attrs,
            user_attrs={**attrs, **costs},
        )
        return self._storage.get_trial_number_from_id(self._storage.create_new_trial(self._id, begun))

    def epochs(self, number: int, epochs: Sequence[dict[str, Any]]) -> None:
        """Record the epochs of a trial so far."""
        self._note(number, "epochs", list(epochs))

    def complete(self, number: int, values: Sequence[float], *, seconds: float) -> None:
        """Record that a trial reached its end."""
        self._note(number, "seconds", seconds)
        self._study.tell(number, list(values))

    def stop(self, number: int, reason: str, *, seconds: float) -> None:
        """Record that a trial was stopped before its end."""
        self._note(number, "seconds", seconds)
        self._note(number, "reason", reason)
        self._study.tell(number, state=TrialState.PRUNED)

    def fail(self, number: int, reason: str, detail: str, *, seconds: float) -> None:
        """Record that a trial failed."""
        self._note(number, "seconds", seconds)
        self._note(number, "reason", reason)
        self._note(number, "detail", detail)
        self._study.tell(number, state=TrialState.FAIL)

    def remember(self, name: str, value: Any) -> None:
        """Record a fact of the whole run."""
        self._study.set_user_attr(name, value)

    def facts(self) -> dict[str, Any]:
        """What was remembered of the whole run."""
        return self._study.user_attrs

    def trial(self, number: int) -> Trial:
        """One trial as it stands."""
        return trial_of(self._storage.get_trial(self._trial_id(number)))

    def trials(self) -> list[Trial]:
        """All trials as they stand, by number."""
        return [trial_of(frozen) for frozen in self._study.get_trials(deepcopy=False)]

    def _note(self, number: int, name: str, value: Any) -> None:
        self._storage.set_trial_user_attr(self._trial_id(number), name, value)

    def _trial_id(self, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._id, number)


def begin_journal(run: Run, *, directions: Sequence[Direction]) -> Journal:
    """The journal of a new run, with one direction for each objective."""
    storage = _storage(run, new=True)
    study = optuna.create_study(storage=storage, study_name=run.name, directions=list(directions))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.set_metric_names(list(run.request.objectives))
    return Journal(study, storage)


def open_journal(run: Run) -> Journal:
    """The journal of a run that exists.

    Raises:
        RunError: the study is absent, damaged, or written by a newer Optuna.
    """
    if not run.study.is_file():
        raise RunError("the study of this run is absent", path=str(run.study), hint="the run has no trials to read")
    try:
        storage = _storage(run, new=False)
        return Journal(optuna.load_study(storage=storage, study_name=None), storage)
    except (SQLAlchemyError, OptunaError, RuntimeError, ValueError) as error:
        raise _damaged(run, str(error).partition("\n")[0]) from None


def read_trials(run: Run) -> list[Trial]:
    """All trials of a run, by number.

    Raises:
        RunError: the study is absent, damaged, or written by a newer Optuna.
    """
    journal = open_journal(run)
    try:
        return journal.trials()
    except KeyError as error:
        raise _damaged(run, f"a trial holds no {error}") from None
    except (SQLAlchemyError, OptunaError, ValueError) as error:
        raise _damaged(run, str(error).partition("\n")[0]) from None


def _damaged(run: Run, why: str) -> RunError:
    return RunError(f"the study of this run cannot be read: {why}", path=str(run.study), hint="was the file changed?")


def _storage(run: Run, *, new: bool) -> optuna.storages.BaseStorage:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    url = URL.create("sqlite", database=str(run.study))
    return optuna.storages.get_storage(optuna.storages.RDBStorage(url.render_as_string(), skip_table_creation=not new))
