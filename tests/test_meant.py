"""What was trained is a network: a trial of a run, or a training's, wherever a command takes one."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image

import nas.cli
from nas.arch.locate import locate
from nas.arch.text import parse, text
from nas.data import load
from nas.errors import DataError, RunError
from nas.export.subject import of_training
from nas.runs import Run, Trial
from nas.runs.folder import open_run
from nas.runs.journal import read_trials
from nas.train.evaluate import evaluate
from nas.train.final import recorded
from tests.test_data import of_many_sizes
from tests.test_resume import SPACE

SEARCH = ["search", "--space", "tiny.py:tiny", "--epochs", "1", "--workers", "0"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(nas.cli.group, arguments, catch_exceptions=False)


def answer(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a run, `first`, of three trials on the embedded sample."""
    folder = tmp_path_factory.mktemp("meant")
    (folder / "tiny.py").write_text(SPACE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("NAS_CACHE", str(folder / "cache"))
        answer(*SEARCH, "--budget", "3trials", "--name", "first")
        yield folder


@pytest.fixture(scope="module")
def searched(home: Path) -> Run:
    return open_run(home / "runs" / "first")


@pytest.fixture(scope="module")
def best(searched: Run) -> Trial:
    return max(read_trials(searched), key=lambda trial: (trial.accuracy or 0, -trial.macs))


def test_it_is_shown_on_the_images_of_its_run(searched: Run, best: Trial) -> None:
    for trial in read_trials(searched):
        shown = answer("show", f"runs/first:{trial.number}")
        assert (shown["text"], shown["macs"], shown["input"]) == (trial.network, trial.macs, [1, 28, 28])
    assert answer("show", "first:best")["fingerprint"] == best.fingerprint


def test_it_is_drawn_and_opened(home: Path) -> None:
    assert run("draw", "first:best", "--out", "best.svg").exit_code == 0
    assert "first:best" in (home / "best.svg").read_text()
    assert run("open", "first:best", "--out", "around.py").exit_code == 0
    assert answer("info", "--space", "around.py:space")["points"] > 1


def test_it_is_told_apart_from_another(best: Trial) -> None:
    assert answer("diff", "first:best", f"first:{best.number}") == []
    assert answer("diff", "first:best", "lenet5")


def test_it_lies_in_its_space_at_its_point(searched: Run, best: Trial) -> None:
    point = locate(parse(best.network), searched.request.open_space())
    assert answer("locate", "first:best", "--space", "tiny.py:tiny")["point"] == point == best.point


def test_it_is_compared_on_other_images_of_other_sizes(home: Path) -> None:
    rng = np.random.default_rng(0)
    for side in range(12, 42):
        for word in ("cat", "dog"):
            (home / "own" / "train" / word).mkdir(parents=True, exist_ok=True)
            image = Image.fromarray(rng.integers(0, 255, (side, side, 3), dtype=np.uint8))
            image.save(home / "own" / "train" / word / f"{side}.png")
    asked = ["compare", "first:best", "lenet5_modern", "--data", "own", "--epochs", "1", "--seeds", "1"]
    with pytest.raises(DataError, match="--size 64"):
        run(*asked)
    told = answer(*asked, "--size", "28", "--workers", "0", "--name", "both")
    assert {network["name"] for network in told["networks"]} == {"first:best", "lenet5_modern"}
    (first, _) = (network for _, network, _ in open_run(home / "runs" / "both").request.listed())
    assert "linear(2)" in text(first)


def test_a_search_around_it_outlives_it(home: Path, searched: Run, best: Trial) -> None:
    answer("search", "--around", "first:best", "--epochs", "1", "--workers", "0", "--budget", "1trials", "--name", "on")
    around = open_run(home / "runs" / "on")
    assert read_trials(around)[0].fingerprint == best.fingerprint
    away = shutil.move(searched.folder, home / "away")
    try:
        assert answer("report", "on")["bytes"] > 0
        assert len(answer("resume", "on", "--budget", "1trials")["front"]) >= 1
    finally:
        shutil.move(away, searched.folder)


@pytest.mark.parametrize(
    ("meant", "message"),
    [
        ("first:77", "a trial is said by its number, or as \"best\", got '77'\nhint: it has the trials 0 to 2"),
        ("nowhere:best", "a run is a folder with a run.json, found none\nhint: there are first"),
    ],
)
@pytest.mark.parametrize("command", [("show",), ("diff", "lenet5"), ("locate", "--space", "residual"), ("export",)])
def test_what_it_cannot_mean_is_told(home: Path, command: tuple[str, ...], meant: str, message: str) -> None:
    with pytest.raises(RunError, match=message):
        run(*command, meant)


def test_the_folder_of_a_training_means_its_network(home: Path, best: Trial) -> None:
    answer("train", "first:best", "--epochs", "1", "--budget", "1cpus", "--out", "trained")
    assert answer("show", "trained")["text"] == best.network
    assert answer("diff", "trained", "first:best") == []
    Path("resnet18").mkdir()
    assert answer("show", "resnet18")["name"] == "resnet18"


def test_what_was_trained_is_measured_on_a_folder_as_on_its_data(home: Path) -> None:
    photos = of_many_sizes(home / "photos")
    answer("train", "first:best", "--data", "photos", "--size", "28", "--epochs", "2", "--out", "pets")
    training = recorded(Path("pets"))
    assert training is not None
    assert (training.data, training.data_name) == (str(photos), "photos")  # Also for who goes on from another folder.
    module = of_training(Path("pets")).module
    data = load("photos", size=28)
    scores = [evaluate(module, split, data, device=torch.device("cpu")) for split in (data.train, data.val, data.test)]
    right = sum(score.accuracy * score.count for score in scores)
    answer("export", "pets", "--format", "weights", "--out", "home")
    for what in ("pets", "home/weights.pt"):
        told = answer("evaluate", what, "photos/train")
        assert (told["count"], told["accuracy"]) == (80, pytest.approx(right / 80))
    (photos / "train" / "cat").rename(photos / "train" / "fish")
    with pytest.raises(
        DataError, match=r"a folder has the name of a class of the network, got fish\nhint: .* cat, dog"
    ):
        run("evaluate", "pets", "photos/train")


def test_a_file_tells_how_many_classes_its_network_has(home: Path) -> None:
    (home / "own.txt").write_text(run("show", "resnet18", "--text").output)
    assert answer("locate", "own.txt", "--space", "article") == {
        **answer("locate", "resnet18", "--space", "article"),
        "network": "own.txt",
    }
