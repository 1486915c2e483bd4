"""What a data set is: three labelled splits of equal-sized images, and what was done to make them so."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Split:
    """Images with their labels, both mapped from disk and shared by every process of the host.

    Args:
        images: uint8 (n, c, h, w), read-only; the channels of a pixel lie side by side in memory.
        labels: int64 (n,), read-only; indices into the classes of the data set.
    """

    images: Bytes
    labels: Ints

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set with equal-sized images, ready to train on.

    Args:
        name: What the user called it: a name, or that of the folder.
        train: What networks learn from.
        val: What drives a search; shares no image with `train`.
        test: What only the final evaluation reads.
        classes: The name of each label.
        mean: Of each channel over the training split, pixel values 0..1.
        std: Of each channel over the training split, pixel values 0..1.
        notes: Each conversion and split that was not in the files, in words.
    """

    name: str
    train: Split
    val: Split
    test: Split
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    notes: tuple[str, ...]

    @property
    def input(self) -> tuple[int, int, int]:
        """(channels, height, width) of every image."""
        _, channels, height, width = self.train.images.shape
        return channels, height, width
