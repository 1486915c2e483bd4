"""A network trained to be kept: its folder, a kill and what comes after, and the commands around it."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import nas
from nas.arch.nodes import Chain, Network
from nas.arch.text import parse, text
from nas.cli import group
from nas.cli.training import shown
from nas.data import progress
from nas.errors import NasError, RunError
from nas.search import pace
from nas.search.pace import Pace, _more_steps, _shortened
from nas.train import final
from nas.train.fit import Epoch
from nas.train.recipe import Recipe
from search_spaces import blocks

TINY: Network = Chain(blocks.conv_norm_act(4, 3, stride=4), blocks.classifier(10))
SHORT = Recipe(epochs=2, batch=100, limit=400)


def training(**changes: object) -> final.Training:
    return replace(
        final.Training(name="tiny", network=text(TINY), recipe=SHORT, val=100, test=200),
        **changes,  # type: ignore[arg-type]
    )


def told(result: final.Trained) -> object:
    return [replace(epoch, seconds=0) for epoch in result.epochs], result.test


class Killed(BaseException):
    """As Ctrl-C or worse."""


def test_a_training_that_was_killed_goes_on_and_ends_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    straight = final.train(training(), tmp_path / "straight")

    def kill(epoch: Epoch) -> None:
        raise Killed

    with pytest.raises(Killed):
        final.train(training(), tmp_path / "killed", on_epoch=kill)
    assert final.read(tmp_path / "killed") is None
    seen: list[int] = []
    again = final.train(training(), tmp_path / "killed", on_epoch=lambda epoch: seen.append(epoch.epoch))
    assert seen == [1, 2]
    assert told(again) == told(straight)
    weights = [torch.load(tmp_path / name / "weights.pt", weights_only=True) for name in ("straight", "killed")]
    assert all(torch.equal(one, other) for one, other in zip(*(state.values() for state in weights), strict=True))
    module = nas.build(parse((tmp_path / "killed" / "network.txt").read_text()), input=(1, 28, 28))
    module.load_state_dict(weights[1])
    assert {"training.json", "metrics.json", "network.txt", "environment.json", "weights.pt", "lock"} == {
        path.name for path in (tmp_path / "killed").iterdir()
    }
    monkeypatch.setattr(final, "evaluate", lambda *_: pytest.fail("the test split was looked at twice"))
    assert final.train(training(), tmp_path / "killed") == again == final.read(tmp_path / "killed")


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    final._claim(training(), tmp_path / "one", training().dataset())
    with pytest.raises(RunError, match="something else"):
        final.train(training(seed=1), tmp_path / "one")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes").touch()
    with pytest.raises(RunError, match="something else"):
        final.train(training(), tmp_path / "mine")
    (tmp_path / "one" / "metrics.json").write_text('{"epochs": [], "test": {}}')
    with pytest.raises(RunError, match="not the numbers of a training"):
        final.read(tmp_path / "one")
    (tmp_path / "one" / "training.json").write_text("{")
    with pytest.raises(RunError, match="cannot be read"):
        final.recorded(tmp_path / "one")


HOLDER = """
import pathlib, sys, time
from nas.runs.lock import locked
with locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_process_works_in_a_folder_until_it_dies(
    command: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(final, "fit", lambda *_, **__: pytest.fail("trained"))
    out = tmp_path / "out"
    train = ("train", "tiny.txt", "--recipe", "short.toml", "--out", str(out))
    with subprocess.Popen([sys.executable, "-c", HOLDER, out], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        for words in (train, ("reproduce", "lenet5", "--out", str(out)), ("claims", "shuffle", "--out", str(out))):
            with pytest.raises(RunError, match=f"another process works in this folder: process {holder.pid} on"):
                command(*words)
        assert [left.name for left in out.iterdir()] == ["lock"]
        holder.kill()
    with pytest.raises(pytest.fail.Exception, match="trained"):
        command(*train)


def test_a_training_that_ends_while_one_waits_is_not_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = final.train(training(), tmp_path)
    answers = iter([None, once])
    monkeypatch.setattr(final, "read", lambda _: next(answers))
    monkeypatch.setattr(final, "fit", lambda *_, **__: pytest.fail("trained again"))
    assert final.train(training(), tmp_path) == once


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.txt").write_text(text(TINY))
    (tmp_path / "short.toml").write_text("epochs = 1\nbatch = 100\nlimit = 300\n")

    def run(*words: str) -> str:
        result = CliRunner().invoke(group, list(words))
        if isinstance(result.exception, NasError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    return run


def test_the_command_trains_goes_on_and_exports(command: Callable[..., str], tmp_path: Path) -> None:
    words = ("train", "tiny.txt", "--recipe", "short.toml", "--out", "out")
    first = json.loads(command(*words, "--json"))
    assert first["test"]["count"] > 1000
    assert 0 <= first["test"]["accuracy"] <= first["test"]["top5"] <= 1
    assert json.loads(command(*words, "--json")) == first == json.loads(command("train", "--resume", "out", "--json"))
    with pytest.raises(RunError, match="something else"):
        command(*words, "--seed", "1")
    command("export", "out", "--out", "taken", "--format", "weights")
    card = json.loads((tmp_path / "taken" / "card.json").read_text())
    assert card["metrics"][0]["value"] == first["test"]["accuracy"]
    assert "training out of tiny.txt" in (tmp_path / "taken" / "card.md").read_text()


def test_mistakes_are_told(command: Callable[..., str], tmp_path: Path) -> None:
    final._claim(training(), tmp_path / "begun", training().dataset())
    for words, rule in (
        (("train", "tiny.txt", "--budget", "3trials"), "device time, not trials"),
        (("train", "tiny.txt", "--recipe", "paper"), "no paper's recipe"),
        (("train", "tiny.txt", "--recipe", "none.toml"), "cannot be read"),
        (("train", "--resume", "."), "no training was begun"),
        (("export", "begun"), "no training has ended"),
    ):
        with pytest.raises(NasError, match=rule):
            command(*words)


def test_a_network_for_one_size_of_images_is_refused_smaller_ones(command: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "short.toml").write_text("epochs = 1\nbatch = 100\nlimit = 300\nfirst_side = 0.5\n")
    with pytest.raises(
        NasError, match=r"first_side 0.5 needs a network that reads images of any size, but this one reads"
    ):
        command("train", "lenet5", "--recipe", "short.toml", "--out", "lenet")
    assert not (tmp_path / "lenet").exists()
    command("train", "tiny.txt", "--recipe", "short.toml", "--out", "tiny")


def test_a_network_for_larger_images_is_rewritten_and_that_is_said(
    command: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[final.Training] = []

    def stop(training: final.Training, folder: Path, **_: object) -> None:
        seen.append(training)
        raise RunError("enough")

    monkeypatch.setattr(final, "train", stop)
    with pytest.raises(RunError, match="enough"):
        command("train", "mobilenet_v2-0.5", "--epochs", "3")
    assert seen[0].changed
    assert (seen[0].recipe.epochs, seen[0].data) == (3, None)


def test_a_pace_keeps_to_its_budget_as_far_as_it_can() -> None:
    whole = Pace(Recipe(epochs=16), 10_000, 1000, 2000, 0.01)
    for budget_s in (10_000, 500, 100, 30, 10):
        made = _shortened(whole, budget_s, 1)
        assert made.seconds is not None
        assert made.seconds <= budget_s
        assert (made == whole) == (budget_s == 10_000)
    assert _shortened(whole, 0.1, 1).train >= 100
    steps = _more_steps(Pace(Recipe(epochs=1, batch=64, lr=0.4), 1000, 100, 100, None)).recipe
    assert (steps.batch, steps.lr) == (16, 0.1)


@given(
    st.builds(
        Pace,
        st.builds(Recipe, epochs=st.integers(1, 40), batch=st.sampled_from([32, 64, 100])),
        train=st.integers(200, 50_000),
        val=st.integers(10, 5_000),
        test=st.integers(10, 5_000),
        per_image_s=st.floats(1e-5, 0.1),
        step_s=st.floats(0, 1),
    ),
    st.floats(1, 10_000),
)
def test_the_steps_that_are_added_are_within_the_budget_too(whole: Pace, budget_s: float) -> None:
    made = whole.within(budget_s)
    assert made.seconds is not None
    assert made.seconds <= budget_s or (made.recipe.epochs, made.train // 2 < 100) == (1, True)
    assert made.per_image_s == pytest.approx(whole.with_batch(made.recipe.batch).per_image_s)
    assert made.recipe.lr / made.recipe.batch == pytest.approx(whole.recipe.lr / whole.recipe.batch)


def test_what_small_batches_take_longer_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "seconds_per_image", lambda _, __, recipe, **___: 0.001 + 0.016 / recipe.batch)
    data, cpu = training().dataset(), torch.device("cpu")
    found = pace.pace(TINY, data, Recipe(epochs=1, batch=64), device=cpu, seed=0)
    assert (found.per_image_s, found.step_s) == (pytest.approx(0.00125), pytest.approx(0.016))
    assert found.with_batch(16).per_image_s == pytest.approx(0.002)
    assert pace.pace(TINY, data, Recipe(epochs=1, batch=8), device=cpu, seed=0).step_s == 0


def test_how_far_an_epoch_is_is_shown_on_a_terminal_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_SILENT_S", 0)
    monkeypatch.setattr(progress, "_BETWEEN_S", 0)
    shown(training(), tmp_path / "log", quiet=False)
    assert "images:" not in capsys.readouterr().err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    shown(training(), tmp_path / "terminal", quiet=False)
    lines = [line.strip() for line in capsys.readouterr().err.replace("\r", "\n").split("\n")]
    for epoch in (1, 2):
        heads = [line for line in lines if line.startswith(f"epoch   {epoch} of 2, images: ")]
        assert [head.split()[5] for head in heads] == ["0", "100", "200", "300", "400"]
        assert " to go" in heads[2]
    assert lines[-2].startswith("epoch   2 of 2   loss")
