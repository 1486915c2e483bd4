"""The training of one network: epochs, each with its numbers and its checkpoint."""

import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from nas.data.batches import Batches
from nas.data.dataset import Dataset
from nas.errors import RunError
from nas.train import checkpoint
from nas.train.device import device_seconds
from nas.train.evaluate import score
from nas.train.failure import TrialFailure, out_of_memory_is_failure
from nas.train.recipe import Recipe, learning_rate, recipe_of, side_share
from nas.train.step import Step

_VALIDATION_BATCH = 256
_SEEDS_APART = 100_003


@dataclass(frozen=True)
class Epoch:
    """The numbers of one epoch.

    Args:
        epoch: Epochs done with this one, from 1.
        train_loss: Mean over the epoch of what was minimised: smoothed labels and weighted exits included.
        val_loss: Mean cross-entropy on the validation split after the epoch.
        val_accuracy: Share of the validation split that is right after the epoch, 0..1.
        seconds: Core time on a CPU, wall time on CUDA; training and validation.
        images: Training images seen in the epoch.
    """

    epoch: int
    train_loss: float
    val_loss: float
    val_accuracy: float
    seconds: float
    images: int


@dataclass(frozen=True)
class History:
    """The epochs of a training so far, in order."""

    epochs: tuple[Epoch, ...] = ()

    @property
    def last(self) -> Epoch:
        """The latest epoch; a training that has one."""
        return self.epochs[-1]

    @property
    def seconds(self) -> float:
        """Spent on all epochs, whichever process ran them."""
        return sum(epoch.seconds for epoch in self.epochs)


def seed_everything(seed: int) -> None:
    """Seed what a network draws from when it is built and trained: torch's generators, on the CPU and on every GPU."""
    torch.manual_seed(seed)


def fit(
    module: nn.Module,
    data: Dataset,
    recipe: Recipe,
    *,
    device: torch.device,
    seed: int,
    folder: Path | None = None,
    until: int | None = None,
    parts: int = 1,
    on_epoch: Callable[[Epoch], None] | None = None,
    on_step: Callable[[int, int], None] = lambda images, of: None,
) -> History:
    """Train `module` in place, and return the numbers of its epochs, those of earlier calls included.

    Order, augmentation and dropout depend on the seed and the epoch alone. So a training that is stopped after any
    epoch and resumed from its folder is the training that was never stopped; on a CPU, bit by bit.

    Args:
        module: Gives logits, or in training (logits, [logits of each exit]) with the attribute `exit_weights`.
        data: Trains on its training split, and is judged on its validation split.
        recipe: The whole schedule, also where only a part of it is run.
        device: Where to train.
        seed: Of everything but the initial weights, which the module comes with.
        folder: Holds `checkpoint.pt`, written after every epoch and resumed from; None for no checkpoints.
        until: Stop after so many epochs of the schedule; None for all.
        parts: Compute each batch in so many parts, to need less memory; batch norm then takes the statistics of parts.
        on_epoch: Called with each epoch, when its checkpoint is written; first with those that the folder brought.
        on_step: Called before the first step and after each with the images done of the epoch, and those that it has.

    Raises:
        TrialFailure: the loss is no longer finite, or memory ran out.
        RunError: the folder's checkpoint is damaged, or of another network, recipe or seed, or cannot be written.
    """
    with out_of_memory_is_failure():
        training = _Training(module, data, recipe, device=device, seed=seed, parts=parts)
        if folder is not None:
            training.resume(folder)
    if on_epoch is not None:
        for done in training.history.epochs:
            on_epoch(done)
    last = recipe.epochs if until is None else min(until, recipe.epochs)
    for epoch in range(len(training.history.epochs), last):
        with out_of_memory_is_failure():
            done = training.epoch(epoch, on_step)
        if folder is not None:
            training.save(folder)
        if on_epoch is not None:
            on_epoch(done)
    training.end()
    return training.history


