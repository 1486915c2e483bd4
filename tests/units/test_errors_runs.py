"""Every message about a run that cannot be written, read or gone on with, and that nothing is lost by it."""

import json
import multiprocessing
import os
import resource
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

import nas.cli
from nas.arch.nodes import Act, Chain, Conv, Flatten, GlobalPool, Linear, Norm, pick
from nas.arch.text import text
from nas.errors import BudgetError, NasError, RunError
from nas.runs import Request, Run, Trial, open_run
from nas.runs.folder import training
from nas.runs.journal import read_trials
from nas.runs.lock import is_locked, locked
from nas.search.budget import Budget
from nas.search.events import EpochDone, Event
from nas.search.run import resume, search
from tests.shades import shades

SIDE, CLASSES = 8, 2
ROOM = "make room or give the right to write; `nas resume` goes on from there"
_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["tests.units.test_errors_runs"])


def network(width: Any) -> Chain:
    return Chain(Conv(width, 3), Norm(), Act(), GlobalPool(), Flatten(), Linear(CLASSES))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    shades(folder / "shades", classes=CLASSES, images=20, side=SIDE, step=60, width=90)
    return folder


def request(home: Path, **asked: Any) -> Request:
    space = text(network(pick("width", *range(4, 12))))
    recipe = {"epochs": 2, "batch": 16}
    fields = {"budget": "4trials", "workers": 0, "data": str(home / "shades"), "recipe": recipe, **asked}
    return Request(space="tiny", **{"space_text": space, **fields})


def interrupt(event: Event) -> None:
    """As Ctrl-C would, after the first epoch of trial 1."""
    if isinstance(event, EpochDone) and (event.number, event.epoch) == (1, 1):
        raise KeyboardInterrupt


def going_on(home: Path, run: Run) -> list[Trial]:
    return read_trials(resume(run, cache_dir=home / "cache").run)


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Run:
    """One trial complete, the next interrupted in the middle."""
    result = search(request(home), runs_dir=tmp_path, name="halted", cache_dir=home / "cache", on_event=interrupt)
    assert result.cause == "interrupted"
    assert [trial.state for trial in read_trials(result.run)] == ["complete", "running"]
    return result.run


def checkpoint(run: Run) -> Path:
    return training(run.checkpoints, 1) / "checkpoint.pt"


class TestCheckpoint:
    @pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 cut off"])
    def test_that_is_damaged(self, home: Path, run: Run, content: bytes) -> None:
        checkpoint(run).write_bytes(content)
        with pytest.raises(RunError) as caught:
            going_on(home, run)
        assert str(caught.value).startswith(f"{checkpoint(run)}: not a readable checkpoint: ")
        assert str(caught.value).endswith("\nhint: delete it to train anew")
        assert [trial.state for trial in read_trials(run)] == ["complete", "running"]
        checkpoint(run).unlink()
        assert [trial.state for trial in going_on(home, run)] == ["complete"] * 4

    def test_that_is_of_something_else(self, home: Path, run: Run) -> None:
        torch.save({"version": 1}, checkpoint(run))
        with pytest.raises(RunError) as caught:
            going_on(home, run)
        assert str(caught.value) == (
            f"{checkpoint(run)}: not the checkpoint of a training: KeyError('model')\nhint: delete it to train anew"
        )

    def test_that_would_run_code(self, home: Path, run: Run) -> None:
        class Trap:
            def __reduce__(self) -> Any:
                return Path.touch, (run.folder / "sprung",)

        torch.save({"version": 1, "model": Trap()}, checkpoint(run))
        with pytest.raises(RunError, match="not a readable checkpoint"):
            going_on(home, run)
        assert not (run.folder / "sprung").exists()


