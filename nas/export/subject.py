"""What is exported: a trial of a run with its weights, or a network that was never trained."""

from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from nas.arch.cost import Shape, cost
from nas.arch.nodes import Chain, Network, chain
from nas.arch.text import fingerprint, parse, text
from nas.data.about import About
from nas.data.of_run import images_of
from nas.export.errors import ExportError
from nas.lower import NetworkModule, build
from nas.runs import Run, Trial
from nas.runs.folder import weights
from nas.runs.journal import open_journal
from nas.runs.meant import meant
from nas.runs.repeats import Repeated
from nas.train import final
from nas.weights.files import read

_SEED = 0
_LICENSES = {"sample": "MIT (Fashion-MNIST)", "fashion-mnist": "MIT"}


@dataclass(frozen=True, eq=False)
class Subject:
    """A network that leaves, with what is to be known of it.

    Args:
        name: What people call it.
        network: Without holes.
        input: Shape of an image, (channels, height, width).
        classes: The name of each output.
        mean: Of each channel, as subtracted from pixel values 0..1.
        std: Of each channel, as divided by.
        weights: File with the state dict of its module; None for random weights.
        told: The card's other entries.
    """

    name: str
    network: Chain
    input: Shape
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    weights: Path | None
    told: dict[str, Any]

    @cached_property
    def module(self) -> NetworkModule:
        """Its module with its weights, in evaluation."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(_SEED)
            module = build(self.network, input=self.input)
        if self.weights is not None:
            module.load_state_dict(read(self.weights))
        return module.eval()

    def card(self) -> dict[str, Any]:
        """Everything that `card.json` says."""
        made = cost(self.network, self.input)
        return {
            "version": 1,
            "name": self.name,
            "weights": "trained" if self.weights else f"untrained: random weights, seed {_SEED}",
            "input": list(self.input),
            "classes": list(self.classes),
            "mean": list(self.mean),
            "std": list(self.std),
            "params": made.params,
            "macs": made.macs,
            **self.told,
            "fingerprint": fingerprint(self.network),
            "network": text(self.network),
            "nas": version("nas-space"),
            "torch": torch.__version__,
        }


def untrained(name: str, network: Network, input: Shape) -> Subject:
    """A network with random weights, for images whose pixels are scaled to 0..1.

    Raises:
        ShapeError: the network cannot read the images, or does not end with a number for each class.
    """
    channels, outputs = input[0], cost(network, input).output
    if len(outputs) != 1:
        raise ExportError(f"what is exported ends with a number for each class, got a map {outputs}", path=name)
    classes = tuple(f"class {number}" for number in range(outputs[0]))
    return Subject(name, chain(network), input, classes, (0.0,) * channels, (1.0,) * channels, None, {})


def of_trial(run: Run, which: str, trials: list[Trial]) -> Subject:
    """A trial of a run: its number, or "best"; a finalist with the weights of its best training.

    Raises:
        RunError: there is no such trial.
        ExportError: it was not trained to its end, or its weights are gone.
        DataError: as `images_of`.
    """
    chosen, images = meant(run, which, trials), images_of(run)
    if isinstance(chosen, Repeated):
        trial = chosen.best
        file, told = weights(run.finalists, trial.number), _told_of_finalist(run, chosen)
    else:
        trial = _trained(run, chosen)
        trained = sum(other.state == "complete" and other.accuracy is not None for other in trials)
        file, told = run.weights(trial.number), _told(run, trial, images, trained)
    if not file.is_file():
        raise ExportError(
            f"a trial that is exported has weights, but those of trial {trial.number} are not there",
            path=str(file),
            hint="export another trial",
        )
    return Subject(
        f"{run.name}, trial {trial.name or trial.number}",
        chain(parse(trial.network)),
        images.input,
        images.classes,
        images.mean,
        images.std,
        file,
        {**told, "data": _data_told(run.request.data_name, images)},
    )


def of_training(folder: Path) -> Subject:
    """The network that `nas train` has trained in a folder.

    Raises:
        ExportError: no training has ended there.
        DataError: its data is not at hand any more.
    """
    trained = final.read(folder)
    if trained is None:
        hint = f"nas train --resume {folder}"
        raise ExportError("no training has ended in this folder", path=str(folder), hint=hint)
    training, images = trained.training, final.images(folder)
    metric = {
        "name": "accuracy",
        "value": trained.test.accuracy,
        "split": "test",
        "images": trained.test.count,
        "epochs": len(trained.epochs),
        "seeds": [training.seed],
        "among": 1,
    }
    told = {
        "metrics": [metric],
        "data": _data_told(training.data_name, images),
        "recipe": asdict(training.recipe),
        "provenance": {"training": folder.name, "asked": training.asked, "seed": training.seed},
    }
    return Subject(
        training.name,
        chain(parse(training.network)),
        images.input,
        images.classes,
        images.mean,
        images.std,
        folder / final.WEIGHTS,
        told,
    )


def _data_told(name: str, images: About) -> dict[str, Any]:
    return {
        "name": name,
        "license": _LICENSES.get(name, "unknown to nas"),
        "images": {"train": images.train, "validation": images.val, "test": images.test},
        "notes": list(images.notes),
    }


def _trained(run: Run, trial: Trial) -> Trial:
    if trial.state != "complete":
        why = f": {trial.reason}" if trial.reason else ""
        raise ExportError(
            f"a trial that is exported was trained to its end, but trial {trial.number} is {trial.state}{why}",
            path=str(run.folder),
            hint=f"say {run.name}:best for the best of those that were",
        )
    return trial


def _told_of_finalist(run: Run, network: Repeated) -> dict[str, Any]:
    """What the run's record says of the best training of a finalist."""
    studied, trial = open_journal(run).finals(), network.best
    facts = studied.facts() if studied else {}
    recipes = {entry["name"]: entry["recipe"] for entry in facts["finalists"]}
    common = {"name": "accuracy", "split": "test", "images": facts["length"]["test"], "epochs": len(trial.accuracies)}
    seeds = [other.seed for other in network.trials]
    return {
        "metrics": [
            {**common, "value": trial.test, "seeds": [trial.seed], "among": 1},
            {**common, "name": "mean accuracy", "value": network.mean, "seeds": seeds, "among": 1},
        ],
        "recipe": recipes[network.name],
        "provenance": _provenance(run, trial) | {"trial": int(network.name)},
    }


def _told(run: Run, trial: Trial, images: About, trained: int) -> dict[str, Any]:
    """What the run's record says of a trial."""
    length = open_journal(run).facts().get("length", {})
    metric = {
        "name": "accuracy",
        "value": trial.accuracy,
        "split": "validation",
        "images": length.get("val", images.val),
        "epochs": len(trial.accuracies),
        "seeds": [trial.seed],
        "among": trained,
    }
    return {"metrics": [metric], "recipe": length.get("recipe"), "provenance": _provenance(run, trial)}


def _provenance(run: Run, trial: Trial) -> dict[str, Any]:
    """Where a trial comes from."""
    return {
        "run": run.name,
        "trial": trial.number,
        "space": run.request.space,
        "budget": run.request.budget,
        "strategy": run.request.strategy,
        "seed": run.request.seed,
        "point": trial.point,
    }
