"""A network trained to be kept: a folder with its weights and numbers, and all it takes to train it again.

`training.json` is written first, `metrics.json` and `weights.pt` last; between them `checkpoint.pt` is as old as the
last epoch, so a training that was killed goes on from there.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from nas.arch.cost import cost
from nas.arch.text import parse
from nas.data import Dataset, Split, load
from nas.data.about import About, about, check_same, remembered
from nas.data.splits import subset
from nas.errors import NasError, RunError
from nas.lower import build
from nas.runs import files
from nas.runs.environment import environment
from nas.runs.lock import is_free, locked
from nas.train import checkpoint
from nas.train.board import Board
from nas.train.evaluate import Score, evaluate
from nas.train.fit import Epoch, fit, seed_everything
from nas.train.initialize import initialize
from nas.train.recipe import Recipe, recipe_of

TRAINING, METRICS, NETWORK, WEIGHTS = "training.json", "metrics.json", "network.txt", "weights.pt"
_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Training:
    """What is trained, on what and how.

    Args:
        name: What the person called the network.
        network: Its canonical text, as it is trained.
        recipe: How.
        data: The name of the data, or its path; None for the sample.
        size: Side of the images; None keeps them.
        val: Validation images to use; None for all.
        test: Test images to use; None for all.
        seed: Of the weights, the splits and the training.
        device: Torch's name of it.
        changed: What was changed in the network for these images and classes, in words.
        asked: What the person asked, in words; a folder goes on with the training that was asked in the same.
    """

    name: str
    network: str
    recipe: Recipe
    data: str | None = None
    size: int | None = None
    val: int | None = None
    test: int | None = None
    seed: int = 0
    device: str = "cpu"
    changed: tuple[str, ...] = ()
    asked: dict[str, Any] = field(default_factory=dict)

    @property
    def data_name(self) -> str:
        """What the data is called: its name, or that of its folder."""
        return Path(self.data).name if self.data else "sample"

    def dataset(self) -> Dataset:
        """The data, with as many images as are used for validation and test."""
        whole = load(self.data, size=self.size, seed=self.seed)
        return replace(whole, val=_fewer(whole.val, self.val), test=_fewer(whole.test, self.test))


@dataclass(frozen=True)
class Trained:
    """How a training ended: its epochs, and the score on the test split, which was looked at once."""

    training: Training
    epochs: tuple[Epoch, ...]
    test: Score

    @property
    def seconds(self) -> float:
        """Spent on all epochs."""
        return sum(epoch.seconds for epoch in self.epochs)


def train(
    training: Training,
    folder: Path,
    *,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
    on_step: Callable[[int, int], None] = lambda images, of: None,
    tensorboard: bool = False,
) -> Trained:
    """Train a network from where `folder` says it is, and leave there everything that is to be known of it.

    Args:
        training: What to train; that of the folder, if there is one.
        folder: Made if absent.
        on_epoch: Called with each epoch, those on disk included.
        on_step: As in `fit`.
        tensorboard: Whether to write event files, in `folder/tensorboard`; also of a training that has ended.

    Raises:
        RunError: the folder holds something else, another process trains there, it is damaged, or cannot be written to.
        NasError: the recipe begins with smaller images, which the network cannot read.
        TrialFailure: the loss is no longer finite, or memory ran out.
    """
    ended = read(folder) if _is_its_own(training, folder) else None
    board = _board(training, folder) if tensorboard else None
    seen: list[Epoch] = []

    def tell(epoch: Epoch) -> None:
        seen.append(epoch)
        if board:
            board.write(seen)
        on_epoch(epoch)

    if ended is None:
        _check_sides(training)
        with locked(folder):
            ended = read(folder) if _is_its_own(training, folder) else None
            if ended is None:
                data = training.dataset()
                _claim(training, folder, data)
                ended = _train(training, folder, data, on_epoch=tell, on_step=on_step)
    if board:
        board.write(ended.epochs, test=ended.test.accuracy, complete=True)
    return ended


def _train(
    training: Training,
    folder: Path,
    data: Dataset,
    *,
    on_epoch: Callable[[Epoch], None],
    on_step: Callable[[int, int], None],
) -> Trained:
    device = torch.device(training.device)
    seed_everything(training.seed)
    module = build(parse(training.network), input=data.input)
    initialize(module, training.recipe.init)
    history = fit(
        module,
        data,
        training.recipe,
        device=device,
        seed=training.seed,
        folder=folder,
        on_epoch=on_epoch,
        on_step=on_step,
    )
    test = evaluate(module, data.test, data, device=device)
    checkpoint.write(folder / WEIGHTS, {name: tensor.cpu() for name, tensor in module.state_dict().items()})
    metrics = {"epochs": [asdict(epoch) for epoch in history.epochs], "test": asdict(test)}
    files.write(folder / METRICS, _json(metrics))
    (folder / checkpoint.NAME).unlink(missing_ok=True)
    return Trained(training, history.epochs, test)


def is_training(folder: Path) -> bool:
    """Whether a training was begun in a folder."""
    return (folder / TRAINING).is_file()


def recorded(folder: Path) -> Training | None:
    """The training that a folder was made for; None where it was made for none.

    Raises:
        RunError: its record is damaged, or of another version.
    """
    told = _read(folder / TRAINING)
    if told is None:
        return None
    if told.pop("version", None) != _VERSION:
        raise RunError(f"trainings have version {_VERSION}, this is another", path=str(folder / TRAINING))
    told.pop("images", None)
    try:
        return training_of(told)
    except (KeyError, TypeError) as error:
        raise RunError(f"not the record of a training: {error!r}", path=str(folder / TRAINING)) from None


def images(folder: Path) -> About:
    """What is to be known of the data of the training that a folder was made for, from its record.

    Raises:
        RunError: there is none, or it is damaged.
        DataError: an older training recorded nothing of its data, which is not at hand any more.
    """
    if found := _remembered(folder):
        return found
    training = recorded(folder)
    if training is None:
        raise RunError("no training was begun in this folder", path=str(folder))
    return about(training.dataset())


def _remembered(folder: Path) -> About | None:
    """What the record of a folder's training says of its data; None where it says nothing, as older ones do."""
    told = _read(folder / TRAINING) or {}
    try:
        return remembered(told)
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"not the record of a training: {error!r}", path=str(folder / TRAINING)) from None


