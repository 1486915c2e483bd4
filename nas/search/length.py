"""How long a trial trains: the recipe of searches, shortened until enough trials fit the budget."""

from dataclasses import dataclass, replace
from typing import Any

from nas.search.forecast import images_seen
from nas.train.recipe import Recipe, recipe_of

TRIALS = 16
"""Fewer make no front."""

_FEWEST_TRAINED = 1000
_FEWEST_VALIDATED = 1000


@dataclass(frozen=True)
class Length:
    """Of every trial of a search.

    Args:
        recipe: With the number of epochs, and of training images where not all are used.
        train: Training images in an epoch.
        val: Validation images after an epoch.
    """

    recipe: Recipe
    train: int
    val: int

    @property
    def images(self) -> float:
        """In an epoch, in training images."""
        return images_seen(self.train, self.val)

    @property
    def all_images(self) -> float:
        """In a trial, in training images."""
        return self.recipe.epochs * self.images


def full(recipe: Recipe, *, train: int, val: int) -> Length:
    """The length of a recipe on so many images, nothing shortened."""
    return Length(recipe, min(train, recipe.limit or train), val)


def length_of(fields: dict[str, Any]) -> Length:
    """The length that `dataclasses.asdict` made `fields` of.

    Raises:
        KeyError, TypeError: it made them of something else.
    """
    return Length(recipe_of(fields["recipe"]), int(fields["train"]), int(fields["val"]))


def shortened(length: Length, *, seconds_per_image: float, seconds: float) -> Length:
    """A length of which 16 trials of a middling network fit the budget, if any does.

    The images, those for validation too, are halved as long as 1,000 of each are left; then epochs are left out, down
    to one. Halving, so that a machine measured a little differently gives the same length.

    Args:
        length: In full.
        seconds_per_image: To train the middling network.
        seconds: The budget.
    """

    def fits(length: Length) -> bool:
        return TRIALS * length.all_images * seconds_per_image <= seconds

    while not fits(length) and length.train // 2 >= _FEWEST_TRAINED:
        train, val = length.train // 2, max(length.val // 2, min(length.val, _FEWEST_VALIDATED))
        length = Length(replace(length.recipe, limit=train), train, val)
    while not fits(length) and length.recipe.epochs > 1:
        length = replace(length, recipe=replace(length.recipe, epochs=length.recipe.epochs - 1))
    return length
