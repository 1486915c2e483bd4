"""How long one training takes on this machine, measured on a few images, and what of it fits a budget."""

from dataclasses import dataclass, replace

import torch

from nas.arch.cost import cost
from nas.arch.nodes import Network
from nas.data import Dataset
from nas.search.calibrate import seconds_per_image
from nas.search.forecast import FORWARD_SHARE, images_seen
from nas.search.limits import Candidate
from nas.train.recipe import Recipe

_MEASURED, _QUICK_S = 16, 1.0
"""A batch is measured in part, and in whole where that is quick: small batches take longer an image."""

_FEW_EPOCHS, _FEW_IMAGES, _FEWEST_IMAGES = 4, 1000, 100
_FEW_STEPS, _SMALL_BATCH = 200, 16


@dataclass(frozen=True)
class Pace:
    """A training, as long as it may be.

    Args:
        recipe: With the epochs and images that fit.
        train: Training images in an epoch.
        val: Validation images after an epoch.
        test: Test images at the end.
        per_image_s: Device time to train on one image; None where it could not be measured.
    """

    recipe: Recipe
    train: int
    val: int
    test: int
    per_image_s: float | None

    @property
    def seconds(self) -> float | None:
        """Device time of the training and the test."""
        if self.per_image_s is None:
            return None
        return self.per_image_s * (self.recipe.epochs * images_seen(self.train, self.val) + FORWARD_SHARE * self.test)

    def within(self, budget_s: float, *, all_epochs: bool = False) -> "Pace":
        """The pace of a training that fits a budget, or the shortest there is.

        Epochs are left out down to four, then images are halved, of every split alike, down to 1,000; then the last
        epochs go and more images, down to 100; epochs that fit then come back. Fewer than 200 steps are made more by
        smaller batches, at a rate as much smaller.

        Args:
            budget_s: Device time of the training.
            all_epochs: Leave out no epochs, only images.
        """
        return _more_steps(_shortened(self, budget_s, self.recipe.epochs if all_epochs else 1))


def pace(network: Network, data: Dataset, recipe: Recipe, *, device: torch.device, seed: int) -> Pace:
    """The pace of a training on all of `data`; a few images are trained on first, to see how fast that is.

    Args:
        network: What is trained.
        data: On what.
        recipe: In full.
        device: On which.
        seed: Of the images that are measured on.
    """
    candidate = Candidate(network, cost(network, data.input))
    small = replace(recipe, batch=min(recipe.batch, _MEASURED))
    per_image_s = seconds_per_image(candidate, data, small, device=device, seed=seed)
    if per_image_s is not None and per_image_s * recipe.batch < _QUICK_S:
        per_image_s = seconds_per_image(candidate, data, recipe, device=device, seed=seed)
    train = min(len(data.train), recipe.limit or len(data.train))
    return Pace(recipe, train, len(data.val), len(data.test), per_image_s)


def _shortened(whole: Pace, budget_s: float, epochs: int) -> Pace:
    made = whole
    for fewest_epochs, fewest_images in ((max(_FEW_EPOCHS, epochs), _FEW_IMAGES), (epochs, _FEWEST_IMAGES)):
        while (made.seconds or 0) > budget_s and made.recipe.epochs > fewest_epochs:
            made = replace(made, recipe=replace(made.recipe, epochs=made.recipe.epochs - 1))
        while (made.seconds or 0) > budget_s and made.train // 2 >= fewest_images:
            made = _halved(made, fewest_images)
    return _longer(made, whole.recipe.epochs, budget_s)


def _longer(made: Pace, epochs: int, budget_s: float) -> Pace:
    """With the epochs that halving has made room for."""
    while made.recipe.epochs < epochs:
        longer = replace(made, recipe=replace(made.recipe, epochs=made.recipe.epochs + 1))
        if (longer.seconds or 0) > budget_s:
            break
        made = longer
    return made


def _halved(made: Pace, fewest: int) -> Pace:
    val, test = (max(count // 2, min(count, fewest)) for count in (made.val, made.test))
    return replace(made, recipe=replace(made.recipe, limit=made.train // 2), train=made.train // 2, val=val, test=test)


def _more_steps(made: Pace) -> Pace:
    recipe = made.recipe
    while recipe.epochs * (made.train // recipe.batch) < _FEW_STEPS and recipe.batch // 2 >= _SMALL_BATCH:
        recipe = replace(recipe, batch=recipe.batch // 2, lr=recipe.lr / 2)
    return replace(made, recipe=recipe)
