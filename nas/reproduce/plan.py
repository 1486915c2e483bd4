"""On which data, by which recipe and for how long a network is trained, so that its paper's number can be met."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from nas.arch.cost import cost
from nas.arch.diff import diff
from nas.arch.named import Named
from nas.arch.text import text
from nas.data import Dataset, load
from nas.data.cache import default_dir
from nas.data.find import is_at_hand
from nas.errors import SizesError
from nas.search.pace import pace
from nas.train import recipes
from nas.train.final import Training, training_of
from nas.train.recipe import Recipe, recipe_of

SEEDS = 3
_SMALL_IMAGES = 64
_ENOUGH_EPOCHS, _ENOUGH_IMAGES = 4, 1000
_IMAGENET, _SYNSET = 1000, re.compile(r"n\d{8}")
"""Classes of ImageNet, and how their folders are called."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The trainings of a reproduction, alike but for their seeds.

    Args:
        name: The network.
        data: What the person calls the data; "sample" for the embedded one.
        classes: Of the data.
        recipe: "paper" or "fast".
        full: The recipe before it was shortened.
        all_train: Training images that there are.
        macs: Of the network as it is trained.
        is_papers_data: Whether the paper trains on this data.
        per_image_s: Device time to train on one image, as measured; None where it could not be.
        seconds: Device time of all trainings, as expected.
        budget_s: Device time that may be spent.
        trainings: One for each seed.
    """

    name: str
    data: str
    classes: int
    recipe: str
    full: Recipe
    all_train: int
    macs: int
    is_papers_data: bool
    per_image_s: float | None
    seconds: float | None
    budget_s: float
    trainings: tuple[Training, ...]

    @property
    def epochs(self) -> int:
        """Of a training."""
        return self.trainings[0].recipe.epochs

    @property
    def train(self) -> int:
        """Training images in an epoch."""
        return min(self.all_train, self.trainings[0].recipe.limit or self.all_train)

    @property
    def changed(self) -> tuple[str, ...]:
        """What was changed in the network for these images and classes, in words."""
        return self.trainings[0].changed

    def told(self) -> dict[str, Any]:
        """What a record says of it: numbers and words, and of the trainings what all have in common."""
        first = self.trainings[0]
        own = {name: value for name, value in asdict(self).items() if name != "trainings"}
        common = {"epochs": self.epochs, "train": self.train, "val": first.val, "test": first.test}
        return {**own, **common, "changed": list(self.changed), "seeds": len(self.trainings)}


def plan_of(fields: dict[str, Any]) -> Plan:
    """The plan that `dataclasses.asdict` made `fields` of.

    Raises:
        KeyError, TypeError: fields are absent or of another kind.
        NasError: a recipe breaks a rule.
    """
    trainings = tuple(map(training_of, fields["trainings"]))
    return Plan(**{**fields, "full": recipe_of(fields["full"]), "trainings": trainings})


def plan(
    named: Named,
    *,
    data: str | None,
    recipe: str | None,
    device: torch.device,
    budget_s: float,
    seeds: int | None,
) -> Plan:
    """The most that a budget allows towards a paper's number; a few images are trained on, to see how fast that is.

    Args:
        named: The network.
        data: None for the paper's if it is on this machine, else what is.
        recipe: None for the paper's where the data is, else `fast`.
        device: To train on.
        budget_s: Device time of all trainings.
        seeds: None for three, or one where the budget is short.

    Raises:
        NasError: the data or the recipe cannot be had, or the network cannot read the images.
    """
    paper = recipes.of_paper(named.name)
    data = data or _at_hand(paper.data)
    images, size = _loaded(data, named.input[1])
    is_papers = data in paper.data or ("imagenet" in paper.data and _is_imagenet(images.classes))
    network = named.fitted(len(images.classes), images.input)
    recipe = recipe or ("paper" if is_papers else "fast")
    full = paper.recipe if recipe == "paper" else recipes.fast(network)
    count = seeds or SEEDS
    measured = pace(network, images, full, device=device, seed=0)
    made = measured.within(budget_s / count)
    if seeds is None and (made.recipe.epochs < _ENOUGH_EPOCHS or made.train < _ENOUGH_IMAGES):
        count, made = 1, measured.within(budget_s)
    first = Training(
        name=named.name,
        network=text(network),
        recipe=made.recipe,
        data=data,
        size=size,
        val=made.val,
        test=made.test,
        device=str(device),
        changed=tuple(map(str, diff(named.network(), network))),
    )
    return Plan(
        name=named.name,
        data=data,
        classes=len(images.classes),
        recipe=recipe,
        full=full,
        all_train=len(images.train),
        macs=cost(network, images.input).macs,
        is_papers_data=is_papers,
        per_image_s=measured.per_image_s,
        seconds=None if made.seconds is None else count * made.seconds,
        budget_s=budget_s,
        trainings=tuple(replace(first, seed=seed) for seed in range(count)),
    )


def _loaded(data: str, side: int) -> tuple[Dataset, int | None]:
    """Images at the side of a network for small ones, else as they are; where they are of many sizes, at its side."""
    size = side if side <= _SMALL_IMAGES and data != "imagenet" else None
    try:
        return load(data, size=size), size
    except SizesError:
        return load(data, size=side), side


def _is_imagenet(classes: Sequence[str]) -> bool:
    """Whether a folder's classes are called as those of ImageNet are, and are as many: 1,000 of one's own are not."""
    return len(classes) == _IMAGENET and all(map(_SYNSET.fullmatch, classes))


def _at_hand(wanted: tuple[str, ...]) -> str:
    """The first of the paper's data sets that is on this machine, else another one, else the sample."""
    here = (name for name in (*wanted, "fashion-mnist") if is_at_hand(name, default_dir()))
    return next(here, "sample")
