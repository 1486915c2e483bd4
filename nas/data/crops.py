"""A folder of classes as errors are measured on it: each image once, its centre crop or all of it, read as it goes."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from nas.data.dataset import Bytes
from nas.data.pictures import SUFFIXES, UNREADABLE, decoded, visible
from nas.data.progress import Progress
from nas.data.source import listing, resized
from nas.errors import DataError

_LONGEST = 100
"""The shorter side is enlarged to the crop's, and a line of pixels with it to what fills the memory."""


class Crops:
    """The images of `root/CLASS/`; nothing is kept.

    As published errors are measured, the shorter side is resized to the crop's side divided by `share`, bilinearly, and
    the middle is cut out. Without a share an image is stretched, as `nas.data.load` does.

    Args:
        root: A folder of class folders, such as ImageNet's `val`.
        input: (channels, height, width) of a crop; grey for one channel, else RGB.
        mean: Of each channel, taken from pixel values 0..1.
        std: Of each channel, divided by.
        device: Where batches are put.
        batch: Images in a batch.
        share: Of the resized image's side, what the crop takes; None for the whole image.
        classes: The names of the classes in the order of their labels; None for those of the folders, sorted.

    Raises:
        DataError: the folder holds no images in class folders, or a folder is none of the classes.
    """

    def __init__(
        self,
        root: Path,
        input: tuple[int, int, int],
        *,
        mean: Sequence[float],
        std: Sequence[float],
        device: torch.device,
        batch: int = 64,
        share: float | None = 0.875,
        classes: Sequence[str] | None = None,
    ) -> None:
        folders = [entry for entry in visible(root) if entry.is_dir()] if root.is_dir() else []
        self.classes = tuple(folder.name for folder in folders) if classes is None else tuple(classes)
        labels = {name: label for label, name in enumerate(self.classes)}
        if others := [folder.name for folder in folders if folder.name not in labels]:
            raise DataError(
                f"a folder has the name of a class of the network, got {listing(others)}",
                path=str(root),
                hint=f"its classes are {', '.join(self.classes[:20])}{', …' if len(self.classes) > 20 else ''}",
            )
        self._files = [
            (Path(entry), labels[folder.name])
            for folder in folders
            for entry in visible(Path(folder))
            if Path(entry).suffix.lower() in SUFFIXES
        ]
        if not self._files:
            raise DataError(
                "images lie in folders of their classes, found none", path=str(root), hint="for example imagenet/val"
            )
        self._input, self._device, self._batch, self._share = input, device, batch, share
        self._mean, self._std = (torch.tensor(values).view(-1, 1, 1).to(device) for values in (mean, std))

    def once(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Every image once, in order.

        Yields:
            float32 (b, c, h, w) in channels_last, and int64 (b,); the last batch may be short.

        Raises:
            DataError: an image cannot be read.
        """
        with ThreadPoolExecutor(os.cpu_count()) as pool, Progress("images", len(self._files)) as progress:
            for start in range(0, len(self._files), self._batch):
                files, labels = zip(*self._files[start : start + self._batch], strict=True)
                pixels = torch.from_numpy(np.stack(list(pool.map(self._crop, files)))).to(self._device)
                images = (pixels.permute(0, 3, 1, 2).float() / 255 - self._mean) / self._std
                yield images.contiguous(memory_format=torch.channels_last), torch.tensor(labels, device=self._device)
                progress.advance(len(files))

    def _crop(self, file: Path) -> Bytes:
        channels, height, width = self._input
        try:
            image = decoded(file, "L" if channels == 1 else "RGB")
        except (*UNREADABLE, Image.DecompressionBombError) as error:
            raise DataError(f"an image must be a whole PNG or JPEG file: {error}", path=str(file)) from None
        if max(image.size) > _LONGEST * min(image.size):
            size = f"{image.height}x{image.width}"
            raise DataError(f"an image is at most {_LONGEST} times as long as it is wide, got {size}", path=str(file))
        if self._share is None:
            return np.asarray(resized(image, height, width)).reshape(height, width, channels)
        scale = max(height, width) / self._share / min(image.size)
        image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BILINEAR)
        left, top = round((image.width - width) / 2), round((image.height - height) / 2)
        return np.asarray(image.crop((left, top, left + width, top + height))).reshape(height, width, channels)
