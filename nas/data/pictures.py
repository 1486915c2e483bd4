"""A folder of images, `train/CLASS/*.png|jpg|jpeg`, with `val/` and `test/` beside `train/` where there are any."""

import io
import os
import struct
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from pathlib import Path

import numpy as np
from PIL import Image

from nas.data.dataset import Bytes, Ints
from nas.data.progress import Progress
from nas.data.source import Labelled, Opened, Source, listing, resized
from nas.errors import DataError, SizesError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg"})
SPLITS = ("train", "val", "test")

_FORMATS = ("PNG", "JPEG")
_GREY_MODES = frozenset({"1", "L", "LA"})
_TRANSPARENT_MODES = frozenset({"LA", "PA", "RGBA"})
_EIGHT_BIT_MODES = _GREY_MODES | _TRANSPARENT_MODES | {"P", "RGB", "CMYK", "YCbCr"}
UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error)
"""What Pillow raises where a file is no whole image."""

# Decoded by one thread at a time: handing over small images one by one costs more than decoding them.
_BLOCK = 256


@dataclass(frozen=True)
class Tree:
    """What lies where in an image folder, each in the order of names.

    Args:
        images: For each split, for each class, its image files.
        misplaced: Image files anywhere else.
        others: Files in splits that are not named like images.
    """

    images: dict[str, dict[str, list[Path]]]
    misplaced: list[Path]
    others: list[Path]


def find(root: Path) -> Source | None:
    """The image folder `root`, or None where it has no `train/`.

    Raises:
        DataError: images lie outside class folders, or a class has no image or is missing from a split.
    """
    if not (root / "train").is_dir():
        return None
    tree = _scan(root)
    classes = _classes(tree, root)
    files = [file for split in tree.images.values() for images in split.values() for file in images]
    return Source(root.resolve().name, root, files, partial(_open, root, tree, classes))


def _scan(root: Path) -> Tree:
    tree = Tree({}, [], [])
    for top in visible(root):
        if top.name not in SPLITS or not top.is_dir():
            tree.misplaced.extend(file for _, file in _files(top) if _is_image(file))
            continue
        by_class = tree.images[top.name] = {entry.name: [] for entry in visible(top) if entry.is_dir()}
        for entry in visible(top):
            for depth, file in _files(entry):
                if not _is_image(file):
                    tree.others.append(file)
                elif depth == 1:
                    by_class[entry.name].append(file)
                else:
                    tree.misplaced.append(file)
    return tree


def visible(folder: os.DirEntry[str] | Path) -> list[os.DirEntry[str]]:
    """What lies in `folder`, by name, without hidden files such as `.DS_Store`."""
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if not entry.name.startswith(".")), key=attrgetter("name"))


def _files(entry: os.DirEntry[str], depth: int = 0) -> Iterator[tuple[int, Path]]:
    """`entry` itself, or every visible file below it, each with the number of folders from `entry` to it."""
    if not entry.is_dir():
        yield depth, Path(entry)
        return
    for below in visible(entry):
        yield from _files(below, depth + 1)


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def _classes(tree: Tree, root: Path) -> tuple[str, ...]:
    """The names of the classes, the same in every split."""
    if tree.misplaced:
        raise DataError(
            f"images must lie at SPLIT/CLASS/NAME with SPLIT one of {', '.join(SPLITS)}, got "
            f"{listing(_relative(tree.misplaced, root))}",
            path=str(root),
            hint="move them into class folders, or out of the data set",
        )
    if empty := [
        f"{split}/{label}" for split, by_class in tree.images.items() for label, i in by_class.items() if not i
    ]:
        raise DataError(
            f"class folders must hold {', '.join(sorted(SUFFIXES))} files, got none in {listing(empty)}",
            path=str(root),
            hint="fill or remove them",
        )
    classes = tuple(tree.images["train"])
    if not classes:
        raise DataError(
            "train/ must hold class folders, got none",
            path=str(root),
            hint="put the images of each class into its own folder, train/CLASS/",
        )
    for split, by_class in tree.images.items():
        if differing := sorted(set(by_class) ^ set(classes)):
            raise DataError(
                f"train/ and {split}/ must have the same class folders, got {listing(differing)} in one of them only",
                path=str(root),
                hint=f"add the missing folders, or remove {split}/ to have it split from train/",
            )
    return classes


def _relative(files: Sequence[Path], root: Path) -> list[str]:
    return [file.relative_to(root).as_posix() for file in files]


@dataclass(frozen=True, eq=False)
class PicturePixels:
    """Image files, copied out in one mode and size."""

    files: Sequence[Path]
    root: Path
    mode: str
    height: int
    width: int

    def copy(self, indices: Ints, out: Bytes) -> None:
        """Decode the images `indices` into `out`.

        Raises:
            DataError: some cannot be decoded; all of these are named.
        """
        blocks = [slice(start, start + _BLOCK) for start in range(0, len(indices), _BLOCK)]
        damaged: list[Path] = []
        with ThreadPoolExecutor(os.cpu_count()) as pool, Progress("reading images", len(indices)) as progress:
            for block, failed in zip(blocks, pool.map(lambda b: self._decode(indices[b], out[b]), blocks), strict=True):
                progress.advance(len(indices[block]))
                damaged += failed
        if damaged:
            raise _damaged(damaged, self.root)

    def _decode(self, indices: Ints, out: Bytes) -> list[Path]:
        """The files that cannot be decoded; the others are in `out`, (len(indices), h, w, c)."""
        failed = []
        for index, row in zip(indices, out, strict=True):
            try:
                row[...] = self._pixels(self.files[index]).reshape(row.shape)
            except UNREADABLE:
                failed.append(self.files[index])
        return failed

    def _pixels(self, file: Path) -> Bytes:
        return np.asarray(resized(decoded(file, self.mode), self.height, self.width))


