"""What a reader hands over: where a data set lies, and, once opened, pixels that can be copied out."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from nas.data.dataset import Bytes, Ints

_PIECE_BYTES = 2**20


class Pixels(Protocol):
    """Images that stay where they are until they are copied out."""

    def copy(self, indices: Ints, out: Bytes) -> None:
        """Write the images `indices` to `out`, (len(indices), h, w, c)."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """One split as its files give it; `labels` is int64 (n,)."""

    pixels: Pixels
    labels: Ints


@dataclass(frozen=True, eq=False)
class Opened:
    """A data set whose sizes and labels are known, and whose pixels are not copied yet.

    Args:
        input: (channels, height, width) that the pixels are copied out with.
        classes: The name of each label.
        splits: By name: `train` always, `val` and `test` where the files have them.
        notes: The conversions that copying makes, in words.
    """

    input: tuple[int, int, int]
    classes: tuple[str, ...]
    splits: Mapping[str, Labelled]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Source:
    """A data set that was found and not opened yet.

    Args:
        name: What to call it.
        root: The folder or archive it was found in.
        files: Every file its content depends on.
        open: From the side of the images in pixels (None: as they are) to the opened data set.
    """

    name: str
    root: Path
    files: Sequence[Path]
    open: Callable[[int | None], Opened]

    def fingerprint(self) -> str:
        """64 hexadecimal digits that change when a file is added, removed, renamed or written to."""
        digest = hashlib.sha256(str(self.root.resolve()).encode())
        for file in self.files:
            stat = file.stat()
            digest.update(f"\n{file}\0{stat.st_size}\0{stat.st_mtime_ns}".encode())
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class ArrayPixels:
    """Images held in memory, uint8 (n, h, w, c), copied out as `height` x `width`."""

    images: Bytes
    height: int
    width: int

    def copy(self, indices: Ints, out: Bytes) -> None:
        """Write the images `indices` to `out`, resized where the sizes differ."""
        if self.images.shape[1:3] == (self.height, self.width):
            np.take(self.images, indices, axis=0, out=out)
            return
        for row, index in zip(out, indices, strict=True):
            image = Image.fromarray(self.images[index].squeeze())
            row[...] = np.asarray(resized(image, self.height, self.width)).reshape(row.shape)


def opened_arrays(
    train: tuple[Bytes, Ints], test: tuple[Bytes, Ints], classes: tuple[str, ...], size: int | None
) -> Opened:
    """A data set from two pairs of images, uint8 (n, h, w, c), and labels, int64 (n,)."""
    _, height, width, channels = train[0].shape
    to = (size or height, size or width)
    notes = () if to == (height, width) else (f"every image was resized from {height}x{width} to {to[0]}x{to[1]}",)
    parts = {"train": train, "test": test}
    splits = {name: Labelled(ArrayPixels(images, *to), labels) for name, (images, labels) in parts.items()}
    return Opened((channels, *to), classes, splits, notes)


def read_at_most(read: Callable[[int], bytes], most: int) -> bytes:
    """The next `most` bytes of what is read, or all there are; in pieces, as a header that lies must cost no memory."""
    pieces = []
    while most > 0 and (piece := read(min(most, _PIECE_BYTES))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


def resized(image: Image.Image, height: int, width: int) -> Image.Image:
    """`image` stretched to `height` x `width`, antialiased."""
    if image.size == (width, height):
        return image
    return image.resize((width, height), Image.Resampling.BICUBIC)


def listing(names: Sequence[object]) -> str:
    """The first three names, and how many more there are."""
    shown = ", ".join(str(name) for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
