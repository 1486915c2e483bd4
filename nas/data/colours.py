"""Changes of colour of whole batches: brightness, contrast, saturation and lighting, as one affine map for each image.

Nothing is clipped to the range of bytes, as what follows is normalised and not shown.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_GREY = (0.299, 0.587, 0.114)
"""Of red, green and blue, the share in what is seen as brightness."""


def draw(
    jitter: float, lighting: float, count: int, channels: int, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Random numbers for each image, float32 (count, 3 + channels).

    Brightness, contrast and saturation are factors from 1 - jitter to 1 + jitter; lighting is one normal number of that
    spread for each channel.
    """
    factors = generator.uniform(1 - jitter, 1 + jitter, (count, 3))
    return np.concatenate([factors, generator.normal(0, lighting, (count, channels))], axis=1, dtype=np.float32)


def covariance(images: NDArray[np.uint8]) -> Tensor:
    """That of the colours of all pixels, (c, c), by values 0..1.

    Args:
        images: (n, h, w, c).
    """
    pixels = images.reshape(-1, images.shape[-1]) / 255.0
    return torch.from_numpy(np.atleast_2d(np.cov(pixels, rowvar=False))).float()


def maps(mean: Tensor, draws: Tensor, spread: Tensor) -> tuple[Tensor, Tensor]:
    """The map of each image's colours: x becomes `matrix @ x + offset`.

    In this order: brightness multiplies; contrast moves away from the image's mean grey, or towards it; saturation does
    so with the pixel's own grey; lighting adds one colour, which varies along the principal axes of the data's colours,
    in proportion to the variance along each. That is the covariance times normal numbers.

    Args:
        mean: Colour of each image, (n, c), by values 0..255.
        draws: From `draw`, on the same device.
        spread: From `covariance`.

    Returns:
        matrix (n, c, c) and offset (n, c), by values 0..255.
    """
    channels = mean.shape[1]
    bright, contrast, saturation = draws[:, :3, None].unbind(1)
    grey = mean.new_tensor(_GREY if channels == len(_GREY) else [1 / channels] * channels)
    offset = (1 - contrast) * bright * (mean @ grey)[:, None]  # A grey, so that saturation leaves it as it is.
    one = torch.eye(channels, device=mean.device)
    tinted = saturation[:, :, None] * one + (1 - saturation[:, :, None]) * grey.expand(channels, channels)
    return (bright * contrast)[:, :, None] * tinted, offset + 255 * draws[:, 3:] @ spread
