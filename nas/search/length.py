"""How long a trial trains: the recipe of searches, shortened until enough trials fit the budget."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from nas.search.forecast import images_seen
from nas.train.recipe import Recipe, recipe_of

TRIALS = 16
"""Fewer make no front."""

EPOCHS_WITH_RUNGS = (81, 27, 9)
"""Of a training on all images that has three rungs, each three times as long as the one before; as many as fit."""

_ENDS_OF_THREE = 3
_FEWEST_TRAINED = 1000
_FEWEST_VALIDATED = 1000


@dataclass(frozen=True)
class Length:
    """Of every trial of a search.

    Args:
        recipe: With the number of epochs, and of training images where not all are used.
        train: Training images in an epoch.
        val: Validation images after an epoch.
        test: Test images at the end.
    """

    recipe: Recipe
    train: int
    val: int
    test: int = 0

    @property
    def images(self) -> float:
        """In an epoch, in training images."""
        return images_seen(self.train, self.val)

    @property
    def all_images(self) -> float:
        """In a trial, in training images."""
        return self.recipe.epochs * self.images + images_seen(0, self.test)

    @property
    def rungs(self) -> tuple[int, ...]:
        """Epochs in each rung; one rung is no rung."""
        return tuple(b - a for a, b in pairwise((0, *self.recipe.rungs, self.recipe.epochs)))

    @property
    def mean_images(self) -> float:
        """In a trial on the average, in training images: all rungs take the same time in all."""
        return len(self.rungs) * self.rungs[0] * self.images if self.recipe.rungs else self.all_images


def full(recipe: Recipe, *, train: int, val: int) -> Length:
    """The length of a recipe on so many images, nothing shortened."""
    return Length(recipe, min(train, recipe.limit or train), val)


def length_of(fields: dict[str, Any]) -> Length:
    """The length that `dataclasses.asdict` made `fields` of.

    Raises:
        KeyError, TypeError, ValueError: it made them of something else.
    """
    return Length(recipe_of(fields["recipe"]), int(fields["train"]), int(fields["val"]), int(fields.get("test", 0)))


def with_rungs(recipe: Recipe) -> Recipe:
    """A recipe that may be stopped after a ninth and after a third of its epochs, as far as it has so many."""
    ends = (recipe.epochs // 9, recipe.epochs // 3)
    return replace(recipe, rungs=tuple(sorted({end for end in ends if 0 < end < recipe.epochs})))


def fitted(length: Length, *, seconds_per_image: float, seconds: float, rungs: bool) -> Length:
    """The length of a search's trainings: with rungs where the budget has room for them, otherwise shortened to fit.

    Neither rungs nor a larger budget make a training shorter than it would be without.

    Args:
        length: In full: at most 9 epochs, no rungs.
        seconds_per_image: To train the middling network.
        seconds: The budget.
        rungs: Whether there may be any.
    """
    climbing = _climbing(length, seconds_per_image, seconds) if rungs else None
    return climbing or _shortened(length, seconds_per_image, seconds)


def _climbing(length: Length, seconds_per_image: float, seconds: float) -> Length | None:
    """The greatest length with rungs of which 16 trials of a middling network reach the end; None where none do.

    As all rungs take the same time, 48 whole trials would take the budget.
    """
    for epochs in EPOCHS_WITH_RUNGS:
        made = replace(length, recipe=replace(length.recipe, epochs=epochs))
        if _ENDS_OF_THREE * TRIALS * made.all_images * seconds_per_image <= seconds:
            return replace(made, recipe=with_rungs(made.recipe))
    return None


def _shortened(length: Length, seconds_per_image: float, seconds: float) -> Length:
    """A length of which 16 trials of a middling network fit the budget, if any does.

    The images, those for validation too, are halved as long as 1,000 of each are left; then epochs are left out, down
    to one. Halving, so that a machine measured a little differently gives the same length.
    """

    def fits(length: Length) -> bool:
        return TRIALS * length.all_images * seconds_per_image <= seconds

    while not fits(length) and length.train // 2 >= _FEWEST_TRAINED:
        length = _halved(length)
    while not fits(length) and length.recipe.epochs > 1:
        length = replace(length, recipe=replace(length.recipe, epochs=length.recipe.epochs - 1))
    return length


def _halved(length: Length) -> Length:
    train, val = length.train // 2, max(length.val // 2, min(length.val, _FEWEST_VALIDATED))
    return replace(length, recipe=replace(length.recipe, limit=train), train=train, val=val)
