"""`nas train`."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nas.arch.diff import diff
from nas.arch.nodes import Network
from nas.arch.rewrite import for_images, with_classes
from nas.arch.text import text
from nas.cli import options
from nas.errors import BudgetError, RunError

if TYPE_CHECKING:
    from nas.data import Dataset
    from nas.train.final import Trained, Training
    from nas.train.fit import Epoch
    from nas.train.recipe import Recipe


@click.command()
@click.argument("what", metavar="[RUN:TRIAL|RUN:best|NETWORK|FILE]", required=False)
@click.option("--data", help="fashion-mnist, mnist, cifar10, cifar100, or a folder.  [default: an embedded sample]")
@click.option("--size", type=click.IntRange(8, 1024), help="Resize images to this side, in pixels.")
@click.option("--recipe", default="fast", show_default=True, help="paper, fast, or a .toml or .json file.")
@click.option("--epochs", type=click.IntRange(1), help="Epochs, if not those of the recipe.")
@click.option("--budget", help="Device time to keep to, by fewer epochs and images: 10cpumin, 1gpuh.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="The folder.  [default: one in --runs-dir]")
@click.option("--resume", type=click.Path(path_type=Path, exists=True), help="Go on with the training of this folder.")
@click.option("--runs-dir", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@options.as_json
def command(
    what: str | None,
    data: str | None,
    size: int | None,
    recipe: str,
    epochs: int | None,
    budget: str | None,
    seed: int,
    out: Path | None,
    resume: Path | None,
    runs_dir: Path,
    as_json: bool,
) -> None:
    """Train one network to keep it, and say its accuracy on the test split.

    A named network is rewritten for the size of the images and the number of classes, and what that changes is said.
    The validation split is looked at after every epoch, the test split once, at the end. A training that was killed
    goes on when the same is asked again, or with --resume FOLDER. `nas export FOLDER` takes the model home.

    \b
    Examples:
      nas train resnet20 --data cifar10 --recipe paper
      nas train runs/NAME:best --epochs 30
      nas train shufflenet_v1-0.5-g3 --budget 5cpumin
    """
    if (what is None) == (resume is None):
        raise click.UsageError("give a network or a trial, or --resume FOLDER")
    from nas.train.device import prepare_cpu
    from nas.train.final import recorded, train

    if resume is not None:
        folder, training = resume, recorded(resume)
        if training is None:
            raise RunError("no training was begun in this folder", path=str(resume), hint="nas train NETWORK --out DIR")
    else:
        asked = {"what": what, "data": data, "size": size, "recipe": recipe, "epochs": epochs, "budget": budget}
        folder = out or runs_dir / _name(str(what), data, recipe, seed)
        training = recorded(folder)
        if training is None or (training.asked, training.seed) != (asked, seed):
            training = _planned(asked, seed, runs_dir)
    if training.device == "cpu":
        prepare_cpu()
    show = (lambda _: None) if as_json else Shown(training)
    with failures_told(folder):
        report(train(training, folder, on_epoch=show), folder, as_json=as_json)


def _planned(asked: dict[str, Any], seed: int, runs_dir: Path) -> "Training":
    from nas.data import load
    from nas.search.pace import pace
    from nas.train.device import prepare_cpu
    from nas.train.final import Training

    device, budget_s = device_and_seconds(asked["budget"])
    if device.type == "cpu":
        prepare_cpu()
    network, named, data, size = _found(asked, runs_dir)
    images = load(data, size=size, seed=seed)
    made = fitted(network, images)
    recipe = chosen(asked["recipe"], named, made)
    recipe = replace(recipe, epochs=asked["epochs"]) if asked["epochs"] else recipe
    length = pace(made, images, recipe, device=device, seed=seed, budget_s=budget_s, measure=budget_s is not None)
    return Training(
        name=asked["what"],
        network=text(made),
        recipe=length.recipe,
        data=data,
        size=size,
        val=length.val,
        test=length.test,
        seed=seed,
        device=str(device),
        changed=tuple(map(str, diff(network, made))),
        asked=asked,
    )


def _found(asked: dict[str, Any], runs_dir: Path) -> tuple[Network, str, str | None, int | None]:
    """The network, the name whose paper's recipe is meant, and the data and size of its images."""
    run, colon, trial = asked["what"].rpartition(":")
    if not colon or Path(asked["what"]).is_file():
        return options.named(asked["what"]).network(), asked["what"], asked["data"], asked["size"]
    from nas.export.subject import of_trial
    from nas.runs import open_run
    from nas.runs.journal import read_trials

    opened = open_run(run, runs_dir=runs_dir)
    subject = of_trial(opened, trial, read_trials(opened))
    own = opened.request
    return subject.network, asked["what"], asked["data"] or own.data, asked["size"] or own.size


