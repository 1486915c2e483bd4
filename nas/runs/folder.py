"""The folder of a run: made, opened, listed."""

import re
import secrets
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from nas.errors import RunError
from nas.runs import files
from nas.runs.environment import environment
from nas.runs.request import Request, from_json, to_json
from nas.runs.storage import hidden

_REQUEST, _ENVIRONMENT, _STUDY, _LOG, _CHECKPOINTS = (
    "run.json",
    "environment.json",
    "study.db",
    "log.txt",
    "checkpoints",
)
_FINALISTS, _BOARDS = "finalists", "tensorboard"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True)
class Run:
    """A run that is going on or over: its folder and what was asked."""

    folder: Path
    request: Request

    @property
    def name(self) -> str:
        """Of the run, its folder and its study."""
        return self.folder.name

    @property
    def study_name(self) -> str:
        """Of the Optuna study."""
        return self.request.study or self.name

    @property
    def study(self) -> Path:
        """The SQLite file of the Optuna study."""
        return self.folder / _STUDY

    @property
    def log(self) -> Path:
        """The text file that says what happened when."""
        return self.folder / _LOG

    @property
    def checkpoints(self) -> Path:
        """The folder of weights, and of trainings under way."""
        return self.folder / _CHECKPOINTS

    def weights(self, trial: int) -> Path:
        """The file of a finished trial's weights."""
        return weights(self.checkpoints, trial)

    @property
    def finalists(self) -> Path:
        """The same for the finalists of a search."""
        return self.checkpoints / _FINALISTS

    def boards(self, *, finalists: bool = False) -> Path:
        """The folder of event files for TensorBoard."""
        return self.folder / _BOARDS / (_FINALISTS if finalists else "")

    def keep_trainings(self, trials: Collection[int], *, finalists: bool = False) -> None:
        """Remove the trainings on disk, less those of `trials`, and what killed processes left half written."""
        home = self.finalists if finalists else self.checkpoints
        home.mkdir(exist_ok=True)
        files.clear_unfinished(self.folder)
        for folder in home.iterdir():
            if folder.is_dir() and folder not in {self.finalists, *(training(home, trial) for trial in trials)}:
                shutil.rmtree(folder)

    def drop_training(self, trial: int, *, finalists: bool = False) -> None:
        """Remove the training of a trial that has ended."""
        shutil.rmtree(training(self.finalists if finalists else self.checkpoints, trial), ignore_errors=True)


def weights(checkpoints: Path, trial: int) -> Path:
    """The file of a finished trial's weights: a `state_dict`, to be loaded with `weights_only=True`."""
    return checkpoints / f"{trial}.pt"


def training(checkpoints: Path, trial: int) -> Path:
    """The folder of a training under way: weights, optimizer and epochs, as of its last epoch."""
    return checkpoints / str(trial)


def create(request: Request, *, runs_dir: Path, name: str | None = None, devices: Sequence[str] = ()) -> Run:
    """A new run: `runs_dir/name` with `run.json`, `environment.json` and room for weights.

    Args:
        request: What is asked.
        runs_dir: Made if absent.
        name: None for the time and the name of the space.
        devices: What the run computes on, for `environment.json`.

    Raises:
        RunError: the name is taken or not a name, or the folder cannot be written to.
    """
    folder = runs_dir / (_checked(name) if name is not None else _free_name(request, runs_dir))
    if request.storage and not request.study:  # Runs of several folders may share a database, and have one name.
        request = replace(request, study=f"{folder.name}-{secrets.token_hex(4)}")
    run = Run(folder, request)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise RunError(
                "the name of a new run is free, but this folder is not empty",
                path=str(folder),
                hint="choose another --name, or leave it out",
            )
        run.checkpoints.mkdir()
        files.write(folder / _ENVIRONMENT, environment(devices).encode())
        secret = request.storage is not None and hidden(request.storage) != request.storage
        files.write(folder / _REQUEST, to_json(request).encode(), private=secret)
    except OSError as error:
        raise RunError(
            f"a run needs a folder one can write to, but: {error.strerror}",
            path=str(folder),
            hint="choose another --runs-dir",
        ) from None
    return run


def open_run(which: str | Path, *, runs_dir: Path | None = None) -> Run:
    """The run of a folder, or of a name in `runs_dir`.

    Raises:
        RunError: there is none, it is damaged, or a newer version wrote it.
    """
    candidates = [Path(which), *([runs_dir / which] if runs_dir else [])]
    folder = next((folder for folder in candidates if (folder / _REQUEST).is_file()), None)
    if folder is None:
        known = ", ".join(run.name for run in runs(runs_dir)[-8:]) if runs_dir else ""
        raise RunError(
            f"a run is a folder with a {_REQUEST}, found none",
            path=" or ".join(map(str, dict.fromkeys(candidates))),
            hint=f"there are {known}" if known else "`nas runs` lists all",
        )
    file = folder / _REQUEST
    try:
        content = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"the file cannot be read: {error}", path=str(file)) from None
    return Run(folder.resolve(), from_json(content, path=str(file)))


def runs(runs_dir: Path) -> list[Run]:
    """The runs of a folder, oldest first; what cannot be read as a run is left out."""
    files = sorted(runs_dir.glob(f"*/{_REQUEST}"), key=lambda file: (file.stat().st_mtime_ns, file))
    found = []
    for file in files:
        try:
            found.append(open_run(file.parent))
        except RunError:
            continue
    return found


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise RunError(
            f"a run's name is made of letters, digits, dots, dashes and underscores, got {name!r}",
            path="--name",
            hint="for example first-search",
        )
    return name


def _free_name(request: Request, runs_dir: Path) -> str:
    space = re.sub(r"[^A-Za-z0-9]+", "-", request.space.rpartition("/")[2]).strip("-")
    stem = f"{datetime.now():%Y-%m-%d-%H%M%S}-{space}"[:120]
    names = (stem, *(f"{stem}-{i}" for i in range(2, 1000)))
    return next(name for name in names if not (runs_dir / name).exists())
