"""On which data and for how long the networks of a claim are trained, all alike."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from nas.arch.cost import Shape, cost
from nas.arch.named import Named
from nas.arch.nodes import Chain
from nas.arch.text import text
from nas.claims.claims import Claim
from nas.data import Dataset, load
from nas.data.cache import default_dir
from nas.data.find import is_at_hand
from nas.errors import SizesError
from nas.search.pace import pace, together
from nas.train import recipes
from nas.train.final import Training, training_of
from nas.train.recipe import Recipe

SEEDS = 5
_LARGEST_IMAGES, _SMALL_IMAGES = 64, 32
_AT_HAND = "fashion-mnist"
_PLANNED = 0.85
"""Of the budget so much is planned for: to measure paces and to read the data takes time too, and they may be wrong."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The trainings of a claim: each of its networks once for each seed, those of a seed together.

    Args:
        claim: Its name.
        data: What the person calls the data; "sample" for the embedded one.
        input: Shape of an image.
        classes: Of the data.
        all_train: Training images that there are.
        train: Of them, those in an epoch.
        costs: Parameters and MACs of each network, by label.
        seconds: Device time of all trainings, as expected; None where nothing could be measured.
        budget_s: Device time that may be spent.
        seeds: How many.
        trainings: By seed, then as the claim has its networks; the name of each is its label.
    """

    claim: str
    data: str
    input: tuple[int, ...]
    classes: int
    all_train: int
    train: int
    costs: dict[str, dict[str, int]]
    seconds: float | None
    budget_s: float
    seeds: int
    trainings: tuple[Training, ...]

    @property
    def epochs(self) -> int:
        """Of a training."""
        return self.trainings[0].recipe.epochs

    def told(self) -> dict[str, Any]:
        """What a record says of it: numbers and words, and the recipe of each network in place of the trainings."""
        own = {name: value for name, value in asdict(self).items() if name != "trainings"}
        recipes = {training.name: asdict(training.recipe) for training in self.trainings}
        return {**own, "epochs": self.epochs, "recipes": recipes}


def plan_of(fields: dict[str, Any]) -> Plan:
    """The plan that `dataclasses.asdict` made `fields` of.

    Raises:
        KeyError, TypeError: fields are absent or of another kind.
        NasError: a recipe breaks a rule.
    """
    trainings = tuple(map(training_of, fields["trainings"]))
    return Plan(**{**fields, "input": tuple(fields["input"]), "trainings": trainings})


def plan(
    claim: Claim,
    named: Callable[[str], Named],
    *,
    data: str | None,
    device: torch.device,
    budget_s: float,
    seeds: int,
    epochs: int | None = None,
) -> Plan:
    """The longest trainings of a claim's networks that a budget allows; on a few images each shows how fast it is.

    All have the recipe `fast`, as many epochs, and the same images in the same order; a network without norms has the
    lower rate that `fast` gives it. Images of more than 64 pixels or of many sizes are made 32 pixels large.

    Args:
        claim: One whose networks are trained.
        named: The network of a name.
        data: None for Fashion-MNIST where it is on this machine, else the sample.
        device: To train on.
        budget_s: Device time of all trainings.
        seeds: How many.
        epochs: Of a training; None for as many as the budget allows of those of the recipe.

    Raises:
        NasError: the data cannot be had, or a network cannot read the images.
    """
    data = data or (_AT_HAND if is_at_hand(_AT_HAND, default_dir()) else "sample")
    images, size = _loaded(data)
    networks = {arm.label: arm.make(named(arm.network), len(images.classes), images.input) for arm in claim.arms}
    whole = {label: _recipe(network, epochs) for label, network in networks.items()}
    paces = [pace(network, images, whole[label], device=device, seed=0) for label, network in networks.items()]
    made = together(paces).within(_PLANNED * budget_s / seeds, all_epochs=epochs is not None)
    trainings = [
        Training(
            name=label,
            network=text(network),
            recipe=_shortened(whole[label], made.recipe, first=paces[0].recipe),
            data=data,
            size=size,
            val=made.val,
            test=made.test,
            seed=seed,
            device=str(device),
        )
        for seed in range(seeds)
        for label, network in networks.items()
    ]
    return Plan(
        claim=claim.name,
        data=data,
        input=images.input,
        classes=len(images.classes),
        all_train=len(images.train),
        train=made.train,
        costs={label: _costs(network, images.input) for label, network in networks.items()},
        seconds=None if made.seconds is None else seeds * made.seconds,
        budget_s=budget_s,
        seeds=seeds,
        trainings=tuple(trainings),
    )


def _loaded(data: str) -> tuple[Dataset, int | None]:
    with suppress(SizesError):
        images = load(data)
        if max(images.input[1:]) <= _LARGEST_IMAGES:
            return images, None
    return load(data, size=_SMALL_IMAGES), _SMALL_IMAGES


def _recipe(network: Chain, epochs: int | None) -> Recipe:
    recipe = recipes.fast(network)
    return recipe if epochs is None else replace(recipe, epochs=epochs)


def _shortened(whole: Recipe, made: Recipe, *, first: Recipe) -> Recipe:
    """A network's recipe shortened as that of the first was to `made`."""
    return replace(whole, epochs=made.epochs, limit=made.limit, batch=made.batch, lr=whole.lr * made.lr / first.lr)


def _costs(network: Chain, input: Shape) -> dict[str, int]:
    made = cost(network, input)
    return {"params": made.params, "macs": made.macs}
