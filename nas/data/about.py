"""What is to be known of a data set beside its images, so that what was trained on it can do without them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from math import isclose
from typing import Any

from nas.data.dataset import Dataset
from nas.errors import DataError

_SAME = 1e-5
"""Of means, since rounding may differ from one machine to another."""


@dataclass(frozen=True)
class About:
    """Of a data set; `dataclasses.asdict` and `about_of` are each other's inverse.

    Args:
        input: Shape of an image, (channels, height, width).
        classes: The name of each label.
        mean: Of each channel over the training split, pixel values 0..1.
        std: Of each channel over the training split, pixel values 0..1.
        train: Images to learn from.
        val: Images that drive a search.
        test: Images that only the final evaluation reads.
        notes: Each conversion and split that was not in the files, in words.
    """

    input: tuple[int, int, int]
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    train: int
    val: int
    test: int
    notes: tuple[str, ...]


def about(data: Dataset) -> About:
    """What is to be known of a data set."""
    counts = {"train": len(data.train), "val": len(data.val), "test": len(data.test)}
    return About(data.input, data.classes, data.mean, data.std, **counts, notes=data.notes)


def about_of(told: dict[str, Any]) -> About:
    """What `dataclasses.asdict` made `told` of.

    Raises:
        KeyError, TypeError, ValueError: it made it of something else.
    """
    channels, height, width = map(int, told["input"])
    return About(
        (channels, height, width),
        tuple(map(str, told["classes"])),
        tuple(map(float, told["mean"])),
        tuple(map(float, told["std"])),
        int(told["train"]),
        int(told["val"]),
        int(told["test"]),
        tuple(map(str, told["notes"])),
    )


def remembered(facts: Mapping[str, Any]) -> About | None:
    """What a record says of its data, under `images`; None where it says nothing.

    Raises:
        KeyError, TypeError, ValueError: it says something else there.
    """
    return about_of(facts["images"]) if facts.get("images") else None


def check_same(before: About | None, data: Dataset, *, path: str) -> None:
    """See that a data set still is what it was, as far as that can be told without its images; None is any.

    Raises:
        DataError: it is not.
    """
    if before and (changed := list(_changes(before, about(data)))):
        raise DataError(
            f"what is gone on with has the data that it began with, but {', '.join(changed)}",
            path=path,
            hint="bring the data back to what it was, or begin anew",
        )


def _changes(before: About, now: About) -> Iterator[str]:
    for field in fields(About):
        old, new = getattr(before, field.name), getattr(now, field.name)
        if field.name in ("mean", "std"):
            same = len(old) == len(new) and all(isclose(a, b, abs_tol=_SAME) for a, b in zip(old, new, strict=True))
        else:
            same = field.name == "notes" or old == new
        if not same:
            yield f"{_WORDS[field.name]} was {_said(old)} and is {_said(new)}"


_WORDS = {
    "input": "the shape of images",
    "classes": "the list of classes",
    "mean": "the mean of pixels",
    "std": "the spread of pixels",
    "train": "the number of training images",
    "val": "the number of validation images",
    "test": "the number of test images",
}


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"{one:.4f}" if isinstance(one, float) else str(one) for one in value[:20])
    return f"{value:,}"
