"""Whatever a run's folder holds, it is soon read, or refused with a clear error."""

import io
import json
import pickle
import random
import sqlite3
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from nas.errors import NasError
from nas.runs import Run, create, open_run
from nas.runs.journal import read_trials
from nas.search.budget import Budget
from nas.search.status import status
from nas.train import checkpoint
from nas.weights import files as weights
from tests.hostile import damaged, damaged_bytes, survives
from tests.test_hostile_data import Trap
from tests.test_runs import REQUEST, journal_of_three

PIECES = [*'"{}[],:-.0', "null", "NaN", "1e999", "9" * 5000, "\\ud800", '{"a":' * 2000, "[]", "nas 1\\n", "\\n"]
VALUES = ["null", "[]", "{}", '"x"', "-1", "1e999", "[[1]]", '[{"val_accuracy": "x"}]', "\ufffd", "", "[" * 5000]
WORDS = (b"val_accuracy", b"nas 1", b"fingerprint", b"first")
FACTS = {"overhead": 1.0, "budget": asdict(Budget(9.0, "cpu")), "workers": 2, "ended": "budget"}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = create(REQUEST, runs_dir=tmp_path, name="first")
    journal = journal_of_three(run)
    for name, value in FACTS.items():
        journal.remember(name, value)
    return run


def rngs(name: str, count: int) -> list[random.Random]:
    return [random.Random(f"{name} {i}") for i in range(count)]


def look(run: Run) -> None:
    """What commands read of a run."""
    status(run)
    for trial in read_trials(run):
        json.dumps(trial.accuracies), f"{trial.accuracy} {trial.macs:,} {trial.seconds:.1f}"


def test_a_damaged_request(run: Run) -> None:
    file = run.folder / "run.json"
    whole = file.read_text()

    def read(given: bytes) -> None:
        file.write_bytes(given)
        open_run(run.folder)

    texts = (damaged(whole, rng, PIECES).encode() for rng in rngs("request", 600))
    flipped = (damaged_bytes(whole.encode(), rng) for rng in rngs("bytes", 600))
    assert survives(read, texts) + survives(read, flipped) > 0


def test_a_damaged_study(run: Run) -> None:
    whole = run.study.read_bytes()
    told = [at for at in range(len(whole)) if whole.startswith(WORDS, at)]

    def given(rng: random.Random) -> bytes:
        if rng.random() < 0.5:
            return damaged_bytes(whole, rng)
        at = rng.choice(told) + rng.randrange(-8, 24)
        return whole[:at] + rng.randbytes(rng.randint(1, 4)) + whole[at + 4 :]

    def read(given: bytes) -> None:
        run.study.write_bytes(given)
        look(run)

    assert survives(read, map(given, rngs("study", 40)), most_s=3) > 0


@pytest.mark.parametrize(
    "statement",
    [
        "update trial_user_attributes set value_json = ? where key = 'epochs'",
        "update trial_user_attributes set value_json = ? where key = 'seconds'",
        "update trial_user_attributes set value_json = ? where key in ('network', 'fingerprint')",
        "update study_user_attributes set value_json = ?",
        "update trial_params set distribution_json = ?",
        "update trials set state = ?",
    ],
)
def test_a_study_with_other_values(run: Run, statement: str) -> None:
    whole = run.study.read_bytes()

    def read(value: str) -> None:
        run.study.write_bytes(whole)
        with sqlite3.connect(run.study) as study:
            study.execute(statement, (value,))
        study.close()
        look(run)

    survives(read, VALUES, most_s=3)


@pytest.mark.parametrize("read", [lambda file: checkpoint.load(file.parent, device=torch.device("cpu")), weights.read])
def test_damaged_weights(tmp_path: Path, read: Callable[[Path], object]) -> None:
    content = io.BytesIO()
    state = {"version": 1, "model": {"conv1.weight": torch.zeros(2, 3)}, "epochs": [{"epoch": 1}]}
    torch.save(state, content)
    file = tmp_path / checkpoint.NAME

    def load(given: bytes) -> None:
        file.write_bytes(given)
        read(file)

    survives(load, (damaged_bytes(content.getvalue(), rng) for rng in rngs("weights", 400)))


@pytest.mark.parametrize("read", [lambda file: checkpoint.load(file.parent, device=torch.device("cpu")), weights.read])
def test_weights_that_would_run_code(tmp_path: Path, read: Callable[[Path], object]) -> None:
    file = tmp_path / checkpoint.NAME
    for content in ({"version": 1, "model": Trap(tmp_path / "sprung")}, Trap(tmp_path / "sprung")):
        torch.save(content, file)
        with pytest.raises(NasError, match="not a readable"):
            read(file)
        file.write_bytes(pickle.dumps(content))
        with pytest.raises(NasError, match="not a readable"):
            read(file)
    assert not (tmp_path / "sprung").exists()