class TestStudy:
    def test_that_is_absent(self, home: Path, run: Run) -> None:
        run.study.unlink()
        with pytest.raises(RunError) as caught:
            going_on(home, run)
        assert str(caught.value) == (
            f"{run.study}: the study of this run is absent\nhint: the run has no trials to read"
        )
        assert run.weights(0).exists()

    def test_that_was_never_begun(self, home: Path, run: Run) -> None:
        """What a process leaves that was killed before its first trial."""
        run.study.rename(run.study.with_name("study.db.part"))
        run.study.with_name("study.db.part-journal").write_bytes(b"half")
        for file in run.checkpoints.glob("*"):
            file.unlink() if file.is_file() else [*map(Path.unlink, file.iterdir()), file.rmdir()]
        assert [trial.state for trial in going_on(home, run)] == ["complete"] * 4

    @pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
    def test_that_is_cut_off(self, home: Path, run: Run, share: float) -> None:
        whole = run.study.read_bytes()
        run.study.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(RunError) as caught:
            going_on(home, run)
        assert str(caught.value).startswith(f"{run.study}: the study of this run cannot be read: ")
        assert str(caught.value).endswith("\nhint: was the file changed?")
        assert checkpoint(run).exists()
        run.study.write_bytes(whole)
        assert [trial.state for trial in going_on(home, run)] == ["complete"] * 4

    def test_that_another_program_locks(self, home: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("nas.runs.storage._PATIENCE_S", 0.1)
        monkeypatch.setattr("time.sleep", lambda seconds: None)  # Optuna tries five times.
        other = sqlite3.connect(run.study)
        other.execute("begin exclusive")
        with pytest.raises(RunError) as caught:
            going_on(home, run)
        other.close()
        assert str(caught.value) == (
            f"{run.study}: the study of this run cannot be read: (sqlite3.OperationalError) database is locked\n"
            "hint: was the file changed?"
        )


class TestRunFile:
    def test_of_a_newer_version(self, home: Path, run: Run) -> None:
        file = run.folder / "run.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "version": 2}))
        assert said("resume", str(run.folder)) == (
            f"{file}: this version of nas reads runs of version 1, got 2\nhint: update nas"
        )

    def test_that_is_cut_off(self, home: Path, run: Run) -> None:
        file = run.folder / "run.json"
        file.write_text(file.read_text()[:100])
        for command in ("resume", "status"):
            assert said(command, str(run.folder)) == (
                f"{file}: this should be the JSON object that a run begins with\n"
                "hint: the run cannot be read without it"
            )


def answer(*arguments: str) -> Result:
    return CliRunner().invoke(nas.cli.group, list(arguments))


def said(*arguments: str) -> str:
    result = answer(*arguments)
    assert isinstance(result.exception, NasError), result.output
    return str(result.exception)


class TestGoingOn:
    def test_with_what_is_no_run(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        for command in ("resume", "status"):
            assert said(command, "empty", "--runs-dir", str(tmp_path)) == (
                f"empty or {tmp_path}/empty: a run is a folder with a run.json, found none\nhint: there are halted"
            )
            assert said(command, str(tmp_path / "nowhere"), "--runs-dir", str(tmp_path)).endswith("there are halted")

    def test_while_another_process_does(self, run: Run) -> None:
        with locked(run.folder):
            assert is_locked(run.folder)
            assert said("resume", str(run.folder)) == (
                f"{run.folder}: another process works in this folder: process {os.getpid()} on {os.uname().nodename}\n"
                "hint: wait for its end or end it; `nas status` says how far a search is"
            )
        assert not is_locked(run.folder)

    def test_when_it_is_finished(self, home: Path, run: Run) -> None:
        going_on(home, run)
        before = run.study.read_bytes()
        assert said("resume", str(run.folder)) == (
            f"{run.folder}: the run is finished: the budget is spent\n"
            "hint: to go on with more, say --budget: 4trials more, for example"
        )
        assert run.study.read_bytes() == before

    def test_with_more_of_something_else(self, run: Run) -> None:
        with pytest.raises(BudgetError) as caught:
            resume(run, more=Budget.parse("10cpumin"))
        assert str(caught.value) == (
            "--budget: the budget of this run counts trials, got '10cpumin'\nhint: for example 4trials"
        )

    def test_with_more(self, home: Path, run: Run) -> None:
        going_on(home, run)
        more = resume(run, more=Budget.parse("2trials"), cache_dir=home / "cache")
        assert [trial.state for trial in read_trials(more.run)] == ["complete"] * 6
        with pytest.raises(RunError, match="the run is finished"):
            going_on(home, run)

    @pytest.mark.skipif(os.geteuid() == 0, reason="a superuser may write everywhere")
    def test_in_a_folder_that_is_read_only(self, run: Run) -> None:
        run.folder.chmod(0o555)
        (run.folder / "lock").chmod(0o444)
        try:
            assert said("resume", str(run.folder)) == (
                f"{run.folder}: this needs a folder one can write to, but: Permission denied\nhint: change that"
            )
        finally:
            run.folder.chmod(0o755)


def limited(home: Path, runs_dir: Path, most_bytes: int, asked: Request) -> None:
    """Search where no file may grow above a size, as on a disk that is full, and write down what that says."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    try:
        search(asked, runs_dir=runs_dir, name="full", cache_dir=home / "cache")
    except NasError as error:
        (runs_dir / "said.txt").write_text(str(error))


class TestFullDisk:
    def searched(self, home: Path, runs_dir: Path, most_bytes: int, asked: Request) -> str:
        process = _FORKED.Process(target=limited, args=(home, runs_dir, most_bytes, asked))
        process.start()
        process.join(120)
        assert process.exitcode == 0
        return (runs_dir / "said.txt").read_text()

    def test_has_no_room_for_a_checkpoint(self, home: Path, tmp_path: Path) -> None:
        asked = request(home, space_text=text(network(pick("width", 4000, 4001, 4002, 4003))), budget="2trials")
        said = self.searched(home, tmp_path, 300_000, asked)
        run = open_run(tmp_path / "full")
        file = training(run.checkpoints, 0) / "checkpoint.pt"
        assert said == f"{file}: the file cannot be written: File too large\nhint: {ROOM}"
        assert [trial.state for trial in read_trials(run)] == ["running"]
        assert not list(run.folder.rglob("*.part"))
        assert [trial.state for trial in going_on(home, run)] == ["complete"] * 2

    def test_has_no_room_for_the_study(self, home: Path, tmp_path: Path) -> None:
        space = text(network(pick("width", *range(1, 400))))
        recipe = {"epochs": 1, "batch": 16}
        asked = request(home, space_text=space, budget="200trials", recipe=recipe, strategy="random")
        said = self.searched(home, tmp_path, 240_000, asked)
        run = open_run(tmp_path / "full")
        assert said.startswith(f"{run.study}: the study of this run cannot be written: (sqlite3.OperationalError) d")
        assert said.endswith(f"\nhint: {ROOM}")
        before = read_trials(run)
        complete = [trial for trial in before if trial.state == "complete"]
        resumed = resume(run, cache_dir=home / "cache", on_event=Enough(len(before) + 1))
        after = read_trials(resumed.run)
        assert after[: len(complete)] == complete
        assert len(after) > len(before) >= len(complete) > 2


def cramped(home: Path, runs_dir: Path, most_bytes: int, asked: Request) -> None:
    """Search with so much memory beside what the process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + most_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))
    search(asked, runs_dir=runs_dir, name="cramped", cache_dir=home / "cache")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads its memory in /proc")
