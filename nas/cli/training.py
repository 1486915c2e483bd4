"""What commands that train one network after another have in common."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import torch

from nas.arch.readable import counted
from nas.data.progress import Progress
from nas.errors import BudgetError, RunError
from nas.search.budget import Budget
from nas.train import final
from nas.train.device import prepare_cpu
from nas.train.failure import TrialFailure

if TYPE_CHECKING:
    from nas.train.final import Trained, Training
    from nas.train.fit import Epoch


def device_and_seconds(budget: str) -> tuple[torch.device, float]:
    """The device that a budget is spent on, made ready, and its seconds."""
    parsed = Budget.parse(budget)
    if not parsed.is_time:
        raise BudgetError("one training is given device time, not trials", path="--budget", hint="10cpumin or 1gpuh")
    return ready(torch.device("cuda" if parsed.on_gpu(gpus=torch.cuda.device_count()) else "cpu")), parsed.amount


def ready(device: torch.device) -> torch.device:
    """The device, before its first tensor."""
    if device.type == "cpu":
        prepare_cpu()
    return device


def trained(training: "Training", folder: Path, *, quiet: bool, tensorboard: bool = False) -> "Trained":
    """As `shown`.

    Raises:
        RunError: as `final.train`; and where the training fails, which a person can change by recipe, batch or network.
    """
    with failures_told(folder):
        return shown(training, folder, quiet=quiet, tensorboard=tensorboard)


def shown(training: "Training", folder: Path, *, quiet: bool, tensorboard: bool = False) -> "Trained":
    """As `final.train`, with a line for each epoch on standard error."""
    train = partial(final.train, training, folder, tensorboard=tensorboard)
    if quiet:
        return train()
    with closing(_Display(training)) as display:
        return train(on_epoch=display.epoch, on_step=display.step)


@contextmanager
def failures_told(folder: Path) -> Iterator[None]:
    """Tell a training that fails as an error, which a person can do something about."""
    try:
        yield
    except TrialFailure as failure:
        hint = "a smaller rate" if failure.reason == "diverged" else "smaller batches, or smaller images"
        raise RunError(f"the training failed: {failure}", path=str(folder), hint=hint) from None


class _Display:
    """Shows the epochs of a training on standard error, and on a terminal how far the one is that goes on."""

    def __init__(self, training: "Training") -> None:
        recipe = training.recipe
        self._epochs, self._done = recipe.epochs, 0
        self._progress: Progress | None = None
        images = f"{recipe.limit} images" if recipe.limit else "all images"
        click.echo(
            f"{training.name}: {counted(self._epochs, 'epoch')} on {images} of {training.data_name}, "
            f"seed {training.seed}",
            err=True,
        )
        for edit in training.changed:
            click.echo(f"  changed {edit}", err=True)

    def step(self, images: int, of: int) -> None:
        """Show how far an epoch is."""
        if not sys.stderr.isatty():
            return
        if self._progress is None:
            self._progress = Progress(f"epoch {self._done + 1:3} of {self._epochs}, images", of)
        self._progress.reach(images)

    def epoch(self, epoch: "Epoch") -> None:
        """Show one that is done."""
        self.close()
        self._done = epoch.epoch
        left = epoch.seconds * (self._epochs - epoch.epoch)
        said = f"loss {epoch.train_loss:.3f}   validation {epoch.val_accuracy:.2%}   {epoch.seconds:.1f} s"
        click.echo(f"epoch {epoch.epoch:3} of {self._epochs}   {said}, {left / 60:.1f} min to go", err=True)

    def close(self) -> None:
        """Take away what is shown of an epoch that goes on."""
        if self._progress is not None:
            self._progress.clear()
            self._progress = None
