"""Watching a search: as a screen, as lines of JSON, once where nobody looks; and the same run in optuna-dashboard."""

import io
import json
import os
import pty
import re
import select
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

import nas.cli
from nas.cli.screen import screen
from nas.runs.lock import locked
from nas.search.status import status
from tests.test_report import Making

WAIT_S = 90
COLOUR = re.compile(r"\x1b\[[0-9;]*[39][0-9]m")
ROOT = Path(__file__).parents[1]


def watching(making: Making) -> list[str]:
    return [sys.executable, "-m", "nas.cli", "watch", str(making.run.folder), "--every", "0.2"]


@pytest.fixture
def making(tmp_path: Path) -> Making:
    made = Making(tmp_path, budget="10trials")
    made.trial(4, 0.5)
    made.trial(8, 0.61)
    return made


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, command: list[str], **environment: str) -> None:
        self._own, theirs = pty.openpty()
        told = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        told |= {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40", **environment}
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=told, cwd=ROOT, start_new_session=True
        )
        os.close(theirs)
        self.shown = ""

    def until(self, what: str) -> None:
        """Read on until `what` was shown, or the end for an empty text."""
        end = time.monotonic() + WAIT_S
        while not (what and what in self.shown):
            assert time.monotonic() < end, self.shown
            if select.select([self._own], [], [], 0.2)[0]:
                try:
                    self.shown += os.read(self._own, 65536).decode()
                except OSError:  # The program has gone.
                    break
        assert what in self.shown, self.shown

    def close(self) -> int:
        self.until("")
        os.close(self._own)
        return self.process.wait(WAIT_S)


@contextmanager
def terminal(command: list[str], **environment: str) -> Iterator[Terminal]:
    made = Terminal(command, **environment)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.process.kill()
            made.process.wait()


def test_shows_what_changes_and_ends_with_the_search(making: Making) -> None:
    with terminal(watching(making), NO_COLOR="1") as seen:
        with locked(making.run.folder):
            seen.until("2 trained")
            seen.until("61.00%")
            making.trial(16, 0.72)
            seen.until("3 trained")
            making.journal.remember("ended", "budget")
        assert seen.close() == 0
    assert "72.00%" in seen.shown
    assert "finished: the budget is spent" in seen.shown
    assert "nas report" in seen.shown
    assert not COLOUR.search(seen.shown)


def test_a_screen_has_the_front_and_what_is_under_way(making: Making) -> None:
    making.begin(12)
    drawn = io.StringIO()
    console = Console(file=drawn, force_terminal=True, color_system="standard", width=80)
    console.print(screen(making.run, status(making.run), rows=1))
    told = drawn.getvalue()
    assert COLOUR.search(told)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", told)
    assert "interrupted" in plain
    assert re.search(r"1 +61\.00% +8 k +8", plain)
    assert "and 1 smaller" in plain
    assert "trial 2: 12 k MACs, epoch 0 of 2" in plain


def test_is_interrupted_without_a_word(making: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupt)
    with locked(making.run.folder):
        told = CliRunner().invoke(nas.cli.group, ["watch", str(making.run.folder), "--json"])
    assert told.exit_code == 0
    assert json.loads(told.output)["state"] == "going on"


def test_for_programs_a_line_a_change(making: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as lock:
        lock.enter_context(locked(making.run.folder))
        happens = iter([lambda: None, lambda: making.trial(16, 0.72), lambda: None, lock.close])
        monkeypatch.setattr(time, "sleep", lambda _: next(happens)())
        told = CliRunner().invoke(nas.cli.group, ["watch", str(making.run.folder), "--json"])
    assert told.exit_code == 0, told.output
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    assert [(line["state"], line["complete"], line["best"]) for line in lines] == [
        ("going on", 2, 0.61),
        ("going on", 3, 0.72),
        ("interrupted", 3, 0.72),
    ]


def test_where_nobody_looks_is_said_once(making: Making) -> None:
    with locked(making.run.folder):
        told = CliRunner().invoke(nas.cli.group, ["watch", str(making.run.folder)])
    assert "state   going on" in told.stdout
    assert "\x1b" not in told.stdout


def test_opens_in_optuna_dashboard(making: Making, tmp_path: Path) -> None:
    """By the command of the README."""
    program = shutil.which("optuna-dashboard", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        pytest.skip("optuna-dashboard is not installed")
    (url,) = re.findall(r"optuna-dashboard (sqlite:[^\s`]+)", (ROOT / "README.md").read_text())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [program, url.replace("runs/NAME", str(making.run.folder)), "--port", address.partition(":")[2]]
    with (tmp_path / "log").open("w+") as log:
        server = subprocess.Popen([*command, "--host", "127.0.0.1"], stdout=log, stderr=log)
        try:
            listed = _studies(server, address, tmp_path / "log")
        finally:
            server.terminate()
            server.wait(WAIT_S)
    assert [study["study_name"] for study in listed] == ["made"]


def _studies(server: subprocess.Popen[bytes], address: str, log: Path) -> list[dict[str, str]]:
    """What the dashboard lists, once it answers."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end and server.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"http://{address}/api/studies", timeout=10) as answer:
            return list(json.load(answer)["study_summaries"])
        time.sleep(0.2)
    raise AssertionError(log.read_text())
