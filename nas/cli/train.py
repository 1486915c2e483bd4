"""`nas train`."""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nas.arch.diff import diff
from nas.arch.nodes import Network
from nas.arch.text import text
from nas.cli import meant, options
from nas.errors import RunError

if TYPE_CHECKING:
    from nas.train.final import Trained, Training
    from nas.train.recipe import Recipe


@click.command()
@click.argument("what", metavar="[RUN:TRIAL|RUN:best|TRAINING|NETWORK|FILE]", required=False)
@click.option("--data", help="fashion-mnist, mnist, cifar10, cifar100, or a folder.  [default: an embedded sample]")
@click.option("--size", type=click.IntRange(8, 1024), help="Resize images to this side, in pixels.")
@click.option("--recipe", default="fast", show_default=True, help="paper, fast, or a .toml or .json file.")
@click.option("--epochs", type=click.IntRange(1), help="Epochs, if not those of the recipe.")
@click.option("--budget", help="Device time to keep to, by fewer epochs and images: 10cpumin, 1gpuh.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="The folder.  [default: one in --runs-dir]")
@click.option("--resume", type=click.Path(path_type=Path, exists=True), help="Go on with the training of this folder.")
@click.option("--runs-dir", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@options.tensorboard
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
    tensorboard: bool,
    as_json: bool,
) -> None:
    """Train one network to keep it, and say its accuracy on the test split.

    A network is rewritten for the size of the images and the number of classes, and what that changes is said. That of
    a trial, or of another training, said by its folder, is trained anew, on the same data unless said. The validation
    split is looked at after every epoch, the test split once, at the end. A training that was killed goes on when the
    same is asked again, or with --resume FOLDER. `nas export FOLDER` takes the model home.

    \b
    Examples:
      nas train resnet20 --data cifar10 --recipe paper
      nas train runs/NAME:best --epochs 30
      nas train shufflenet_v1-0.5-g3 --budget 5cpumin
    """
    if (what is None) == (resume is None):
        raise click.UsageError("give a network or a trial, or --resume FOLDER")
    import torch

    from nas.train.final import recorded

    from nas.cli.training import ready, trained  # isort: skip

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
    ready(torch.device(training.device))
    _report(trained(training, folder, quiet=as_json, tensorboard=tensorboard), folder, as_json=as_json)


def _planned(asked: dict[str, Any], seed: int, runs_dir: Path) -> "Training":
    from nas.data import load
    from nas.data.find import absolute
    from nas.search.pace import pace
    from nas.train.device import pick_device
    from nas.train.final import Training

    from nas.cli.training import device_and_seconds  # isort: skip

    device, budget_s = device_and_seconds(asked["budget"]) if asked["budget"] else (pick_device(), None)
    named = meant.named(asked["what"], runs_dir)
    own_data, own_size = meant.data_of(asked["what"], runs_dir)
    data, size = asked["data"] or own_data, asked["size"] or own_size
    images = load(data, size=size, seed=seed)
    network = named.fitted(len(images.classes), images.input)
    recipe = _chosen(asked["recipe"], named.name, network)
    recipe = replace(recipe, epochs=asked["epochs"]) if asked["epochs"] else recipe
    training = Training(
        name=named.name,
        network=text(network),
        recipe=recipe,
        data=absolute(data),
        size=size,
        seed=seed,
        device=str(device),
        changed=tuple(map(str, diff(named.network(), network))),
        asked=asked,
    )
    if budget_s is None:
        return training
    length = pace(network, images, recipe, device=device, seed=seed).within(budget_s)
    return replace(training, recipe=length.recipe, val=length.val, test=length.test)


def _chosen(recipe: str, name: str, network: Network) -> "Recipe":
    """The recipe that a word or a file means for a network."""
    from nas.train import recipes

    if recipe == "fast":
        return recipes.fast(network)
    return recipes.of_paper(name).recipe if recipe == "paper" else recipes.from_file(Path(recipe))


def _report(trained: "Trained", folder: Path, *, as_json: bool) -> None:
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
