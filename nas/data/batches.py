"""A split as batches on a device: uint8 gathered from one copy, augmented there, and normalised last."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from nas.data import areas, colours
from nas.data.augment import Augment, apply, draw
from nas.data.dataset import Dataset, Split
from nas.data.splits import subset

# The rest of a device's memory is for the networks, often those of several trials.
_RESIDENT_SHARE = 0.25
_UPLOAD_BLOCK = 4096
_IMAGES_OF_COLOURS = 1000


class Batches:
    """Batches of a split for training and for evaluation.

    On CUDA the split is moved to the device once, where it fits in a quarter of the free memory; on a CPU every batch
    is gathered from the memory map, so that workers share one copy.

    Args:
        split: One of the splits of `data`.
        data: Gives the mean and spread to normalise by.
        device: Where batches are made.
        batch: Images in a batch.
        augment: What happens to training images; None for nothing.
        seed: Of the order, the augmentation and the subset.
        limit: Use this many images only, each class in its share; None for all.
    """

    def __init__(
        self,
        split: Split,
        data: Dataset,
        *,
        device: torch.device,
        batch: int,
        augment: Augment | None = None,
        seed: int = 0,
        limit: int | None = None,
    ) -> None:
        self._batch, self._seed = batch, seed
        self._augment = augment or Augment()
        self._device = device
        count = len(split) if limit is None else limit
        self._chosen = np.arange(len(split)) if count >= len(split) else subset(split.labels, count, seed=seed)
        self._pixels = split.images.transpose(0, 2, 3, 1)
        self._labels = torch.from_numpy(split.labels[self._chosen]).to(device)
        self._resident = self._upload() if self._fits() else None
        mean, std = torch.tensor(data.mean), torch.tensor(data.std)
        self._fill = (255 * mean).round().to(torch.uint8).to(device)
        _, height, width = data.input
        # Written out for a whole image: a broadcast along three channels would be the slowest step of all.
        self._spread = self._covariance() if self._augment.colours else None
        self._scale = (1 / (255 * std)).repeat(height * width).to(device)
        self._shift = (-mean / std).repeat(height * width).to(device)

    def __len__(self) -> int:
        """Batches in an epoch."""
        return max(1, len(self._chosen) // self._batch)

    @property
    def images(self) -> int:
        """Images in an epoch."""
        return len(self) * min(self._batch, len(self._chosen))

    def epoch(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Shuffled, augmented batches: a pure function of the seed and `epoch`.

        A last short batch is left out, unless it is the only one.

        Yields:
            float32 (b, c, h, w) in channels_last, and int64 (b,).
        """
        generator = np.random.default_rng((self._seed, epoch))
        count, height, width = len(self._chosen), *self._pixels.shape[1:3]
        shuffled = generator.permutation(count)
        drawn = draw(self._augment, count, (height, width), generator)
        if self._augment.alternate:
            drawn[:, 2] = (np.random.default_rng(self._seed).integers(0, 2, count)[shuffled] + epoch) % 2
        order, draws = torch.from_numpy(shuffled).to(self._device), torch.from_numpy(drawn).to(self._device)
        boxes, tints = self._drawn(generator)
        for start in range(0, len(self) * self._batch, self._batch):
            part = slice(start, start + self._batch)
            images = self._gather(order[part])
            if boxes is not None:
                images = areas.resized(images, boxes[part])
            if self._augment.moves:
                images = apply(images, draws[part], self._fill, cutout=self._augment.cutout)
            made = self._normalised(images) if tints is None else self._tinted(images, tints[part])
            yield made, self._labels[order[part]]

    def once(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Every image once, in order and plain.

        Yields:
            float32 (b, c, h, w) in channels_last, and int64 (b,); the last batch may be short.
        """
        order = torch.arange(len(self._chosen), device=self._device)
        for start in range(0, len(order), self._batch):
            part = order[start : start + self._batch]
            yield self._normalised(self._gather(part)), self._labels[part]

    def _gather(self, order: Tensor) -> Tensor:
        """The images at these places of the chosen ones, uint8 (b, h, w, c)."""
        if self._resident is not None:
            return self._resident[order]
        return torch.from_numpy(self._pixels[self._chosen[order.cpu().numpy()]]).to(self._device)

    def _drawn(self, generator: np.random.Generator) -> tuple[Tensor | None, Tensor | None]:
        """For each image of an epoch its box, and its numbers for colours; None where nothing is drawn."""
        augment, count, (height, width, channels) = self._augment, len(self._chosen), self._pixels.shape[1:]
        boxes = areas.draw(augment.area, count, (height, width), generator) if augment.area < 1 else None
        tints = colours.draw(augment.jitter, augment.lighting, count, channels, generator) if augment.colours else None
        made = (None if drawn is None else torch.from_numpy(drawn).to(self._device) for drawn in (boxes, tints))
        return next(made), next(made)

    def _covariance(self) -> Tensor:
        """Of the colours of some images, spread evenly over the chosen ones."""
        some = self._chosen[:: -(-len(self._chosen) // _IMAGES_OF_COLOURS)]
        return colours.covariance(self._pixels[some]).to(self._device)

    def _tinted(self, images: Tensor, tints: Tensor) -> Tensor:
        """Normalised, with other colours: the map of colours is that of the normalisation too."""
        count, height, width, channels = images.shape
        pixels = images.view(count, height * width, channels).float()
        assert self._spread is not None
        matrix, offset = colours.maps(pixels.mean(1), tints, self._spread)
        scale, shift = self._scale[:channels], self._shift[:channels]
        # A colour times all pixels, and the layout afterwards, takes a CPU half as long as each pixel times a matrix.
        made = torch.baddbmm((offset * scale + shift)[:, :, None], matrix * scale[:, None], pixels.mT)
        return made.mT.contiguous().view(images.shape).permute(0, 3, 1, 2)

    def _normalised(self, images: Tensor) -> Tensor:
        flat = images.flatten(1).float().mul_(self._scale).add_(self._shift)
        return flat.view(images.shape).permute(0, 3, 1, 2)

    def _fits(self) -> bool:
        if self._device.type != "cuda":
            return False
        free_bytes, _ = torch.cuda.mem_get_info(self._device)
        return bool(len(self._chosen) * self._pixels[0].nbytes <= _RESIDENT_SHARE * free_bytes)

    def _upload(self) -> Tensor:
        """The chosen images on the device, uint8 (n, h, w, c)."""
        resident = torch.empty((len(self._chosen), *self._pixels.shape[1:]), dtype=torch.uint8, device=self._device)
        for start in range(0, len(self._chosen), _UPLOAD_BLOCK):
            part = slice(start, start + _UPLOAD_BLOCK)
            resident[part] = torch.from_numpy(self._pixels[self._chosen[part]]).to(self._device)
        return resident
