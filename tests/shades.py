"""An image folder in which a class is how bright it is: quickly made, and learned in an epoch or two."""

from pathlib import Path

import numpy as np
from PIL import Image


def shades(folder: Path, *, classes: int, images: int, side: int, step: int, width: int) -> Path:
    """Make `folder`, and return it.

    Args:
        folder: Of the data set.
        classes: How many.
        images: Of each class.
        side: Of an image, in pixels.
        step: How much brighter a class is than the one before.
        width: Of the grey values of a class; wider than a step, they overlap.
    """
    rng = np.random.default_rng(0)
    for label in range(classes):
        home = folder / "train" / f"shade{label}"
        home.mkdir(parents=True)
        for i in range(images):
            pixels = rng.integers(step * label, step * label + width, (side, side), dtype=np.uint8)
            Image.fromarray(pixels).save(home / f"{i}.png")
    return folder
