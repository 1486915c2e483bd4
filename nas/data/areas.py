"""Crops of a share of an image's area, resized to the image again: of whole batches, on the device that holds them."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

_WIDEST = 4 / 3
"""Ratio of the sides of a box, either way."""

_TRIES = 10
"""Of a box that lies within the image; after them it is the whole image."""


def draw(area: float, count: int, image: tuple[int, int], generator: np.random.Generator) -> NDArray[np.int32]:
    """A box for each image, int32 (count, 4): top, left, height and width, in pixels.

    As the Inception networks are trained: a share of the area from `area` to 1, and a ratio of width to height from
    3/4 to 4/3, evenly by its logarithm.
    """
    whole = np.array(image)
    sides, left = np.tile(whole, (count, 1)), np.arange(count)
    for _ in range(_TRIES):
        pixels = whole.prod() * generator.uniform(area, 1, len(left))
        ratio = _WIDEST ** generator.uniform(-1, 1, len(left))
        tried = np.sqrt(np.stack([pixels / ratio, pixels * ratio], axis=1)).round().clip(1)
        fits = np.all(tried <= whole, axis=1)
        sides[left[fits]] = tried[fits]
        left = left[~fits]
    corners = np.floor(generator.random((count, 2)) * (whole - sides + 1))
    return np.concatenate([corners, sides], axis=1).astype(np.int32)


def resized(images: Tensor, boxes: Tensor) -> Tensor:
    """What lies in each image's box, enlarged to the size of the image, bilinearly.

    Args:
        images: uint8 (n, h, w, c).
        boxes: From `draw`, on the same device.

    Returns:
        uint8 (n, h, w, c).
    """
    count, height, width, _ = images.shape
    top, left, tall, wide = boxes.float().unbind(1)
    grid = torch.empty((count, height, width, 2), device=images.device)
    grid[..., 0] = _places(left, wide, width)[:, None, :]
    grid[..., 1] = _places(top, tall, height)[:, :, None]
    pixels = images.permute(0, 3, 1, 2).float()
    made = F.grid_sample(pixels, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return made.round_().to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def _places(start: Tensor, length: Tensor, size: int) -> Tensor:
    """Where a line of `size` pixels is read, within the box, as `grid_sample` counts: -1 to 1 across the image."""
    centres = torch.arange(size, device=start.device)[None] + 0.5
    places = (centres * (length / size)[:, None] - 0.5).clamp(min=0)
    places = torch.minimum(places, length[:, None] - 1) + start[:, None]
    return (2 * places + 1) / size - 1
