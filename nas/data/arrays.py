"""A data set as a folder of arrays: `SPLIT.images.npy` and `SPLIT.labels.npy` to be mapped, and `about.json`."""

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nas.data.cache import StaleError
from nas.data.dataset import Bytes, Dataset, Ints, Split
from nas.data.source import Opened, Pixels, Source, listing
from nas.data.splits import HELD_OUT, hold_out
from nas.errors import DataError

_BLOCK = 4096


def write(folder: Path, source: Source, *, size: int | None, seed: int) -> None:
    """Copy `source` into the empty `folder`, with the splits it lacks held out from `train`.

    Raises:
        DataError: an image is damaged, a class is alone or too small to be split, or the disk is too small.
    """
    opened = source.open(size)
    missing = [name for name in ("val", "test") if name not in opened.splits]
    _check_classes(opened, len(missing), source.root)
    channels, height, width = opened.input
    images = sum(len(part.labels) for part in opened.splits.values())
    _check_space(folder, images * channels * height * width)
    shapes = {}
    for name, pixels, labels, indices in _complete(opened, missing, seed):
        shape = shapes[name] = (len(indices), height, width, channels)
        out = np.lib.format.open_memmap(_images(folder, name), mode="w+", dtype=np.uint8, shape=shape)
        pixels.copy(indices, out)
        out.flush()
        np.save(_labels(folder, name), labels[indices])
    mean, std = _moments(np.load(_images(folder, "train"), mmap_mode="r"))
    held = [f"{name} split: {HELD_OUT:.0%} of every class of train, seed {seed}" for name in missing]
    about = {
        "classes": opened.classes,
        "shapes": shapes,
        "mean": mean,
        "std": std,
        "notes": [*opened.notes, *held],
    }
    (folder / "about.json").write_text(json.dumps(about, indent=1))


def read(folder: Path, name: str) -> Dataset:
    """The data set in `folder` under `name`, its arrays mapped and not read.

    Raises:
        StaleError: a file is absent, damaged, or of another shape than was written.
    """
    try:
        about = json.loads((folder / "about.json").read_text())
        splits = {split: _mapped(folder, split, tuple(shape)) for split, shape in about["shapes"].items()}
        made = Dataset(
            name=name,
            **splits,
            classes=tuple(about["classes"]),
            mean=tuple(about["mean"]),
            std=tuple(about["std"]),
            notes=tuple(about["notes"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StaleError(str(error)) from error
    if not _is_sound(made):
        raise StaleError("about.json and the labels are not what was written")
    return made


def _images(folder: Path, split: str) -> Path:
    return folder / f"{split}.images.npy"


def _labels(folder: Path, split: str) -> Path:
    return folder / f"{split}.labels.npy"


def _mapped(folder: Path, split: str, shape: tuple[int, ...]) -> Split:
    images: Bytes = _map(_images(folder, split), shape, np.dtype(np.uint8))
    labels: Ints = _map(_labels(folder, split), shape[:1], np.dtype(np.int64))
    return Split(images.transpose(0, 3, 1, 2), labels)


def _map(file: Path, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """The array of a file; what was not written with this shape and type is not even looked at."""
    written = io.BytesIO()
    descr = np.lib.format.dtype_to_descr(dtype)
    np.lib.format.write_array_header_1_0(written, {"descr": descr, "fortran_order": False, "shape": shape})
    header = written.getvalue()
    with file.open("rb") as opened:
        if opened.read(len(header)) != header:
            raise StaleError(f"{file.name} has another shape than was written")
    return np.memmap(file, dtype, "r", len(header), shape)


def _is_sound(made: Dataset) -> bool:
    """Whether what the files say of the images can be true."""
    told = all(isinstance(word, str) for word in (*made.classes, *made.notes))
    numbers = all(isinstance(number, float) and 0 <= number <= 1 for number in (*made.mean, *made.std))
    labels = [split.labels for split in (made.train, made.val, made.test)]
    return (
        told
        and numbers
        and len(made.mean) == len(made.std) == made.input[0]
        and all(len(some) and some.min() >= 0 and some.max() < len(made.classes) for some in labels)
    )


def _complete(opened: Opened, missing: list[str], seed: int) -> Iterator[tuple[str, Pixels, Ints, Ints]]:
    """Name, pixels, labels and the indices into both, of all three splits."""
    train = opened.splits["train"]
    for name, indices in zip(["train", *missing], hold_out(train.labels, len(missing), seed=seed), strict=True):
        yield name, train.pixels, train.labels, indices
    for name, part in opened.splits.items():
        if name != "train":
            yield name, part.pixels, part.labels, np.arange(len(part.labels))


def _check_classes(opened: Opened, held_out: int, root: Path) -> None:
    if len(opened.classes) < 2:
        raise DataError(
            f"there must be two classes or more, got only {listing(opened.classes)}",
            path=str(root),
            hint="put the images of each class into its own folder, train/CLASS/",
        )
    labels, counts = np.unique(opened.splits["train"].labels, return_counts=True)
    if small := [opened.classes[label] for label in labels[counts <= held_out]]:
        raise DataError(
            f"a class of train must have {1 + held_out} images or more, as {held_out} split(s) are held out from it, "
            f"got fewer for {listing(small)}",
            path=str(root),
            hint="add images, or bring val/ and test/",
        )


def _check_space(folder: Path, needed_bytes: int) -> None:
    free_bytes = shutil.disk_usage(folder).free
    if needed_bytes > free_bytes:
        raise DataError(
            f"the cache must have room for {needed_bytes:,} bytes, got {free_bytes:,} free",
            path=str(folder.parent),
            hint="ask for smaller images, --size 64, or size=64 in Python; or name another folder in NAS_CACHE",
        )


def _moments(images: Bytes) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each channel of (n, h, w, c), pixel values 0..1, exact but for rounding."""
    channels = images.shape[-1]
    counts = np.zeros((channels, 256), np.int64)
    for start in range(0, len(images), _BLOCK):
        block = images[start : start + _BLOCK]
        for channel in range(channels):
            counts[channel] += np.bincount(block[..., channel].ravel(), minlength=256)
    values = np.arange(256) / 255
    share = counts / counts.sum(axis=1, keepdims=True)
    mean = share @ values
    variance = share @ values**2 - mean**2
    # A channel that never changes is centred and not scaled up: one grey level is the least spread there is.
    std = np.sqrt(np.maximum(variance, (1 / 255) ** 2))
    return mean.tolist(), std.tolist()
