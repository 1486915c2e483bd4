"""Whatever lies in the files of a data set, reading them soon gives images or a clear error."""

import gzip
import io
import json
import random
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nas.data import Dataset, arrays, cifar, idx, load, pictures
from nas.data.cache import StaleError
from nas.data.source import Source
from nas.errors import DataError
from tests.hostile import COUNT, damaged_bytes, survives

SIDE_AT_MOST = 1024
"""What a damaged header says of a size may be true; a test has no room for it."""


def rngs(name: str, count: int = COUNT) -> list[random.Random]:
    return [random.Random(f"{name} {i}") for i in range(count)]


def copied(source: Source | None) -> None:
    """Read the pixels of the training split."""
    if source is None:
        return
    opened = source.open(None)
    channels, height, width = opened.input
    if max(height, width) <= SIDE_AT_MOST:
        part = opened.splits["train"]
        part.pixels.copy(np.arange(len(part.labels)), np.zeros((len(part.labels), height, width, channels), np.uint8))


def test_a_damaged_idx_file(tmp_path):
    whole = struct.pack(">HBB3I", 0, 8, 3, 2, 3, 3) + bytes(range(18))
    packed = gzip.compress(whole)
    files = {False: tmp_path / "images", True: tmp_path / "images.gz"}

    def given(rng: random.Random) -> tuple[bool, bytes]:
        match rng.randrange(3):
            case 0:
                return False, damaged_bytes(whole, rng)
            case 1:
                return True, gzip.compress(damaged_bytes(whole, rng), 1)
            case _:
                return True, damaged_bytes(packed, rng)

    def read(given: tuple[bool, bytes]) -> None:
        files[given[0]].write_bytes(given[1])
        idx.read(files[given[0]])

    assert survives(read, map(given, rngs("idx"))) > 0


@pytest.mark.parametrize(
    ("shape", "rule"),
    [
        ((2**32 - 1,) * 3, "an IDX file must have at most 4 dimensions and 4,294,967,296 bytes, got 3 and "),
        ((0,) * 255, "an IDX file must have at most 4 dimensions and 4,294,967,296 bytes, got 255 and 0"),
        ((2**30, 2, 2), "an IDX file of unsigned bytes must start with 00 00 08 and be as long as its header says, "),
        ((2, 2), "an IDX file of unsigned bytes must start with 00 00 08 and be as long as its header says, "),
    ],
)
def test_an_idx_header_that_lies_costs_no_memory(tmp_path, shape, rule):
    header = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
    bomb = gzip.compress(header + bytes(2**24), 9)
    assert len(bomb) < 2**16

    def read(file: Path) -> None:
        with pytest.raises(DataError) as caught:
            idx.read(file)
        assert caught.value.rule.startswith(rule)

    for file, content in ((tmp_path / "bomb.gz", bomb), (tmp_path / "bomb", header)):
        file.write_bytes(content)
        survives(read, [file])


CIFAR = {
    **{name: bytes([label]) + bytes(3072) for label, name in enumerate((*cifar.CIFAR10.train, *cifar.CIFAR10.test))},
    cifar.CIFAR10.classes: b"a\nb\nc\nd\ne\nf\n",
}


