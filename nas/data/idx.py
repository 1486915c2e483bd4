"""The IDX format of MNIST and its relatives: four files of unsigned bytes, gzipped or plain."""

import gzip
import math
import zlib
from functools import partial
from pathlib import Path

import numpy as np

from nas.data.dataset import Bytes, Ints
from nas.data.source import Opened, Source, opened_arrays, read_at_most
from nas.errors import DataError

FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)

_UNSIGNED_BYTES = b"\0\0\x08"
_MOST_DIMENSIONS, _MOST_BYTES = 4, 2**32


def find(root: Path, classes: tuple[str, ...] = ()) -> Source | None:
    """The IDX data set in the folder `root`, or None where one of its four files is missing.

    The files name no classes: without `classes` these are the digits of their labels.
    """
    files = [file for name in FILES if (file := _present(root / name))]
    if len(files) < len(FILES):
        return None
    return Source(root.resolve().name, root, files, partial(_open, files, classes))


def read(path: Path) -> Bytes:
    """The array of unsigned bytes in an IDX file, in the shape that its header states.

    Raises:
        DataError: the file is no IDX file, holds another type or more than 4 GiB, or is shorter or longer than its
            header says.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            header = file.read(4)
            shape = [int.from_bytes(file.read(4)) for _ in range(header[-1] if header else 0)]
            length = math.prod(shape)
            if len(shape) > _MOST_DIMENSIONS or length > _MOST_BYTES:
                raise DataError(
                    f"an IDX file must have at most {_MOST_DIMENSIONS} dimensions and {_MOST_BYTES:,} bytes, "
                    f"got {len(shape)} and {length:,}",
                    path=str(path),
                    hint="fetch it again",
                )
            content = read_at_most(file.read, length + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"an IDX file must be readable, but: {error}", path=str(path), hint="fetch it again") from None
    if header[:3] != _UNSIGNED_BYTES or len(content) != length:
        got = f"{len(content):,}" if len(content) <= length else f"more than {length:,}"
        raise DataError(
            f"an IDX file of unsigned bytes must start with 00 00 08 and be as long as its header says, "
            f"got {header[:3].hex(' ')} and {got} bytes for the shape {shape}",
            path=str(path),
            hint="fetch it again",
        )
    return np.frombuffer(content, np.uint8).reshape(shape)


def _present(path: Path) -> Path | None:
    """`path`, or what is left when it is unpacked."""
    return next((file for file in (path, path.with_suffix("")) if file.is_file()), None)


def _open(files: list[Path], classes: tuple[str, ...], size: int | None) -> Opened:
    train, test = _pair(files[0], files[1]), _pair(files[2], files[3])
    count = 1 + max(int(train[1].max()), int(test[1].max()))
    classes = classes or tuple(map(str, range(count)))
    if count > len(classes):
        raise DataError(
            f"labels must lie below {len(classes)}, the number of classes, got {count - 1}", path=str(files[1])
        )
    if train[0].shape[1:] != test[0].shape[1:]:
        raise DataError(
            f"training and test images must be of one size, got {train[0].shape[1:3]} and {test[0].shape[1:3]}",
            path=str(files[2]),
        )
    return opened_arrays(train, test, classes, size)


def _pair(images_file: Path, labels_file: Path) -> tuple[Bytes, Ints]:
    """Images, (n, h, w, 1), and labels, (n,), of one split."""
    images, labels = read(images_file), read(labels_file)
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels) or images.size == 0:
        raise DataError(
            f"images (n, h, w) must come with as many labels (n,), got {images.shape} and {labels.shape}",
            path=str(images_file),
            hint=f"fetch it and {labels_file.name} again",
        )
    return images[..., np.newaxis], labels.astype(np.int64)