def test_a_batch_for_which_there_is_no_memory_is_trained_in_parts(home: Path, tmp_path: Path) -> None:
    # Of the large network a tensor has 411 MB: five are too many, but not thirteen quarters, of which up to eight lie
    # idle before glibc joins them again, with the 256 MB by which the memory of a prepared process grows.
    recipe = {"epochs": 1, "batch": 2048, "limit": 2048}
    wide = Chain(Conv(pick("width", 64, 4), 3), Norm(), Act(), GlobalPool(), Flatten(), Linear(10))
    asked = request(home, space_text=text(wide), data=None, budget="2trials", recipe=recipe, strategy="random")
    process = _FORKED.Process(target=cramped, args=(home, tmp_path, 1800 * 2**20, asked))
    process.start()
    process.join(120)
    assert process.exitcode == 0
    trials = {trial.macs: trial for trial in read_trials(open_run(tmp_path / "cramped"))}
    large, small = trials[max(trials)], trials[min(trials)]
    assert (large.state, large.micro_batch, large.reason) == ("complete", 512, "")
    assert (small.state, small.micro_batch) == ("complete", None)


class Enough:
    """Interrupts a search when it has begun so many trials."""

    def __init__(self, trials: int) -> None:
        self.trials = trials

    def __call__(self, event: Event) -> None:
        if isinstance(event, EpochDone) and event.number >= self.trials:
            raise KeyboardInterrupt
