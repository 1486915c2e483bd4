"""On which data, by which recipe and for how long a network is trained, so that its paper's number can be met."""

from dataclasses import dataclass, replace

import torch

from nas.arch.cost import cost
from nas.arch.diff import diff
from nas.arch.named import Named
from nas.arch.rewrite import for_images, with_classes
from nas.arch.text import text
from nas.data import load
from nas.data.cache import default_dir
from nas.data.find import is_at_hand
from nas.search.pace import pace
from nas.train import recipes
from nas.train.final import Training
from nas.train.recipe import Recipe

SEEDS = 3
_SMALL_IMAGES = 64
_ENOUGH_EPOCHS, _ENOUGH_IMAGES = 4, 1000


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The trainings of a reproduction, alike but for their seeds.

    Args:
        name: The network.
        data: What the person calls the data; "sample" for the embedded one.
        classes: Of the data.
        recipe: "paper", "fast", or a file.
        full: The recipe before it was shortened.
        epochs: Of a training.
        train: Training images in an epoch.
        all_train: Training images that there are.
        val: Validation images.
        test: Test images.
        macs: Of the network as it is trained.
        changed: What was changed in it, in words.
        is_papers_data: Whether the paper trains on this data.
        seeds: Trainings.
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
    epochs: int
    train: int
    all_train: int
    val: int
    test: int
    macs: int
    changed: tuple[str, ...]
    is_papers_data: bool
    seeds: int
    per_image_s: float | None
    seconds: float | None
    budget_s: float
    trainings: tuple[Training, ...]

    @property
    def is_full(self) -> bool:
        """Whether nothing was shortened."""
        return self.epochs == self.full.epochs and self.train == self.all_train


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
    side = named.input[1]
    size = side if side <= _SMALL_IMAGES and data != "imagenet" else None
    images = load(data, size=size)
    is_papers = data in paper.data or (paper.data == ("imagenet",) and len(images.classes) == named.classes)
    start = named.network()
    network = for_images(with_classes(start, len(images.classes)), images.input)
    recipe = recipe or ("paper" if is_papers else "fast")
    full = paper.recipe if recipe == "paper" else recipes.fast(network)
    count = seeds or SEEDS
    measured = pace(network, images, full, device=device, seed=0)
    made = measured.within(budget_s / count)
    if seeds is None and (made.recipe.epochs < _ENOUGH_EPOCHS or made.train < _ENOUGH_IMAGES):
        count, made = 1, measured.within(budget_s)
    changed = tuple(map(str, diff(start, network)))
    first = Training(
        name=named.name,
        network=text(network),
        recipe=made.recipe,
        data=data,
        size=size,
        val=made.val,
        test=made.test,
        device=str(device),
        changed=changed,
    )
    return Plan(
        name=named.name,
        data=data,
        classes=len(images.classes),
        recipe=recipe,
        full=full,
        epochs=made.recipe.epochs,
        train=made.train,
        all_train=len(images.train),
        val=made.val,
        test=made.test,
        macs=cost(network, images.input).macs,
        changed=changed,
        is_papers_data=is_papers,
        seeds=count,
        per_image_s=made.per_image_s,
        seconds=None if made.seconds is None else count * made.seconds,
        budget_s=budget_s,
        trainings=tuple(replace(first, seed=seed) for seed in range(count)),
    )


def _at_hand(wanted: tuple[str, ...]) -> str:
    """The first of the paper's data sets that is on this machine, else another one, else the sample."""
    here = (name for name in (*wanted, "fashion-mnist") if is_at_hand(name, default_dir()))
    return next(here, "sample")