class _Training:
    """A network on its way through a recipe."""

    def __init__(
        self, module: nn.Module, data: Dataset, recipe: Recipe, *, device: torch.device, seed: int, parts: int
    ) -> None:
        self.history = History()
        self._step = Step(module, recipe, device=device, parts=parts)
        self._recipe, self._device, self._seed = recipe, device, seed
        self._batches = Batches(
            data.train,
            data,
            device=device,
            batch=recipe.batch,
            augment=recipe.augment,
            seed=seed,
            limit=recipe.limit,
        )
        self._validation = Batches(data.val, data, device=device, batch=max(1, _VALIDATION_BATCH // parts))

    def epoch(self, epoch: int, on_step: Callable[[int, int], None]) -> Epoch:
        """Run and record epoch `epoch`, counted from 0."""
        begin = device_seconds(self._device)
        seed_everything(self._seed * _SEEDS_APART + epoch)
        train_loss, images = self._train(epoch, on_step)
        _must_be_finite(train_loss, f"training loss {train_loss} in epoch {epoch + 1}")
        with self._step.average.in_place() if self._step.average else nullcontext():
            val = score(self._step.module, self._validation, device=self._device)
        _must_be_finite(val.loss, f"validation loss {val.loss} after epoch {epoch + 1}")
        seconds = device_seconds(self._device) - begin
        done = Epoch(epoch + 1, train_loss, val.loss, val.accuracy, seconds, images)
        self.history = replace(self.history, epochs=(*self.history.epochs, done))
        return done

    def _train(self, epoch: int, on_step: Callable[[int, int], None]) -> tuple[float, int]:
        """The mean loss over an epoch and its images; the loss is read once, at the end."""
        self._step.module.train()
        steps = len(self._batches)
        total = torch.zeros((), device=self._device)
        images, of = 0, self._batches.images
        on_step(images, of)
        share = side_share(self._recipe, epoch / self._recipe.epochs)
        for i, (inputs, labels) in enumerate(self._batches.epoch(epoch)):
            progress = (epoch + (i + 0.5) / steps) / self._recipe.epochs  # Its middle: no step has the rate zero.
            total += len(labels) * self._step(_reduced(inputs, share), labels, lr=learning_rate(self._recipe, progress))
            images += len(labels)
            on_step(images, of)
        return float(total) / images, images

    def save(self, folder: Path) -> None:
        """Write the checkpoint of this moment."""
        state = {
            "recipe": asdict(self._recipe),
            "seed": self._seed,
            "epochs": [asdict(epoch) for epoch in self.history.epochs],
            "model": self._step.module.state_dict(),
            "optimizer": self._step.optimizer.state_dict(),
        }
        if self._step.average is not None:
            state["average"] = {"steps": self._step.average.steps, "means": self._step.average.means}
        checkpoint.save(folder, state)

    def end(self) -> None:
        """Leave the module with the weights that were judged, where the schedule is over."""
        if self._step.average is not None and len(self.history.epochs) == self._recipe.epochs:
            self._step.average.put()

    def resume(self, folder: Path) -> None:
        """Become the training that `folder` holds, if it holds one."""
        state = checkpoint.load(folder, device=self._device)
        if state is None:
            return
        path, hint = str(folder / checkpoint.NAME), "delete it to train anew"
        try:
            self._become(state, path)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            if isinstance(error, RunError):
                raise
            raise RunError(f"not the checkpoint of a training: {error!r}", path=path, hint=hint) from None

    def _become(self, state: dict[str, Any], path: str) -> None:
        module = self._step.module
        wanted = {"network": _shapes(module.state_dict()), "recipe": self._recipe, "seed": self._seed}
        found = {**state, "network": _shapes(state["model"]), "recipe": recipe_of(state["recipe"])}
        for what, value in wanted.items():
            if found[what] != value:
                hint = "give each training a folder of its own"
                raise RunError(f"the checkpoint is of another {what}", path=path, hint=hint)
        module.load_state_dict(state["model"])
        self._step.optimizer.load_state_dict(state["optimizer"])
        if self._step.average is not None:
            self._step.average.steps, self._step.average.means = state["average"]["steps"], state["average"]["means"]
        self.history = History(tuple(Epoch(**epoch) for epoch in state["epochs"]))


def _reduced(images: Tensor, share: float) -> Tensor:
    """The images with sides of that share."""
    if share == 1:
        return images
    size = [max(1, round(share * side)) for side in images.shape[2:]]
    made = F.interpolate(images, size=size, mode="bilinear", antialias=True)
    return made.contiguous(memory_format=torch.channels_last)


def _shapes(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in tensors.items()}


def _must_be_finite(loss: float, detail: str) -> None:
    if not math.isfinite(loss):
        raise TrialFailure("diverged", detail)
