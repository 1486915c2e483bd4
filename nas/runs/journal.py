"""The Optuna study of a run: the one record of its trials, written as they go and read back."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Literal

import optuna
from optuna.exceptions import ExperimentalWarning, OptunaError
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial
from sqlalchemy.exc import SQLAlchemyError

from nas.arch.cost import Cost
from nas.errors import RunError
from nas.runs import files
from nas.runs.folder import Run
from nas.runs.storage import file_url, hidden, open_storage, why
from nas.runs.trial import Trial, trial_of

Direction = Literal["maximize", "minimize"]

_BEGUN = "begun"
"""The last fact that a study begins with where no file can appear whole: in a database, and of finalists."""

_FINALS = "-finalists"


class Journal:
    """Writes and reads the study of a run. Whatever a method was told is on disk when it returns.

    What writes raises `RunError` where the study cannot be written: no room, no right to, or the file was changed.
    """

    def __init__(self, run: Run, study: optuna.Study, storage: optuna.storages.BaseStorage) -> None:
        self._run, self._study, self._storage = run, study, storage
        self._id = storage.get_study_id_from_name(study.study_name)

    @property
    def directions(self) -> tuple[Direction, ...]:
        """Of each objective, which way is better."""
        return tuple(direction.name.lower() for direction in self._study.directions)  # type: ignore[misc]

    def begin(
        self,
        asked: FrozenTrial,
        *,
        network: str,
        fingerprint: str,
        cost: Cost,
        seed: int,
        notes: Mapping[str, Any] | None = None,
    ) -> int:
        """Record that a trial begins, and return its number.

        Args:
            asked: The parameters, their distributions, and what the sampler noted of them.
            network: Canonical text.
            fingerprint: Of the network.
            cost: Of the network.
            seed: Of the training.
            notes: What else is to be known of it: what `trial_of` reads.
        """
        attrs = {"fingerprint": fingerprint, "network": network, "seed": seed, **(notes or {})}
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
        with self._writing():
            return self._storage.get_trial_number_from_id(self._storage.create_new_trial(self._id, begun))

    def epochs(self, number: int, epochs: Sequence[dict[str, Any]], *, seconds: float) -> None:
        """Record the epochs of a trial so far, and the device time spent on it."""
        self._note(number, seconds=seconds, epochs=list(epochs))

    def rest(self, number: int, *, seconds: float, micro_batch: int | None = None, inherited: str = "") -> None:
        """Record that a trial has reached the end of a rung, and waits there; arguments as those of `complete`."""
        self._note(number, seconds=seconds, **_said(micro_batch=micro_batch, inherited=inherited))
        self._set(number, TrialState.WAITING)

    def measure(self, number: int, measures: Mapping[str, float]) -> None:
        """Record what was measured of a network before it was trained."""
        self._note(number, measures=dict(measures))

    def go_on(self, number: int, *, until: int) -> None:
        """Record that a trial that waited trains on, and until when."""
        self._note(number, until=until)
        self._set(number, TrialState.RUNNING)

    def complete(
        self,
        number: int,
        values: Sequence[float],
        *,
        seconds: float,
        micro_batch: int | None = None,
        test: dict[str, Any] | None = None,
        inherited: str = "",
    ) -> None:
        """Record that a trial reached its end.

        Args:
            number: Of the trial.
            values: One for each objective.
            seconds: Device time of the trial.
            micro_batch: Images in each part of a batch; None where batches were whole.
            test: The score on the test split; None where that was not looked at.
            inherited: What it began with of another trial's weights, in words; empty where it has nothing to say.
        """
        self._note(number, seconds=seconds, **_said(micro_batch=micro_batch, test=test, inherited=inherited))
        with self._writing():
            self._study.tell(number, list(values))

    def stop(self, number: int, reason: str, *, seconds: float) -> None:
        """Record that a trial was stopped before its end."""
        self._note(number, seconds=seconds, reason=reason)
        self._set(number, TrialState.PRUNED)

    def fail(self, number: int, reason: str, detail: str, *, seconds: float) -> None:
        """Record that a trial failed."""
        self._note(number, seconds=seconds, reason=reason, detail=detail)
        with self._writing():
            self._study.tell(number, state=TrialState.FAIL)

    def remember(self, name: str, value: Any) -> None:
        """Record a fact of the whole run."""
        with self._writing():
            self._study.set_user_attr(name, value)

    def facts(self) -> dict[str, Any]:
        """What was remembered of the whole run."""
        with self._reading():
            return self._study.user_attrs

    def trial(self, number: int) -> Trial:
        """One trial as it stands."""
        return trial_of(self.frozen_trial(number))

    def frozen_trial(self, number: int) -> FrozenTrial:
        """One trial as Optuna holds it; one that `trial_of` can read."""
        with self._reading():
            frozen = self._storage.get_trial(self._trial_id(number))
            trial_of(frozen)
            return frozen

    def trials(self) -> list[Trial]:
        """All trials as they stand, by number."""
        return [trial_of(frozen) for frozen in self.frozen()]

    def frozen(self) -> list[FrozenTrial]:
        """All trials as Optuna holds them, by number; each is one that `trial_of` can read."""
        with self._reading():
            found = self._study.get_trials(deepcopy=False)
            for frozen in found:
                trial_of(frozen)
            return found

    def finals(self) -> "Journal | None":
        """The study of the finalists, beside this one in its database; None where it was not begun."""
        name = self._study.study_name + _FINALS
        with self._reading():
            if name not in optuna.get_all_study_names(self._storage):
                return None
            beside = Journal(self._run, optuna.load_study(study_name=name, storage=self._storage), self._storage)
            return beside if _BEGUN in beside.facts() else None

    def begin_finals(self, facts: Mapping[str, Any]) -> "Journal":
        """Begin the study of the finalists, which remembers `facts`; one that was begun by half begins anew."""
        name = self._study.study_name + _FINALS
        with self._writing():
            if name in optuna.get_all_study_names(self._storage):
                optuna.delete_study(study_name=name, storage=self._storage)
        begun = _created(self._run, self._storage, name, self._study.directions)
        for fact, value in (*facts.items(), (_BEGUN, True)):
            begun.remember(fact, value)
        return begun

    def _note(self, number: int, **attrs: Any) -> None:
        with self._writing():
            trial_id = self._trial_id(number)
            for name, value in attrs.items():
                self._storage.set_trial_user_attr(trial_id, name, value)

    def _set(self, number: int, state: TrialState) -> None:
        with self._writing():
            self._storage.set_trial_state_values(self._trial_id(number), state)

    def _trial_id(self, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._id, number)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OptunaError) as error:
            raise RunError(
                f"the study of this run cannot be written: {why(error)}",
                path=_place(self._run),
                hint="make room or give the right to write; `nas resume` goes on from there",
            ) from None

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with damage_told(self._run):
            yield


def _said(**known: Any) -> dict[str, Any]:
    """Of what is known of a trial, what says something."""
    return {name: value for name, value in known.items() if value}


def begin_journal(run: Run, *, directions: Sequence[Direction], facts: Mapping[str, Any] | None = None) -> Journal:
    """The journal of a new run, with one direction for each objective, that remembers `facts`.

    The study appears whole or not at all.
    """
    if run.request.storage:
        storage = open_storage(run.request.storage, new=True)
        with damage_told(run):
            if run.study_name in optuna.get_all_study_names(storage):  # Of a process that was killed.
                optuna.delete_study(study_name=run.study_name, storage=storage)
        return _begin(run, storage, directions, {**(facts or {}), _BEGUN: True})
    unfinished = run.study.with_name(f"{run.study.name}.part")
    for left in run.folder.glob(f"{unfinished.name}*"):  # Of a process that was killed; SQLite's own journal too.
        left.unlink()
    storage = open_storage(file_url(unfinished), new=True)
    _begin(run, storage, directions, facts or {})
    storage.engine.dispose()
    unfinished.replace(run.study)
    files.settle(run.folder)
    return open_journal(run)


def has_journal(run: Run) -> bool:
    """Whether the study of a run was begun.

    Raises:
        RunError: it is absent now, but was there.
    """
    if run.request.storage:
        with damage_told(run):
            begun = _is_begun(open_storage(run.request.storage, new=True), run.study_name)
    else:
        begun = run.study.is_file()
    if not begun and run.checkpoints.is_dir() and any(run.checkpoints.iterdir()):
        raise _absent(run)
    return begun


def open_journal(run: Run) -> Journal:
    """The journal of a run that exists.

    Raises:
        RunError: the study is absent, damaged, or written by a newer Optuna.
    """
    if not has_journal(run):
        raise _absent(run)
    with damage_told(run):
        storage = open_storage(run.request.storage or file_url(run.study), new=False)
        # The folder of a run may be renamed; the name of its finalists' study is longer.
        name = run.study_name if run.request.storage else min(optuna.get_all_study_names(storage), key=len)
        return Journal(run, optuna.load_study(storage=storage, study_name=name), storage)


def read_trials(run: Run) -> list[Trial]:
    """All trials of a run, by number.

    Raises:
        RunError: the study is absent, damaged, or written by a newer Optuna.
    """
    return open_journal(run).trials()


def read_finals(run: Run) -> list[Trial]:
    """The trainings of a run's finalists, by number; each has the number of its search's trial as its name.

    Raises:
        RunError: as `read_trials`.
    """
    beside = open_journal(run).finals()
    return beside.trials() if beside else []


def _begin(
    run: Run, storage: optuna.storages.RDBStorage, directions: Sequence[Direction], facts: Mapping[str, Any]
) -> Journal:
    journal = _created(run, storage, run.study_name, directions)
    for name, value in facts.items():
        journal.remember(name, value)
    return journal


def _is_begun(storage: optuna.storages.RDBStorage, name: str) -> bool:
    """Whether a database holds a study with all its facts; one that holds trials has them."""
    if name not in optuna.get_all_study_names(storage):
        return False
    study = storage.get_study_id_from_name(name)
    return _BEGUN in storage.get_study_user_attrs(study) or storage.get_n_trials(study) > 0


def _created(
    run: Run, storage: optuna.storages.BaseStorage, name: str, directions: Sequence[Direction | StudyDirection]
) -> Journal:
    with damage_told(run):
        study = optuna.create_study(storage=storage, study_name=name, directions=list(directions))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.set_metric_names(list(run.request.objectives))
    return Journal(run, study, storage)


@contextmanager
def damage_told(run: Run) -> Iterator[None]:
    """Raises `RunError` where a study cannot be read."""
    try:
        yield
    except KeyError as error:
        raise _damaged(run, f"a trial holds no {error}") from None
    except (SQLAlchemyError, OptunaError, RuntimeError, ValueError, TypeError, AttributeError, LookupError) as error:
        if isinstance(error, RunError):
            raise
        raise _damaged(run, why(error)) from None


def _damaged(run: Run, why: str) -> RunError:
    return RunError(f"the study of this run cannot be read: {why}", path=_place(run), hint="was the file changed?")


def _absent(run: Run) -> RunError:
    place = f"{_place(run)} {run.study_name}" if run.request.storage else _place(run)
    return RunError("the study of this run is absent", path=place, hint="the run has no trials to read")


def _place(run: Run) -> str:
    return hidden(run.request.storage) if run.request.storage else str(run.study)
