"""The commands around a search that ends before its time: plan, status, Ctrl-C, resume."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import nas.cli
from nas.errors import RunError
from nas.runs.folder import open_run
from nas.runs.journal import open_journal

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
SPACE = """
from nas.arch.nodes import Act, Chain, Conv, Flatten, GlobalPool, Linear, Norm, pick

tiny = Chain(
    Conv(pick("width", 2, 3, 4, 6, 8), 3, stride=2), Norm(), Act(),
    Conv(pick("second", 2, 3, 4, 6, 8), 3, stride=2), Norm(), Act(), GlobalPool(), Flatten(), Linear(10),
)
"""
SEARCH = ["search", "--space", "tiny.py:tiny", "--epochs", "1", "--workers", "0"]


def answer(*arguments: str) -> Any:
    result = CliRunner().invoke(nas.cli.group, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tiny.py").write_text(SPACE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def going_on(home: Path) -> Iterator["subprocess.Popen[str]"]:
    """A search in another process that has ended two trials."""
    process = subprocess.Popen(
        [sys.executable, "-m", "nas.cli", *SEARCH, "--budget", "8trials", "--name", "first"],
        env={**ENVIRONMENT, "NAS_CACHE": str(home / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("trial   1"):
            break
    yield process
    process.kill()
    process.communicate()


def test_a_plan_is_printed_and_nothing_left_behind(home: Path) -> None:
    plan = answer(*SEARCH, "--budget", "20trials", "--dry-run")
    assert {"budget": "20trials", "trials": 20, "epochs": 1, "workers": 0, "device": "cpu"}.items() <= plan.items()
    assert plan["wall_s"] == pytest.approx(20 * plan["trial_s"])
    timed = answer("search", "--space", "tiny.py:tiny", "--budget", "30cpus", "--workers", "1", "--dry-run")
    assert timed["wall_s"] == 30
    assert timed["trials"] == int(30 / timed["trial_s"])
    assert {file.name for file in home.iterdir()} <= {"tiny.py", "cache", "__pycache__"}


def test_a_search_is_watched_interrupted_and_resumed(going_on: "subprocess.Popen[str]") -> None:
    seen = answer("status", "first")
    assert (seen["state"], seen["ended"], seen["budget"]) == ("going on", None, "8trials")
    assert seen["complete"] >= 2
    assert seen["spent"] == 8 - seen["left"] >= seen["complete"]
    assert 0 < seen["overhead_s"] < seen["device_s"]
    assert seen["eta_s"] > 0

    going_on.send_signal(signal.SIGINT)
    begin = time.monotonic()
    out, _ = going_on.communicate(timeout=60)
    assert time.monotonic() - begin < 30  # Of which most goes into a picture; the machine may be busy.
    assert going_on.returncode == 0
    assert "nas resume runs/first" in out
    assert re.search(r"^ +\d+ +\d\d\.\d\d%", out, flags=re.MULTILINE)  # A front.

    halted = answer("status", "first")
    assert (halted["state"], halted["running"]) == ("interrupted", 1)
    ended = answer("resume", "first")
    assert ended["ended"] == "budget"
    done = answer("status", "first")
    assert (done["state"], done["ended"], done["complete"], done["left"]) == ("finished", "budget", 8, 0)
    assert done["device_s"] > halted["device_s"] >= seen["device_s"]
    assert done["front"] == len(ended["front"]) > 0

    said = CliRunner().invoke(nas.cli.group, ["status", "first"]).output
    assert "finished: the budget is spent" in said
    assert f"nas resume {done['run']} --budget 8trials" in said


def test_a_damaged_plan_is_told_and_nothing_is_lost(home: Path) -> None:
    answer(*SEARCH, "--budget", "1trials", "--name", "first")
    journal = open_journal(open_run("runs/first"))
    whole = journal.facts()
    damages: list[tuple[str, Any]] = [
        ("length", {"recipe": 3}),
        ("length", []),
        ("named", {"lenet5": "nas 1\nconv("}),
        ("share", "half"),
    ]
    for name, value in damages:
        journal.remember(name, value)
        result = CliRunner().invoke(nas.cli.group, ["resume", "first", "--budget", "1trials"])
        assert result.exit_code == 1
        assert isinstance(result.exception, RunError)
        assert "the study of this run cannot be read" in str(result.exception)
        journal.remember(name, whole[name])
    assert answer("resume", "first", "--budget", "1trials")["ended"] == "budget"
    assert answer("status", "first")["complete"] == 2


def test_a_second_signal_ends_it_at_once(home: Path) -> None:
    script = (
        "import os, signal, time\n"
        "from nas.search.stop import graceful\n"
        "with graceful():\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        time.sleep(60)\n"
        "    except KeyboardInterrupt:\n"
        "        print('ending', flush=True)\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        time.sleep(60)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env=ENVIRONMENT, capture_output=True, text=True, timeout=50)
    assert (done.stdout, done.returncode) == ("ending\n", 128 + signal.SIGINT)