def fitted(network: Network, data: "Dataset") -> Network:
    """A network for the images and classes of a data set; as it is where it reads them so."""
    return for_images(with_classes(network, len(data.classes)), data.input)


def chosen(recipe: str, name: str, network: Network) -> "Recipe":
    """The recipe that a word or a file means for a network."""
    from nas.train import recipes

    if recipe == "fast":
        return recipes.fast(network)
    return recipes.of_paper(name).recipe if recipe == "paper" else recipes.from_file(Path(recipe))


def device_and_seconds(budget: str | None) -> tuple[Any, float | None]:
    """The torch device that a budget is spent on, and its seconds."""
    import torch

    from nas.search.budget import Budget
    from nas.train.device import pick_device

    if budget is None:
        return pick_device(), None
    parsed = Budget.parse(budget)
    if not parsed.is_time:
        raise BudgetError("one training is given device time, not trials", path="--budget", hint="10cpumin or 1gpuh")
    return torch.device("cuda" if parsed.on_gpu(gpus=torch.cuda.device_count()) else "cpu"), parsed.amount


@contextmanager
def failures_told(folder: Path) -> Iterator[None]:
    """Says a training's failure as an error of the person's, who can change recipe, batch or network."""
    from nas.train.failure import TrialFailure

    try:
        yield
    except TrialFailure as failure:
        hint = "a smaller rate" if failure.reason == "diverged" else "smaller batches, or smaller images"
        raise RunError(f"the training failed: {failure}", path=str(folder), hint=hint) from None


class Shown:
    """Shows the epochs of a training as lines on standard error."""

    def __init__(self, training: "Training") -> None:
        self._epochs = training.recipe.epochs
        recipe = training.recipe
        images = f"{recipe.limit} images" if recipe.limit else "all images"
        click.echo(
            f"{training.name}: {self._epochs} epochs on {images} of {training.data or 'sample'}, seed {training.seed}",
            err=True,
        )
        for edit in training.changed:
            click.echo(f"  changed {edit}", err=True)

    def __call__(self, epoch: "Epoch") -> None:
        """Show one."""
        left = epoch.seconds * (self._epochs - epoch.epoch)
        said = f"loss {epoch.train_loss:.3f}   validation {epoch.val_accuracy:.2%}   {epoch.seconds:.1f} s"
        click.echo(f"epoch {epoch.epoch:3} of {self._epochs}   {said}, {left / 60:.1f} min to go", err=True)


def report(trained: "Trained", folder: Path, *, as_json: bool) -> None:
    """The end of a training, as a person and as a program reads it."""
    test, training = trained.test, trained.training
    if as_json:
        told = {"folder": str(folder), "test": asdict(test), "epochs": [asdict(epoch) for epoch in trained.epochs]}
        click.echo(json.dumps({"name": training.name, **told, "changed": list(training.changed)}))
        return
    click.echo(
        f"{training.name}: {test.accuracy:.2%} of {test.count:,} test images right, {test.top5:.2%} among five; "
        f"one seed, {trained.seconds / 60:.1f} min of {training.device}"
    )
    click.echo(f"folder  {folder}\n\nnext:\n  nas export {folder}")


def _name(what: str, data: str | None, recipe: str, seed: int) -> str:
    parts = (Path(what).name, Path(data or "sample").name, Path(recipe).stem, f"seed{seed}")
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", "-".join(("train", *parts)))