def training_of(fields: dict[str, Any]) -> Training:
    """The training that `dataclasses.asdict` made `fields` of.

    Raises:
        KeyError, TypeError: fields are absent or of another kind.
        NasError: the recipe breaks a rule.
    """
    return Training(**{**fields, "recipe": recipe_of(fields["recipe"]), "changed": tuple(fields["changed"])})


def read(folder: Path) -> Trained | None:
    """The training of a folder, if it has ended.

    Raises:
        RunError: a record is damaged, or of another version.
    """
    training, told = recorded(folder), _read(folder / METRICS)
    if training is None or told is None:
        return None
    try:
        return Trained(training, tuple(Epoch(**epoch) for epoch in told["epochs"]), Score(**told["test"]))
    except (KeyError, TypeError) as error:
        raise RunError(f"not the numbers of a training: {error!r}", path=str(folder / METRICS)) from None


def _is_its_own(training: Training, folder: Path) -> bool:
    """Whether the folder is that of the training already; false where it is free, an error where it is neither."""
    found = recorded(folder)
    if found == training:
        return True
    if found is not None or not is_free(folder):
        raise RunError(
            "a training goes to a folder that is empty or its own, but this one holds something else",
            path=str(folder),
            hint="choose another --out",
        )
    return False


def _claim(training: Training, folder: Path, data: Dataset) -> None:
    """Record the training and its data in its folder, or see that they are those recorded there."""
    if _is_its_own(training, folder):
        check_same(_remembered(folder), data, path=training.data_name)
        return
    files.write(folder / NETWORK, training.network.encode())
    files.write(folder / "environment.json", environment([training.device]).encode())
    told = {"version": _VERSION, **asdict(training), "images": asdict(about(data))}
    files.write(folder / TRAINING, _json(told))


def _check_sides(training: Training) -> None:
    """See that the network reads the smaller images that its recipe begins with."""
    share = training.recipe.first_side
    if share == 1:
        return
    network, (channels, *sides) = parse(training.network), training.dataset().input
    height, width = (max(1, round(share * side)) for side in sides)
    try:
        fits = cost(network, (channels, height, width)).params == cost(network, (channels, *sides)).params
    except NasError:
        fits = False
    if not fits:
        rule = f"first_side {share:g} needs a network that reads images of any size"
        raise NasError(f"{rule}, but this one reads {'x'.join(map(str, sides))} only", path="recipe.first_side")


def _board(training: Training, folder: Path) -> Board:
    counted = cost(parse(training.network), training.dataset().input)
    recipe = {name: value for name, value in asdict(training.recipe).items() if isinstance(value, str | int | float)}
    return Board(
        folder / "tensorboard",
        training.recipe,
        told={"network": training.name, "data": training.data_name, **recipe, "seed": training.seed},
        costs={"macs": counted.macs, "params": counted.params},
    )


def _fewer(split: Split, count: int | None) -> Split:
    if count is None or count >= len(split):
        return split
    chosen = subset(split.labels, count, seed=0)
    return Split(split.images[chosen], split.labels[chosen])


def _json(told: dict[str, Any]) -> bytes:
    return (json.dumps(told, indent=2) + "\n").encode()


def _read(file: Path) -> dict[str, Any] | None:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"the file cannot be read: {error}", path=str(file), hint="remove the folder") from None
    if not isinstance(told, dict):
        raise RunError("this should be a JSON object", path=str(file), hint="remove the folder")
    return told