def decoded(file: Path, mode: str) -> Image.Image:
    """The image of a file, in Pillow's mode "L" or "RGB".

    Raises:
        UNREADABLE: it is damaged, or neither PNG nor JPEG.
        Image.DecompressionBombError: it is made to fill the memory.
    """
    # From memory: a chunk that says it were larger than the file would be given room first.
    with Image.open(io.BytesIO(file.read_bytes()), formats=_FORMATS) as opened:
        # Pillow warns of palettes with transparency unless they pass through RGBA.
        image = opened.convert("RGBA") if opened.mode in {"P", "PA"} else opened
        return image.convert(mode)


@dataclass(frozen=True)
class Header:
    """What an image file says of itself before it is decoded."""

    mode: str
    height: int
    width: int
    transparent: bool


def _open(root: Path, tree: Tree, classes: tuple[str, ...], size: int | None) -> Opened:
    by_split = {
        split: [(file, classes.index(label)) for label, files in by_class.items() for file in files]
        for split, by_class in tree.images.items()
    }
    headers = _headers([file for pairs in by_split.values() for file, _ in pairs], root)
    height, width = (size, size) if size else _most_common_size(headers, root)
    grey = all(header.mode in _GREY_MODES for header in headers.values())
    splits = {
        split: Labelled(
            PicturePixels([file for file, _ in pairs], root, "L" if grey else "RGB", height, width),
            np.array([label for _, label in pairs], np.int64),
        )
        for split, pairs in by_split.items()
    }
    notes = (*_notes(list(headers.values()), grey, height, width), *_left_out(tree, root))
    return Opened((1 if grey else 3, height, width), classes, splits, notes)


def _headers(files: Sequence[Path], root: Path) -> dict[Path, Header]:
    """The header of every file.

    Raises:
        DataError: some are not images, are decompression bombs, or hold more than 8 bits a channel.
    """
    headers: dict[Path, Header] = {}
    damaged: list[Path] = []
    huge: list[Path] = []
    with warnings.catch_warnings(), Progress("looking at images", len(files)) as progress:
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        for file in files:
            progress.advance(1)
            try:
                with Image.open(file, formats=_FORMATS) as image:
                    transparent = image.mode in _TRANSPARENT_MODES or "transparency" in image.info
                    headers[file] = Header(image.mode, image.height, image.width, transparent)
            except (Image.DecompressionBombError, Image.DecompressionBombWarning):
                huge.append(file)
            except UNREADABLE:
                damaged.append(file)
    if damaged:
        raise _damaged(damaged, root)
    if huge:
        raise DataError(
            f"an image must have at most {Image.MAX_IMAGE_PIXELS:,} pixels, got more in "
            f"{len(huge)}: {listing(_relative(huge, root))}",
            path=str(root),
            hint="remove them: such files are made to fill the memory",
        )
    if deep := [file for file, header in headers.items() if header.mode not in _EIGHT_BIT_MODES]:
        raise DataError(
            f"an image must have 8 bits a channel, got another depth in {len(deep)}: {listing(_relative(deep, root))}",
            path=str(root),
            hint="convert them to 8-bit grey or RGB",
        )
    return headers


def _damaged(files: Sequence[Path], root: Path) -> DataError:
    return DataError(
        f"every image must be a whole PNG or JPEG file, got {len(files)} damaged: {listing(_relative(files, root))}",
        path=str(root),
        hint="replace or remove them",
    )


def _most_common_size(headers: dict[Path, Header], root: Path) -> tuple[int, int]:
    """The (height, width) of most images."""
    counts = Counter((header.height, header.width) for header in headers.values())
    (size, count), *_ = counts.most_common(1)
    if 2 * count <= len(headers):
        raise SizesError(
            f"most images must be of one size, or one must be asked for, got {len(counts)} sizes",
            path=str(root),
            hint="ask for one: --size 64, or size=64 in Python",
        )
    return size


def _notes(headers: Sequence[Header], grey: bool, height: int, width: int) -> Iterator[str]:
    """What decoding changes, in words."""
    recoloured = 0 if grey else sum(header.mode in _GREY_MODES for header in headers)
    transparent = sum(header.transparent for header in headers)
    stretched = sum((header.height, header.width) != (height, width) for header in headers)
    if recoloured:
        yield f"{recoloured:,} grey images became RGB"
    if transparent:
        yield f"{transparent:,} images lost their transparency"
    if stretched:
        yield f"{stretched:,} images were resized to {height}x{width}"


def _left_out(tree: Tree, root: Path) -> Iterator[str]:
    if tree.others:
        yield f"{len(tree.others):,} files are no images and were left out: {listing(_relative(tree.others, root))}"
