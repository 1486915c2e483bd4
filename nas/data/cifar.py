"""The binary version of CIFAR-10 and CIFAR-100: records of label bytes and 3,072 planar pixels."""

import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from nas.data.dataset import Bytes, Ints
from nas.data.source import Opened, Source, listing, opened_arrays, read_at_most
from nas.errors import DataError

_PIXELS = 3 * 32 * 32
_MOST_BYTES = 2**28
"""Of a file; the largest, of 50,000 records, has 154 million."""


@dataclass(frozen=True)
class Layout:
    """Where one version keeps what.

    Args:
        archive: Name of the archive.
        folder: The only folder in it.
        train: Files of training records.
        test: Files of test records.
        classes: File with one class name a line.
        label_bytes: Label bytes before the pixels; the last one is the class.
        pickled: Names under which the same images come as pickles, which are never loaded.
    """

    archive: str
    folder: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    classes: str
    label_bytes: int
    pickled: tuple[str, str]


CIFAR10 = Layout(
    archive="cifar-10-binary.tar.gz",
    folder="cifar-10-batches-bin",
    train=tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
    test=("test_batch.bin",),
    classes="batches.meta.txt",
    label_bytes=1,
    pickled=("cifar-10-python.tar.gz", "cifar-10-batches-py"),
)
CIFAR100 = Layout(
    archive="cifar-100-binary.tar.gz",
    folder="cifar-100-binary",
    train=("train.bin",),
    test=("test.bin",),
    classes="fine_label_names.txt",
    label_bytes=2,
    pickled=("cifar-100-python.tar.gz", "cifar-100-python"),
)


def find(root: Path) -> Source | None:
    """The data set in `root`: the archive, the folder unpacked from it, or a folder that holds one of them.

    Raises:
        DataError: only the python version is there, which is made of pickles.
    """
    for layout in (CIFAR10, CIFAR100):
        names = (*layout.train, *layout.test, layout.classes)
        for folder in (root, root / layout.folder):
            files = [folder / name for name in names]
            if all(file.is_file() for file in files):
                return _source(layout, root, files, partial(_read_files, folder))
        for archive in (root, root / layout.archive):
            if archive.name == layout.archive and archive.is_file():
                return _source(layout, root, [archive], partial(_read_members, archive, layout.folder))
        for pickled in (root, *(root / name for name in layout.pickled)):
            if pickled.name in layout.pickled and pickled.exists():
                raise DataError(
                    "the python version of CIFAR is made of pickles, and a pickle can run any code when it is loaded",
                    path=str(pickled),
                    hint=f"put the binary version, {layout.archive}, in its place",
                )
    return None


def _source(layout: Layout, root: Path, files: list[Path], read: Callable[[tuple[str, ...]], list[bytes]]) -> Source:
    name = root.resolve().name.removesuffix(".tar.gz")
    return Source(name, root, files, partial(_open, layout, root, read))


def _read_files(folder: Path, names: tuple[str, ...]) -> list[bytes]:
    read = []
    for file in (folder / name for name in names):
        try:
            with file.open("rb") as opened:
                read.append(read_at_most(opened.read, _MOST_BYTES))
        except OSError as error:
            raise DataError(f"the file must be readable, but: {error.strerror}", path=str(file)) from None
    return read


def _read_members(archive: Path, folder: str, names: tuple[str, ...]) -> list[bytes]:
    """The content of each member, read in the archive's order and without unpacking anything."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                name = member.name.removeprefix(f"{folder}/")
                if name in names and member.isfile() and (file := tar.extractfile(member)):
                    found[name] = read_at_most(file.read, _MOST_BYTES)
    except (OSError, EOFError, tarfile.TarError, zlib.error, ValueError, ArithmeticError, LookupError) as error:
        raise DataError(f"the archive must be whole, but: {error}", path=str(archive), hint="fetch it again") from None
    if missing := [name for name in names if name not in found]:
        raise DataError(f"the archive must hold {listing(missing)} in {folder}", path=str(archive))
    return [found[name] for name in names]


def _open(layout: Layout, root: Path, read: Callable[[tuple[str, ...]], list[bytes]], size: int | None) -> Opened:
    *records, names = read((*layout.train, *layout.test, layout.classes))
    try:
        classes = tuple(names.decode().split())
    except UnicodeDecodeError:
        raise DataError("the names of the classes must be text in UTF-8", path=f"{root}, {layout.classes}") from None
    split_at = len(layout.train)
    train = _parse(b"".join(records[:split_at]), layout.label_bytes, len(classes), root)
    test = _parse(b"".join(records[split_at:]), layout.label_bytes, len(classes), root)
    return opened_arrays(train, test, classes, size)


def _parse(content: bytes, label_bytes: int, classes: int, root: Path) -> tuple[Bytes, Ints]:
    """Images, (n, 32, 32, 3), and labels, (n,), of a run of records."""
    record = label_bytes + _PIXELS
    if not content or len(content) % record:
        raise DataError(
            f"CIFAR files must be made of records of {record} bytes, got {len(content)} bytes",
            path=str(root),
            hint="fetch them again",
        )
    table = np.frombuffer(content, np.uint8).reshape(-1, record)
    labels = table[:, label_bytes - 1].astype(np.int64)
    if labels.max() >= classes:
        raise DataError(f"labels must lie below {classes}, the number of classes, got {labels.max()}", path=str(root))
    return table[:, label_bytes:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), labels