def tarred(files: dict[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz", compresslevel=1) as tar:
        for name, held in files.items():
            member = tarfile.TarInfo(f"{cifar.CIFAR10.folder}/{name}")
            member.size, member.type = len(held) if kind == tarfile.REGTYPE else 0, kind
            member.linkname = member.name
            tar.addfile(member, io.BytesIO(held))
    return content.getvalue()


def checked(header: bytes) -> bytes:
    """The header of a member of a tar with the sum that it should have, so that its other fields are believed."""
    blank = header[:148].ljust(148, b"\0") + b" " * 8 + header[156:].ljust(356, b"\0")
    return blank[:148] + b"%06o\0 " % sum(blank) + blank[156:]


def test_a_damaged_cifar_archive(tmp_path):
    archive = tmp_path / cifar.CIFAR10.archive
    packed = tarred(CIFAR)
    plain = gzip.decompress(packed)
    headers = [at for at in range(0, len(plain), 512) if plain[at : at + 5] == b"cifar"]

    def given(rng: random.Random) -> bytes:
        match rng.randrange(3):
            case 0:
                return damaged_bytes(packed, rng)
            case 1:
                at = rng.choice(headers)
                header = checked(damaged_bytes(plain[at : at + 500], rng)[:500])
                return gzip.compress(plain[:at] + header + plain[at + 512 :], 1)
            case _:
                return gzip.compress(damaged_bytes(plain, rng), 1)

    def read(given: bytes) -> None:
        archive.write_bytes(given)
        copied(cifar.find(archive))

    assert survives(read, map(given, rngs("cifar"))) > 0


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_a_cifar_archive_of_what_are_no_files(tmp_path, kind):
    archive = tmp_path / cifar.CIFAR10.archive
    archive.write_bytes(tarred(CIFAR, kind))
    with pytest.raises(DataError, match="the archive must hold data_batch_1"):
        copied(cifar.find(archive))


@pytest.mark.parametrize("content", [b"\xff\xfe\n", b"", b"\n\n"])
def test_class_names_that_are_none(tmp_path, content):
    for name, held in {**CIFAR, cifar.CIFAR10.classes: content}.items():
        (tmp_path / name).write_bytes(held)
    with pytest.raises(DataError, match=r"must be text in UTF-8|labels must lie below 0, the number of classes"):
        copied(cifar.find(tmp_path))


def pictures_of_all_modes() -> list[tuple[str, bytes]]:
    """Small images, one of each mode and format, with their suffixes."""
    grey = Image.fromarray(np.arange(48, dtype=np.uint8).reshape(6, 8) * 5)
    made = []
    for kind, mode in [
        *(("png", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
        *(("jpeg", mode) for mode in ("L", "RGB", "CMYK")),
    ]:
        content = io.BytesIO()
        converted = grey.convert("I").convert(mode) if mode == "I;16" else grey.convert(mode)
        converted.save(content, kind, **({"transparency": 3} if mode == "P" else {}))
        made.append((kind, content.getvalue()))
    return made


def test_a_damaged_picture(tmp_path):
    wholes = pictures_of_all_modes()
    folder = tmp_path / "train" / "only"
    folder.mkdir(parents=True)

    def given(rng: random.Random) -> tuple[str, bytes]:
        kind, whole = rng.choice(wholes)
        return kind, damaged_bytes(whole, rng)

    def read(given: tuple[str, bytes]) -> None:
        file = folder / f"one.{given[0]}"
        file.write_bytes(given[1])
        try:
            copied(pictures.find(tmp_path))
        finally:
            file.unlink()

    assert survives(read, map(given, rngs("pictures"))) > 0


def test_a_damaged_cache_entry(tmp_path):
    sample = load(None, cache_dir=tmp_path / "cache")
    (entry,) = (tmp_path / "cache" / "arrays").glob("sample-*[0-9a-f]")
    about = json.loads((entry / "about.json").read_text())
    folder = tmp_path / "entry"
    folder.mkdir()
    wholes = {"about.json": b""}
    for split in about["shapes"]:
        for kind in ("images", "labels"):
            name = f"{split}.{kind}.npy"
            content = io.BytesIO()
            np.save(content, np.load(entry / name)[:2])
            wholes[name] = content.getvalue()
        about["shapes"][split][0] = 2
    wholes["about.json"] = json.dumps(about).encode()
    for name, whole in wholes.items():
        (folder / name).write_bytes(whole)
    assert arrays.read(folder, "sample").classes == sample.classes

    def given(rng: random.Random) -> tuple[str, bytes]:
        name = rng.choice(sorted([*wholes, "about.json", "about.json"]))
        return name, damaged_bytes(wholes[name], rng)

    def read(given: tuple[str, bytes]) -> None:
        name, content = given
        (folder / name).unlink()  # What is mapped stays as it is.
        (folder / name).write_bytes(content)
        try:
            made: Dataset = arrays.read(folder, "sample")
            assert len(made.mean) == len(made.std) == made.input[0]
            assert max(made.train.labels.max(), made.val.labels.max(), made.test.labels.max()) < len(made.classes)
        finally:
            (folder / name).write_bytes(wholes[name])

    assert survives(read, map(given, rngs("cache")), errors=StaleError) > 0


class Trap:
    """Runs a command where it is unpickled."""

    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self):
        return Path.touch, (self.sprung,)


def test_an_array_of_objects_is_not_unpickled(tmp_path):
    load(None, cache_dir=tmp_path)
    (entry,) = (tmp_path / "arrays").glob("sample-*[0-9a-f]")
    held = np.array([Trap(tmp_path / "sprung")], dtype=object)
    np.save(entry / "train.images.npy", held, allow_pickle=True)
    assert len(load(None, cache_dir=tmp_path).train) > 1, "the entry is made anew"
    assert not (tmp_path / "sprung").exists()


def test_names_that_a_shell_would_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    image = Image.new("L", (4, 4))
    for label in ("$(touch sprung)", "; touch sprung", "`touch sprung`", "| touch sprung"):
        folder = tmp_path / "& touch sprung" / "train" / label
        folder.mkdir(parents=True)
        for i in range(4):
            image.save(folder / f"'; touch sprung {i}.png")
    data = load(str(tmp_path / "& touch sprung"), cache_dir=tmp_path / "cache")
    assert len(data.classes) == 4
    assert not list(tmp_path.rglob("sprung"))
