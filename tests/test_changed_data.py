"""Data that changes after a training: who goes on is told, and what was trained keeps its own words for classes."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from nas.arch.nodes import Act, Chain, Conv, Flatten, GlobalPool, Linear, Norm, pick
from nas.arch.realize import realize
from nas.arch.text import text
from nas.data import load
from nas.data.about import about, about_of
from nas.errors import DataError
from nas.export.subject import of_training, of_trial
from nas.runs import Request
from nas.runs.journal import read_trials
from nas.search.budget import Budget
from nas.search.run import resume, search
from nas.train.final import Training, train
from nas.train.recipe import Recipe
from tests.test_data import of_many_sizes, picture

CONV = Conv(pick("width", 4, 5, 6), 3, stride=2)
SPACE = Chain(CONV, Norm(), Act(), GlobalPool(), Flatten(), Linear(2))
RECIPE = Recipe(epochs=2, batch=16)


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))
    return of_many_sizes(tmp_path / "photos")


def add_a_class(photos: Path) -> None:
    """Before the others by name, so that their labels move."""
    for number in range(10):
        picture(photos / "train" / "ant" / f"{number}.png", 120)


def test_what_is_known_of_data_is_read_as_it_was_written(photos: Path) -> None:
    data = load(str(photos), size=16)
    known = about(data)
    assert about_of(json.loads(json.dumps(asdict(known)))) == known
    assert (known.classes, known.train + known.val + known.test) == (("cat", "dog"), 80)


def test_a_run_goes_on_with_the_data_that_it_began_with(photos: Path, tmp_path: Path) -> None:
    asked = {"data": str(photos), "size": 16, "workers": 0, "recipe": asdict(RECIPE)}
    request = Request(space="tiny", space_text=text(SPACE), budget="1trials", **asked)
    run = search(request, runs_dir=tmp_path, name="run").run
    before = of_trial(run, "0", read_trials(run)).card()
    assert before["classes"] == ["cat", "dog"]
    add_a_class(photos)
    classes, pixels = "the list of classes was cat, dog and is ant, cat, dog", "the mean of pixels was"
    with pytest.raises(DataError, match=f"{classes}, {pixels} .*, the number of training images was 64 and is 72"):
        resume(run, more=Budget.parse("1trials"))
    assert of_trial(run, "0", read_trials(run)).card() == before
    shutil.rmtree(photos / "train" / "ant")
    assert len(read_trials(resume(run, more=Budget.parse("1trials")).run)) == 2
    shutil.rmtree(photos)
    after = of_trial(run, "0", read_trials(run)).card()
    assert all(after[word] == before[word] for word in ("classes", "mean", "std", "input", "data"))


def test_a_training_goes_on_with_the_data_that_it_began_with(photos: Path, tmp_path: Path) -> None:
    class KilledError(Exception):
        pass

    def kill(_: object) -> None:
        raise KilledError

    network = text(realize(SPACE, {"width": 4}))
    asked = Training(name="tiny", network=network, recipe=RECIPE, data=str(photos), size=16)
    with pytest.raises(KilledError):
        train(asked, tmp_path / "kept", on_epoch=kill)
    add_a_class(photos)
    with pytest.raises(DataError, match="the list of classes was cat, dog and is ant, cat, dog"):
        train(asked, tmp_path / "kept")
    shutil.rmtree(photos / "train" / "ant")
    assert len(train(asked, tmp_path / "kept").epochs) == 2
    add_a_class(photos)
    assert of_training(tmp_path / "kept").classes == ("cat", "dog")
