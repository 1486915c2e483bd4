"""Random crops, flips and cutouts of whole batches, on the device that holds them.

Every output pixel is named by the index of one input pixel, so a batch is augmented by a single gather of bytes.
Two pixels stand before those of the images: the fill of cutouts, and black, which lies around every image.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nas.errors import NasError

_FILL, _BLACK, _IMAGES = 0, 1, 2


@dataclass(frozen=True)
class Augment:
    """What may happen to a training image.

    Args:
        crop: Largest shift in pixels, down or up and right or left; what comes in is black.
        flip: Mirror left and right, every second time.
        alternate: Mirror by turns: who is mirrored in one epoch is not in the next, so that two epochs show all.
        cutout: Side in pixels of a square of the mean colour, centred anywhere in the image and clipped at its edge.
        area: The smallest share of its area that is kept, above 0; what is kept is resized to the image. 1 for all.
        jitter: Brightness, contrast and saturation have each a factor from 1 less so much to 1 more so much, 0..1.
        lighting: Spread of a colour that is added, along the principal axes of the colours of the data.

    Raises:
        NasError: a field breaks its rule.
    """

    crop: int = 0
    flip: bool = False
    alternate: bool = False
    cutout: int = 0
    area: float = 1.0
    jitter: float = 0.0
    lighting: float = 0.0

    def __post_init__(self) -> None:
        rules = {
            "crop is a whole number from 0": type(self.crop) is int and self.crop >= 0,
            "cutout is a whole number from 0": type(self.cutout) is int and self.cutout >= 0,
            "area is above 0, and at most 1": 0 < self.area <= 1,
            "jitter is from 0 to 1": 0 <= self.jitter <= 1,
            "lighting is at least 0": self.lighting >= 0,
        }
        for rule, holds in rules.items():
            if not holds:
                name = rule.split()[0]
                raise NasError(f"{rule}, but got {getattr(self, name)!r}", path=f"recipe.augment.{name}")

    @property
    def moves(self) -> bool:
        """Whether pixels go to other places, or are cut."""
        return bool(self.crop or self.flip or self.alternate or self.cutout)

    @property
    def colours(self) -> bool:
        """Whether colours change."""
        return self.jitter > 0 or self.lighting > 0


def draw(augment: Augment, count: int, image: tuple[int, int], generator: np.random.Generator) -> NDArray[np.int32]:
    """Random numbers for each image, int32 (count, 5): shift down, shift right, flip, cutout's row and its column."""
    height, width = image
    low = [-augment.crop, -augment.crop, 0, 0, 0]
    high = [augment.crop, augment.crop, int(augment.flip), height - 1, width - 1]
    return generator.integers(low, high, size=(count, 5), endpoint=True, dtype=np.int32)


def apply(images: Tensor, draws: Tensor, fill: Tensor, *, cutout: int) -> Tensor:
    """Each image cropped, flipped and cut as its row of `draws` says.

    Args:
        images: uint8 (n, h, w, c).
        draws: From `draw`, on the same device.
        fill: uint8 (c,), the colour of cutouts.
        cutout: Side in pixels; 0 for none.

    Returns:
        uint8 (n, h, w, c).
    """
    count, height, width, channels = images.shape
    pixels = torch.cat([fill[None], torch.zeros_like(fill)[None], images.reshape(-1, channels)])
    index = _index(draws, height, width, cutout=cutout)
    return pixels.index_select(0, index.view(-1)).view(count, height, width, channels)


def _index(draws: Tensor, height: int, width: int, *, cutout: int) -> Tensor:
    """The pixel each output pixel is taken from, int32 (n, h, w)."""
    down, right, flip, cut_row, cut_column = draws[:, :, None].unbind(1)
    rows = torch.arange(height, dtype=torch.int32, device=draws.device)[None]
    columns = torch.arange(width, dtype=torch.int32, device=draws.device)[None]
    first = _IMAGES + torch.arange(len(draws), dtype=torch.int32, device=draws.device)[:, None] * (height * width)
    # Low enough that the sum is negative whatever the other term is, so that one clamp sends it to black.
    outside = -(_IMAGES + len(draws) * height * width)
    row = rows + down
    row = torch.where((row >= 0) & (row < height), first + row * width, outside)
    column = torch.where(flip.bool(), width - 1 - columns, columns) + right
    column = torch.where((column >= 0) & (column < width), column, outside)
    index = (row[:, :, None] + column[:, None, :]).clamp_(min=_BLACK)
    if cutout:
        whole_rows = _outside(rows - cut_row, cutout)
        whole_columns = _outside(columns - cut_column, cutout)
        # What is cut becomes 0, the index of the fill; by integers, as masks take a CPU several times as long.
        index.mul_(whole_rows[:, :, None] | whole_columns[:, None, :])
    return index


def _outside(offset: Tensor, side: int) -> Tensor:
    """1 where an offset from the centre lies beyond `side` pixels, else 0."""
    return ((offset < -(side // 2)) | (offset >= side - side // 2)).int()
