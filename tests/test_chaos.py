"""A search that is killed at any moment, twenty times in all, and resumed until it is done, is the search undisturbed.

Kills are real ones, with a signal that no process can catch: of the driver, of a worker, of Ray, of everything.
"""

import multiprocessing
import os
import random
import re
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
import torch

from nas.arch.nodes import Act, Chain, Conv, Flatten, GlobalPool, Linear, Norm, pick
from nas.arch.text import text
from nas.runs import Request, Run, Trial, open_run
from nas.runs.journal import open_journal, read_trials
from nas.search.events import Ended, EpochDone, Event, Finished, Planned
from nas.search.run import resume, search
from nas.search.status import status
from tests.shades import shades

pytestmark = pytest.mark.ray

SIDE, CLASSES = 8, 3
TRIALS, RAY_TRIALS = 24, 12
_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["tests.test_chaos", "torch._dynamo", "alembic.context"])  # What takes seconds, once.


def space() -> Chain:
    def layer(i: int) -> Chain:
        wide = Chain(Conv(pick("width", 4, 8, 12, 16), pick("kernel", 1, 3)), Norm(), Act())
        return Chain(pick(f"layer{i}", wide=wide, none=Chain()))

    return Chain(Conv(4, 3), Norm(), Act(), layer(1), layer(2), layer(3), GlobalPool(), Flatten(), Linear(CLASSES))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with images in which a class is how bright it is."""
    folder = tmp_path_factory.mktemp("chaos")
    shades(folder / "shades", classes=CLASSES, images=60, side=SIDE, step=60, width=120)
    return folder


def go_on(home: Path, name: str, asked: dict[str, Any]) -> None:
    """Search, or resume what was begun, and let a witness see how much core time the process has used when."""
    witness = home / f"{name}.witness"

    def see(event: Event) -> None:
        if isinstance(event, Planned | EpochDone | Ended | Finished):
            with witness.open("a") as file:
                file.write(f"{os.getpid()} {time.process_time()}\n")

    folder, options = home / "runs" / name, {"cache_dir": home / "cache", "on_event": see}
    if (folder / "run.json").exists():
        resume(open_run(folder), **options)  # type: ignore[arg-type]
        return
    shutil.rmtree(folder, ignore_errors=True)  # Killed before there was a run.
    recipe = {"epochs": 3, "batch": 16, "lr": 0.1}
    fields = {"budget": f"{TRIALS}trials", "workers": 0, "data": str(home / "shades"), "recipe": recipe, **asked}
    request = Request(space="tiny", space_text=text(space()), **fields)
    search(request, runs_dir=home / "runs", name=name, **options)  # type: ignore[arg-type]


def started(home: Path, name: str, **asked: Any) -> ForkServerProcess:
    process = _FORKED.Process(target=go_on, args=(home, name, asked))
    process.start()
    return process


def finished(home: Path, name: str, **asked: Any) -> Run:
    process = started(home, name, **asked)
    process.join(400)
    assert process.exitcode == 0
    return open_run(home / "runs" / name)


@pytest.fixture(scope="module")
def calm(home: Path) -> list[Trial]:
    """The trials of the search that nobody disturbs."""
    return read_trials(finished(home, "calm"))


def kill(process: ForkServerProcess, number: int | None = None) -> None:
    assert process.pid is not None
    os.kill(number or process.pid, signal.SIGKILL)


def log_lines(home: Path, name: str) -> list[str]:
    log = home / "runs" / name / "log.txt"
    return log.read_text().splitlines() if log.exists() else []


def wait_for(happened: Callable[[], bool], process: ForkServerProcess) -> None:
    end = time.monotonic() + 300
    while not happened() and process.is_alive():
        assert time.monotonic() < end
        time.sleep(0.005)


def wait_for_lines(home: Path, name: str, count: int, process: ForkServerProcess) -> None:
    """Wait until the log of the search has so many lines more."""
    end = len(log_lines(home, name)) + count
    wait_for(lambda: len(log_lines(home, name)) >= end, process)


def told(trials: list[Trial]) -> list[Any]:
    return [(t.number, t.state, t.point, t.fingerprint, t.network, t.values, t.accuracies, t.reason) for t in trials]


def check(home: Path, name: str, calm: list[Trial]) -> None:
    """What must hold of a run that was killed and resumed until it was done."""
    run = open_run(home / "runs" / name)
    trials = read_trials(run)
    assert told(trials) == told(calm)
    assert all(trial.state == "complete" for trial in trials)
    assert len({trial.fingerprint for trial in trials}) == len(trials)
    log = "\n".join(log_lines(home, name))
    for trial in trials:
        # Whoever is killed between a record and its line in the log leaves no line, and never two.
        assert len(re.findall(rf"trial {trial.number} begins", log)) <= 1
        assert len(re.findall(rf"trial {trial.number} is complete", log)) <= 1
        assert torch.load(run.weights(trial.number), weights_only=True)
    left = {file.name for file in run.folder.rglob("*")} - {f"{trial.number}.pt" for trial in trials}
    assert left == {"checkpoints", "environment.json", "lock", "log.txt", "run.json", "study.db"}

    def beats(a: Trial, b: Trial) -> bool:
        better = [x >= y if i == 0 else x <= y for i, (x, y) in enumerate(zip(a.values, b.values, strict=True))]
        return all(better) and a.values != b.values

    made = status(run)
    assert (made.state, made.cause) == ("finished", "budget")
    assert made.progress.front == sum(not any(beats(b, a) for b in trials) for a in trials)
    assert made.progress.complete == made.progress.spent == len(trials)
    check_ledger(home, name, run, trials)


def check_ledger(home: Path, name: str, run: Run, trials: list[Trial]) -> None:
    """The ledger is the sum of its parts, and what a witness saw, less at most what no epoch had recorded."""
    seconds = status(run).seconds
    with sqlite3.connect(run.study) as study:
        rows = study.execute("select value_json from trial_user_attributes where key = 'seconds'").fetchall()
        ((overhead,),) = study.execute("select value_json from study_user_attributes where key = 'overhead'").fetchall()
    study.close()
    assert sum(float(row) for (row,) in rows) + float(overhead) == pytest.approx(seconds, rel=0.01)
    epochs = {n: sum(e["seconds"] for e in f.user_attrs["epochs"]) for n, f in enumerate(open_journal(run).frozen())}
    assert all(trial.seconds >= 0.99 * epochs[trial.number] for trial in trials)
    if run.request.workers == 0:
        seen = [line.split() for line in (home / f"{name}.witness").read_text().splitlines()]
        firsts = {process: float(at) for process, at in reversed(seen)}
        lasts = {process: float(at) for process, at in seen}
        assert sum(lasts.values()) - sum(firsts.values()) <= 1.01 * seconds
        assert seconds <= 1.01 * sum(lasts.values())


def test_the_driver_is_killed(home: Path, calm: list[Trial]) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"chaos seed {seed}")  # noqa: T201  pytest shows it where the test fails.
    rng = random.Random(seed)
    kills = 0
    while kills < 17:
        process = started(home, "driver")
        if kills % 2:
            process.join(rng.uniform(0.0, 0.6))
        else:
            wait_for_lines(home, "driver", rng.randint(1, 3), process)
            process.join(rng.uniform(0.0, 0.1))
        if process.exitcode is not None:
            assert process.exitcode == 0
            break
        kill(process)
        process.join()
        kills += 1
    if kills < 17:
        pytest.fail(f"it was done after {kills} kills already")
    finished(home, "driver")
    check(home, "driver", calm)


def below(process: int) -> dict[int, str]:
    """The processes below one, with their command lines."""
    parents, commands = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            commands[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {child: commands[child] for child in found - {process}}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc")
def test_workers_and_ray_and_everything_are_killed(home: Path, calm: list[Trial]) -> None:
    def session() -> ForkServerProcess:
        process = started(home, "ray", workers=1, budget=f"{RAY_TRIALS}trials")
        wait_for_lines(home, "ray", 4, process)
        return process

    def victims(process: ForkServerProcess, name: str) -> list[int]:
        assert process.pid is not None
        return [child for child, command in below(process.pid).items() if name in command]

    process = session()
    (worker,) = victims(process, "ray::ImplicitFunc")
    kill(process, worker)
    wait_for_lines(home, "ray", 4, process)
    (raylet,) = victims(process, "raylet/raylet")
    kill(process, raylet)
    process.join(200)
    assert process.exitcode == 1  # An error, and an end.

    process = session()
    assert process.pid is not None
    everything = below(process.pid)
    kill(process)
    for child in everything:
        try:
            kill(process, child)
        except ProcessLookupError:
            continue
    process.join()
    finished(home, "ray", workers=1, budget=f"{RAY_TRIALS}trials")
    check(home, "ray", calm[:RAY_TRIALS])
