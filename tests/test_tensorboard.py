"""Event files, read back by TensorBoard itself: what the record has, and each point once, whatever was killed when."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

import nas.cli
from nas.arch.nodes import Act, Chain, Conv, Flatten, GlobalPool, Linear, Norm, pick
from nas.arch.text import text
from nas.errors import RunError
from nas.runs import Request, open_run
from nas.runs.journal import open_journal
from nas.search.events import EpochDone, Event
from nas.search.run import resume, search
from nas.train import final
from nas.train.board import Board
from nas.train.fit import Epoch
from nas.train.recipe import Recipe, learning_rate
from tests.shades import shades

SPACE = Chain(
    Conv(pick("width", 4, 8, 12, 16), pick("kernel", 1, 3)), Norm(), Act(), GlobalPool(), Flatten(), Linear(3)
)
RECIPE = Recipe(epochs=6, batch=10)
EPOCHS = [Epoch(epoch, 3 / epoch, 2 / epoch, epoch / 10, 1.0, 40) for epoch in range(1, 7)]


def points(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Of each curve, the steps and values that TensorBoard reads."""
    read = EventAccumulator(str(folder), {"scalars": 0}).Reload()
    return {tag: [(point.step, point.value) for point in read.Scalars(tag)] for tag in read.Tags()["scalars"]}


def decisions(folder: Path) -> dict[str, object]:
    """What TensorBoard's table of hyperparameters shows of a training."""
    metadata = EventAccumulator(str(folder)).Reload().summary_metadata["_hparams_/session_start_info"]
    told = HParamsPluginData.FromString(metadata.plugin_data.content).session_start_info.hparams
    return {name: getattr(value, value.WhichOneof("kind")) for name, value in told.items()}


def drawn(epochs: list[Epoch]) -> dict[str, list[tuple[int, float]]]:
    """The curves that epochs are drawn as."""
    steps = [sum(before.images for before in epochs[: i + 1]) for i in range(len(epochs))]
    tags = {"train/loss": "train_loss", "validation/loss": "val_loss", "validation/accuracy": "val_accuracy"}
    return {
        tag: [(step, pytest.approx(getattr(epoch, field))) for step, epoch in zip(steps, epochs, strict=True)]
        for tag, field in tags.items()
    }


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=6))
def test_points_are_written_once_whoever_writes_them(calls: list[tuple[int, bool]]) -> None:
    with TemporaryDirectory() as folder:
        board, there, sizes = None, 0, [0]
        for count, is_killed in [*calls, (6, False)]:
            there = max(there, count)  # A record never loses an epoch.
            if board is None or is_killed:
                board = Board(Path(folder), RECIPE, told={"width": 4, "wide": False}, costs={"macs": 1234})
            board.write(EPOCHS[:there])
            sizes.append(sum(file.stat().st_size for file in Path(folder).iterdir()))
        assert sizes == sorted(sizes)  # So that who has read so far reads on.
        board.write(EPOCHS, test=0.5, complete=True)
        found = points(Path(folder))
        rates = [learning_rate(RECIPE, (epoch.epoch - 1 / 8) / 6) for epoch in EPOCHS]
        assert [rate for _, rate in found.pop("lr")] == pytest.approx(rates)
        assert found.pop("macs") == [(0, 1234)]
        assert found.pop("test/accuracy") == [(240, 0.5)]
        assert found == drawn(EPOCHS)
        assert decisions(Path(folder)) == {"width": 4, "wide": False}


class KilledError(Exception):
    """As the machine would."""


def kill_at(number: int, epoch: int) -> Callable[[Event], None]:
    def listen(event: Event) -> None:
        if isinstance(event, EpochDone) and (event.number, event.epoch) == (number, epoch):
            raise KilledError

    return listen


def test_a_search_that_was_killed_and_resumed_draws_its_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))
    data = shades(tmp_path / "shades", classes=3, images=20, side=8, step=40, width=120)
    request = Request(
        space="tiny",
        space_text=text(SPACE),
        budget="3trials",
        workers=0,
        data=str(data),
        recipe={"epochs": 2},
        tensorboard=True,
    )
    with pytest.raises(KilledError):
        search(request, runs_dir=tmp_path, name="run", on_event=kill_at(1, 1))
    resume(open_run(tmp_path / "run"))
    trials = open_journal(open_run(tmp_path / "run")).frozen()
    assert [trial.state.name for trial in trials] == ["COMPLETE"] * 3
    for trial in trials:
        folder = tmp_path / "run" / "tensorboard" / f"trial{trial.number}"
        found = points(folder)
        epochs = [Epoch(**told) for told in trial.user_attrs["epochs"]]
        assert {tag: found[tag] for tag in drawn(epochs)} == drawn(epochs)
        assert found["macs"] == [(0, trial.user_attrs["macs"])]
        assert decisions(folder) == {**trial.params, "seed": trial.user_attrs["seed"]}


def test_a_training_is_drawn_also_when_it_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.txt").write_text(text(Chain(Conv(4, 3, stride=4), Norm(), Act(), GlobalPool(), Flatten(), Linear(10))))
    Path("short.toml").write_text("epochs = 2\nbatch = 100\nlimit = 300\n")
    words = ["train", "net.txt", "--recipe", "short.toml", "--out", "out", "--json"]
    assert CliRunner().invoke(nas.cli.group, words).exit_code == 0
    assert not Path("out/tensorboard").exists()
    Path("nas.toml").write_text("[train]\ntensorboard = true\n")
    assert CliRunner().invoke(nas.cli.group, words).exit_code == 0
    ended = final.read(Path("out"))
    assert ended is not None
    found = points(Path("out/tensorboard"))
    assert {tag: found[tag] for tag in drawn(list(ended.epochs))} == drawn(list(ended.epochs))
    assert found["test/accuracy"] == [(600, pytest.approx(ended.test.accuracy))]
    told = decisions(Path("out/tensorboard"))
    assert (told["network"], told["lr"], told["nesterov"]) == ("net.txt", pytest.approx(0.3), True)


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    board = Board(tmp_path / "file", RECIPE, told={}, costs={})
    with pytest.raises(RunError, match="the file cannot be written"):
        board.write(EPOCHS)
