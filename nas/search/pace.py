"""How long one training takes on this machine, measured on a few images, and what of it fits a budget."""

from collections.abc import Sequence
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
        step_s: Of a step, the device time that does not depend on its images; 0 where it was not measured.
    """

    recipe: Recipe
    train: int
    val: int
    test: int
    per_image_s: float | None
    step_s: float = 0.0

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
        made = _shortened(self, budget_s, self.recipe.epochs if all_epochs else 1)
        steps = _more_steps(made).recipe
        if steps.batch == made.recipe.batch:
            return made
        return self.with_batch(steps.batch).within(budget_s, all_epochs=all_epochs)

    def with_batch(self, batch: int) -> "Pace":
        """The same with batches of another size, and a rate in proportion."""
        recipe = replace(self.recipe, batch=batch, lr=self.recipe.lr * batch / self.recipe.batch)
        slower_s = self.step_s * (1 / batch - 1 / self.recipe.batch)
        return replace(self, recipe=recipe, per_image_s=self.per_image_s and self.per_image_s + slower_s)


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
    in_part = in_whole = seconds_per_image(candidate, data, small, device=device, seed=seed)
    if in_part is not None and in_part * recipe.batch < _QUICK_S:
        in_whole = seconds_per_image(candidate, data, recipe, device=device, seed=seed)
    train = min(len(data.train), recipe.limit or len(data.train))
    return Pace(recipe, train, len(data.val), len(data.test), in_whole, _step_s(in_part, in_whole, recipe.batch))


def together(paces: Sequence[Pace]) -> Pace:
    """The pace of one training of each, as if they were one; of which none is known, the longest stands for it."""
    known = [each.per_image_s for each in paces if each.per_image_s is not None]
    per_image_s = sum(known) + max(known) * (len(paces) - len(known)) if known else None
    return replace(paces[0], per_image_s=per_image_s, step_s=sum(each.step_s for each in paces))


def _step_s(in_part: float | None, in_whole: float | None, batch: int) -> float:
    """What a step takes beside its images, by the time an image takes in a batch of sixteen and in a whole one."""
    if in_part is None or in_whole is None or batch <= _MEASURED:
        return 0.0
    return max(0.0, in_part - in_whole) / (1 / _MEASURED - 1 / batch)


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
        recipe = replace(recipe, batch=recipe.batch // 2)
    return made.with_batch(recipe.batch)
