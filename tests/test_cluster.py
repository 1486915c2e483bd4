"""A search on a Ray cluster: on all its nodes, and to its end where one of them dies; and the page about it."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from nas.cli import group
from nas.runs import open_run
from nas.runs.journal import read_trials
from nas.search.status import status
from tests.two_nodes import MORE, TRIALS

ROOT = Path(__file__).parents[1]
REFUSED = (
    "--address: no Ray cluster answers at 127.0.0.1:1: [Errno 111] Connection refused",
    "--address: the address of a Ray cluster is HOST:PORT, or auto on one of its hosts, got 'ray://head:10001'",
    "--address: this host belongs to no Ray cluster",
    "data must be one of sample, fashion-mnist, mnist, cifar10, cifar100, or the path of a folder or archive, got 'no",
    "--address: a host of the cluster cannot train: ",
    "--workers: no worker of the cluster at ",
    "--workers: a worker has a core of its own, got 3 workers and 2 cores of the cluster at ",
    "--budget: a GPU budget needs a GPU, and the cluster at ",
)


@pytest.fixture
def rays() -> Iterator[Path]:
    """A folder for Ray, whose sockets have short paths only."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.mark.ray
def test_two_nodes_train_and_one_is_killed(rays: Path, tmp_path: Path) -> None:
    # Whoever had a Ray of its own in this process has said so in its environment.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environment |= {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "RAY_TMPDIR": str(rays)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.two_nodes", str(tmp_path)],
        env=environment, cwd=ROOT, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()  # And nothing that Ray has to say.
    told = json.loads(line)
    assert (told["workers"][0], told["cause"], told["elsewhere"]) == (2, "budget", True)
    for refused, rule in zip(told["refused"], REFUSED, strict=True):
        assert refused.startswith(rule)
        assert "\nhint: " in refused

    run = open_run(tmp_path / "runs" / "first")
    trials = read_trials(run)
    assert [trial.state for trial in trials] == ["complete"] * (TRIALS + MORE)
    assert len({trial.fingerprint for trial in trials}) == TRIALS + MORE
    assert all(run.weights(trial.number).is_file() for trial in trials)
    made = status(run)
    assert (made.state, made.progress.complete, made.progress.running) == ("finished", TRIALS + MORE, 0)
    assert made.seconds == pytest.approx(sum(trial.seconds for trial in trials) + made.overhead)
    log = run.log.read_text()
    places = re.findall(r"trial (\d+) is at process \d+ of \S+, node (\w+)", log)
    assert len({node for _, node in places}) == 2
    assert len({node for _, node in places[-3:]}) == 1
    assert {int(number) for number, _ in places} == set(range(TRIALS + MORE))
    assert "lost its worker" in log


def test_the_commands_of_the_page_are_read() -> None:
    from ray.scripts.scripts import cli

    lines = re.findall(r"^    (nas|ray) (.+)$", (ROOT / "docs" / "clusters.md").read_text(), flags=re.MULTILINE)
    assert len(lines) == 9
    for program, line in lines:
        verb, *words = line.split()
        command = (group if program == "nas" else cli).get_command(None, verb)  # type: ignore[arg-type]
        assert command is not None, line
        command.make_context(verb, words)  # Raises where an option is unknown or its value cannot be read.
