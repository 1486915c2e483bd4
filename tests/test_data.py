"""Data sets: what is read equals what lies in the files, splits are sound, and every mistake has its message."""

import gzip
import hashlib
import io
import multiprocessing
import os
import re
import struct
import subprocess
import sys
import tarfile
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nas.data import Dataset, load
from nas.data import named as named_sets
from nas.data.cache import StaleError, stored
from nas.data.named import NAMED, Named
from nas.data.progress import Progress
from nas.data.splits import hold_out, subset
from nas.errors import DataError, NameUnknownError

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
CIFAR_JPEGS = Path(__file__).parents[2] / "shared" / "data" / "cifar10.tar.xz"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An image folder of two classes, 20 training images each, and no other split."""
    root = tmp_path / "pets"
    for label, shade in (("cat", 50), ("dog", 200)):
        for index in range(20):
            picture(root / "train" / label / f"{index:02}.png", shade + index)
    return root


def of_many_sizes(root: Path) -> Path:
    """An image folder of two classes, in which no two images of a class are of one size."""
    for side in range(20, 60):
        for label, shade in (("cat", 50), ("dog", 200)):
            picture(root / "train" / label / f"{side}.png", shade, size=(side, side + 1))
    return root


def picture(path: Path, shade: int, size: tuple[int, int] = (8, 6), mode: str = "RGB") -> None:
    """A PNG or JPEG of one grey level, `size` being (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, shade).convert(mode).save(path)


def idx(array: np.ndarray) -> bytes:
    """`array` in the IDX format."""
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


def write_idx(root: Path, *, packed: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """A data set of 40 training and 10 test images, 5x4, with three classes; returns the training images and labels."""
    root.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for name, count in (("train", 40), ("t10k", 10)):
        images = generator.integers(0, 256, (count, 5, 4))
        labels = np.arange(count) % 3
        for kind, array in (("images-idx3-ubyte", images), ("labels-idx1-ubyte", labels)):
            path = root / f"{name}-{kind}{'.gz' if packed else ''}"
            path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
        if name == "train":
            kept = images, labels
    return kept


def cifar_files(label_bytes: int, train: tuple[str, ...], test: str, classes_file: str) -> dict[str, bytes]:
    """Binary files of twenty records each; the last label byte counts 0..9, twice."""
    generator = np.random.default_rng(1)
    files = {classes_file: "\n".join(f"class{number}" for number in range(10)).encode()}
    for name in (*train, test):
        records = generator.integers(0, 256, (20, label_bytes + 3072), dtype=np.uint8)
        records[:, label_bytes - 1] = np.arange(20) % 10
        files[name] = records.tobytes()
    return files


CIFAR10_FILES = cifar_files(1, tuple(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin", "batches.meta.txt")
CIFAR100_FILES = cifar_files(2, ("train.bin",), "test.bin", "fine_label_names.txt")


def pack(archive: Path, folder: str, files: dict[str, bytes]) -> None:
    """`files` as members of `folder` in a gzipped tar."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def rows(images: np.ndarray) -> list[bytes]:
    """Each image as bytes, to be counted and compared."""
    return [np.ascontiguousarray(image).tobytes() for image in images]


def test_the_sample_is_there_without_any_file_or_net(cache: Path) -> None:
    data = load(cache_dir=cache)
    assert (data.name, data.input, len(data.classes)) == ("sample", (1, 28, 28), 10)
    assert (len(data.train), len(data.val), len(data.test)) == (9000, 1000, 2000)
    assert data.notes == ("val split: 10% of every class of train, seed 0",)
    for split in (data.train, data.val, data.test):
        assert len(set(np.bincount(split.labels))) == 1


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="Debian's package dataset-fashion-mnist is not installed")
def test_the_sample_is_the_start_of_each_class_of_fashion_mnist(cache: Path) -> None:
    whole, sample = load("fashion-mnist", cache_dir=cache), load("sample", cache_dir=cache)
    assert (len(whole.train), len(whole.val), len(whole.test)) == (54_000, 6_000, 10_000)
    firsts = np.sort(np.concatenate([np.flatnonzero(whole.test.labels == label)[:200] for label in range(10)]))
    assert np.array_equal(sample.test.images, whole.test.images[firsts])
    assert np.array_equal(sample.test.labels, whole.test.labels[firsts])
    assert sample.classes == whole.classes


@pytest.mark.parametrize("packed", [True, False])
def test_idx_files_are_read_as_they_are(tmp_path: Path, cache: Path, packed: bool) -> None:
    images, labels = write_idx(tmp_path / "digits", packed=packed)
    data = load(str(tmp_path / "digits"), cache_dir=cache)
    assert (data.name, data.input, data.classes) == ("digits", (1, 5, 4), ("0", "1", "2"))
    read = rows(data.train.images) + rows(data.val.images)
    assert Counter(read) == Counter(rows(images.astype(np.uint8)))
    by_image = dict(zip(rows(images.astype(np.uint8)), labels.tolist(), strict=True))
    assert [by_image[row] for row in rows(data.train.images)] == data.train.labels.tolist()


def test_a_named_set_is_found_in_the_cache_folder(cache: Path) -> None:
    write_idx(cache / "mnist")
    data = load("mnist", cache_dir=cache)
    assert (data.name, len(data.test)) == ("mnist", 10)


@pytest.mark.parametrize(
    ("name", "archive", "inner", "files", "label_bytes"),
    [
        ("cifar10", "cifar-10-binary.tar.gz", "cifar-10-batches-bin", CIFAR10_FILES, 1),
        ("cifar100", "cifar-100-binary.tar.gz", "cifar-100-binary", CIFAR100_FILES, 2),
    ],
)
@pytest.mark.parametrize("how", ["archive", "its folder", "unpacked", "unpacked beside", "by name"])
def test_binary_cifar_is_read_from_wherever_it_lies(
    cache: Path, name: str, archive: str, inner: str, files: dict[str, bytes], label_bytes: int, how: str
) -> None:
    home = cache / name
    if how.startswith("unpacked"):
        (home / inner).mkdir(parents=True)
        for file, content in files.items():
            (home / inner / file).write_bytes(content)
    else:
        pack(home / archive, inner, files)
    asked = {"archive": home / archive, "unpacked": home / inner, "by name": name}.get(how, home)
    data = load(str(asked), cache_dir=cache)
    assert data.input == (3, 32, 32)
    assert data.classes == tuple(f"class{number}" for number in range(10))
    test = next(content for file, content in files.items() if file.startswith("test"))
    records = np.frombuffer(test, np.uint8).reshape(20, -1)
    assert np.array_equal(data.test.images.reshape(20, -1), records[:, label_bytes:])
    assert data.test.labels.tolist() == [*range(10), *range(10)]


def test_an_image_folder_is_read_and_split(folder: Path, cache: Path) -> None:
    data = load(str(folder), cache_dir=cache)
    assert (data.name, data.input, data.classes) == ("pets", (3, 6, 8), ("cat", "dog"))
    assert (len(data.train), len(data.val), len(data.test)) == (32, 4, 4)
    assert data.notes == (
        "val split: 10% of every class of train, seed 0",
        "test split: 10% of every class of train, seed 0",
    )
    shades = [split.images[:, 0, 0, 0].tolist() for split in (data.train, data.val, data.test)]
    assert sorted(chain(*shades)) == [*range(50, 70), *range(200, 220)]
    for split, shade in zip((data.train, data.val, data.test), shades, strict=True):
        assert [value >= 200 for value in shade] == split.labels.tolist()


def test_own_splits_are_kept(folder: Path, cache: Path) -> None:
    for split in ("val", "test"):
        for label in ("cat", "dog"):
            picture(folder / split / label / "0.jpeg", 128)
    data = load(str(folder), cache_dir=cache)
    assert (len(data.train), len(data.val), len(data.test), data.notes) == (40, 2, 2, ())


@pytest.mark.slow
@pytest.mark.skipif(not CIFAR_JPEGS.exists(), reason="shared/data/cifar10.tar.xz is not there")
def test_cifar10_as_jpegs(tmp_path: Path, cache: Path) -> None:
    with tarfile.open(CIFAR_JPEGS) as tar:
        few = [member for member in tar if re.fullmatch(r"(\./)?(train|test)/\w+/00[0-4]\d\.jpg", member.name)]
        tar.extractall(tmp_path / "cifar", few, filter="data")
    data = load(str(tmp_path / "cifar"), cache_dir=cache)
    assert (data.input, len(data.classes)) == ((3, 32, 32), 10)
    file = min((tmp_path / "cifar" / "test" / "airplane").iterdir())
    assert np.array_equal(data.test.images[0], np.asarray(Image.open(file)).transpose(2, 0, 1))


def test_mean_and_std_are_those_of_the_training_split(folder: Path, cache: Path) -> None:
    data = load(str(folder), cache_dir=cache)
    values = np.asarray(data.train.images, np.float64) / 255
    assert np.allclose(data.mean, values.mean(axis=(0, 2, 3)), atol=1e-9)
    assert np.allclose(data.std, values.std(axis=(0, 2, 3)), atol=1e-9)


def test_a_constant_channel_has_a_spread_to_divide_by(tmp_path: Path, cache: Path) -> None:
    for label in ("a", "b"):
        for index in range(3):
            picture(tmp_path / "flat" / "train" / label / f"{index}.png", 0)
    assert load(str(tmp_path / "flat"), cache_dir=cache).std == (1 / 255,) * 3


def test_grey_images_stay_grey_where_all_are(tmp_path: Path, cache: Path) -> None:
    for label in ("a", "b"):
        for index in range(4):
            picture(tmp_path / "grey" / "train" / label / f"{index}.jpg", 99, mode="L")
    assert load(str(tmp_path / "grey"), cache_dir=cache).input == (1, 6, 8)


def test_grey_among_rgb_becomes_rgb(folder: Path, cache: Path) -> None:
    picture(folder / "train" / "cat" / "grey.png", 7, mode="L")
    data = load(str(folder), cache_dir=cache)
    assert data.input == (3, 6, 8)
    assert "1 grey images became RGB" in data.notes


def test_transparency_is_dropped(folder: Path, cache: Path) -> None:
    picture(folder / "train" / "cat" / "clear.png", 7, mode="RGBA")
    palette = Image.new("P", (8, 6), 1)
    palette.putpalette([0, 0, 0, 9, 9, 9])
    palette.save(folder / "train" / "dog" / "palette.png", transparency=b"\x00\x80")
    assert "2 images lost their transparency" in load(str(folder), cache_dir=cache).notes


def test_odd_sizes_become_the_size_of_most(folder: Path, cache: Path) -> None:
    picture(folder / "train" / "dog" / "large.png", 200, size=(30, 30))
    data = load(str(folder), cache_dir=cache)
    assert data.input == (3, 6, 8)
    assert "1 images were resized to 6x8" in data.notes


def test_a_size_that_is_asked_for(folder: Path, tmp_path: Path, cache: Path) -> None:
    data = load(str(folder), size=16, cache_dir=cache)
    assert data.input == (3, 16, 16)
    assert "40 images were resized to 16x16" in data.notes
    write_idx(tmp_path / "digits")
    data = load(str(tmp_path / "digits"), size=10, cache_dir=cache)
    assert data.input == (1, 10, 10)
    assert "every image was resized from 5x4 to 10x10" in data.notes


def test_other_files_are_left_out_and_hidden_ones_ignored(folder: Path, cache: Path) -> None:
    (folder / "README.md").write_text("about")
    (folder / "train" / "cat" / ".DS_Store").write_text("")
    (folder / "train" / "cat" / "notes.txt").write_text("")
    notes = load(str(folder), cache_dir=cache).notes
    assert notes[0] == "1 files are no images and were left out: train/cat/notes.txt"
    assert len(notes) == 3


LABELS = st.lists(st.integers(3, 40), min_size=2, max_size=5).flatmap(
    lambda counts: st.permutations([label for label, count in enumerate(counts) for _ in range(count)])
)


@given(LABELS.map(np.array), st.integers(1, 2), st.integers(0, 9))
def test_held_out_splits_are_disjoint_and_stratified(labels: np.ndarray, parts: int, seed: int) -> None:
    pieces = hold_out(labels, parts, seed=seed)
    assert sorted(np.concatenate(pieces).tolist()) == list(range(len(labels)))
    for label, count in Counter(labels.tolist()).items():
        for piece in pieces[1:]:
            assert (labels[piece] == label).sum() == max(1, round(count / 10))
    assert all(np.array_equal(a, b) for a, b in zip(pieces, hold_out(labels, parts, seed=seed), strict=True))


@given(LABELS.map(np.array), st.integers(1, 60), st.integers(0, 9))
def test_subsets_are_stratified_and_nested(labels: np.ndarray, count: int, seed: int) -> None:
    small, large = (set(subset(labels, size, seed=seed).tolist()) for size in (count, count + 5))
    assert small <= large
    assert len(small) == min(count, len(labels))
    for label, members in Counter(labels.tolist()).items():
        expected = len(small) * members / len(labels)
        assert abs((labels[list(small)] == label).sum() - expected) < len(set(labels.tolist()))


def test_another_seed_draws_another_split(cache: Path) -> None:
    first, second = (load(seed=seed, cache_dir=cache) for seed in (0, 1))
    assert not np.array_equal(first.val.images, second.val.images)
    assert np.array_equal(first.test.images, second.test.images)


def test_arrays_are_mapped_read_only(cache: Path) -> None:
    data = load(cache_dir=cache)
    for split in (data.train, data.val, data.test):
        assert isinstance(split.images, np.memmap)
        assert isinstance(split.labels, np.memmap)
        assert (split.images.dtype, split.labels.dtype) == (np.uint8, np.int64)
        with pytest.raises(ValueError, match="read-only"):
            split.images[0] = 0


def entry(cache: Path) -> Path:
    """The only entry of `cache`."""
    (about,) = cache.glob("arrays/*/about.json")
    return about.parent


def load_inode(folder: str, cache: Path) -> int:
    """Loads in a process of its own; a second writer would leave another inode."""
    load(folder, cache_dir=cache)
    return (entry(cache) / "train.images.npy").stat().st_ino


def test_processes_that_start_together_share_one_copy(folder: Path, cache: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        inodes = pool.starmap(load_inode, [(str(folder), cache)] * 2, chunksize=1)
    assert len({*inodes, load_inode(str(folder), cache)}) == 1
    assert not list(cache.glob("arrays/*.new"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda entry: (entry / "val.labels.npy").unlink(),
        lambda entry: os.truncate(entry / "train.images.npy", 1000),
        lambda entry: (entry / "train.images.npy").write_bytes(b"garbage"),
        lambda entry: (entry / "about.json").write_text("{"),
        lambda entry: np.save(entry / "test.labels.npy", np.zeros(3)),
    ],
    ids=["missing", "truncated", "garbled", "half written", "other shape"],
)
def test_a_damaged_entry_is_written_again(folder: Path, cache: Path, damage: Callable[[Path], None]) -> None:
    before = np.array(load(str(folder), cache_dir=cache).train.images)
    damage(entry(cache))
    assert np.array_equal(load(str(folder), cache_dir=cache).train.images, before)


def test_an_entry_is_written_by_one_at_a_time(cache: Path) -> None:
    writers = []

    def write(entry: Path) -> None:
        writers.append(threading.get_ident())
        time.sleep(0.1)
        (entry / "about").write_text("whole")

    def read(entry: Path) -> str:
        try:
            return (entry / "about").read_text()
        except OSError as error:
            raise StaleError from error

    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(lambda _: stored(cache / "entry", read=read, write=write), range(4)))
    assert seen == ["whole"] * 4
    assert len(writers) == 1


def test_a_changed_source_is_read_again(folder: Path, cache: Path) -> None:
    def shades() -> set[int]:
        data = load(str(folder), cache_dir=cache)
        return {shade for split in (data.train, data.val, data.test) for shade in split.images[:, 0, 0, 0].tolist()}

    assert 1 not in shades()
    picture(folder / "train" / "cat" / "new.png", 1)
    assert {1, 50} <= shades()
    new = folder / "train" / "cat" / "new.png"
    stat, content = new.stat(), (folder / "train" / "cat" / "00.png").read_bytes()
    assert len(content) == stat.st_size
    new.write_bytes(content)
    os.utime(new, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))
    assert 1 not in shades()


def test_the_environment_names_the_cache(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_CACHE", str(cache))
    load(str(folder))
    assert entry(cache).name.startswith("pets-")


def test_no_torch_is_loaded() -> None:
    code = "import sys, nas.data; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def published(folder: Path, files: dict[str, bytes]) -> Named:
    """A data set published in `folder`."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return Named(folder.as_uri(), {name: hashlib.md5(content).hexdigest() for name, content in files.items()})


def test_a_named_set_is_downloaded_once(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_idx(tmp_path / "origin")
    files = {path.name: path.read_bytes() for path in (tmp_path / "origin").iterdir()}
    monkeypatch.setitem(NAMED, "mnist", published(tmp_path / "site", files))
    assert load("mnist", cache_dir=cache).name == "mnist"
    for path in (tmp_path / "site").iterdir():
        path.unlink()
    assert len(load("mnist", seed=1, cache_dir=cache).test) == 10


def test_a_download_with_another_checksum_is_refused(tmp_path: Path, cache: Path) -> None:
    named = published(tmp_path / "site", {"a.gz": b"right"})
    (tmp_path / "site" / "a.gz").write_bytes(b"wrong")
    with pytest.raises(DataError, match=r"must have the MD5 \w{32}, got \w{32}\nhint: put a.gz into .*mnist"):
        named_sets.download(named, cache / "mnist")
    assert not (cache / "mnist" / "a.gz").exists()


def test_without_a_net_the_message_says_what_to_put_where(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NAMED, "cifar10", replace(NAMED["cifar10"], url="file:///nowhere"))
    with pytest.raises(DataError) as caught:
        load("cifar10", cache_dir=cache)
    assert caught.value.rule.startswith("file:///nowhere/cifar-10-binary.tar.gz must be within reach, but: ")
    assert caught.value.hint == f"put cifar-10-binary.tar.gz into {cache / 'cifar10'}"


def test_every_named_set_says_what_it_needs() -> None:
    for name, named in NAMED.items():
        assert named.url.startswith("https://"), name
        assert all(re.fullmatch(r"[0-9a-f]{32}", md5) for md5 in named.md5.values()), name


def huge_png() -> bytes:
    """A PNG header that claims 60,000 x 60,000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(header)) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


def half(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def only(folder: Path, label: str) -> None:
    for file in (folder / "train" / label).iterdir():
        file.unlink()
    (folder / "train" / label).rmdir()


def deep(path: Path) -> None:
    Image.fromarray(np.zeros((6, 8), np.uint16)).save(path)


def sizes(folder: Path) -> None:
    for index, file in enumerate(sorted((folder / "train" / "cat").iterdir())):
        picture(file, 50, size=(9 + index, 9))


def noisy_jpeg(path: Path) -> None:
    """Half of a JPEG, cut where only decoding finds out."""
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)).save(path, quality=95)
    content = path.read_bytes()
    path.write_bytes(content[:-40])


@pytest.mark.parametrize(
    ("mistake", "rule"),
    [
        (
            lambda root: (root / "train" / "cat" / "00.png").write_bytes(b""),
            "every image must be a whole PNG or JPEG file, got 1 damaged: train/cat/00.png",
        ),
        (
            lambda root: [half(file) for file in (root / "train" / "dog").iterdir()],
            (
                "every image must be a whole PNG or JPEG file, got 20 damaged: "
                "train/dog/00.png, train/dog/01.png, train/dog/02.png and 17 more"
            ),
        ),
        (
            lambda root: noisy_jpeg(root / "train" / "dog" / "00.jpg"),
            "every image must be a whole PNG or JPEG file, got 1 damaged: train/dog/00.jpg",
        ),
        (
            lambda root: (root / "train" / "cat" / "00.png").write_bytes(huge_png()),
            f"an image must have at most {Image.MAX_IMAGE_PIXELS:,} pixels, got more in 1: train/cat/00.png",
        ),
        (
            lambda root: deep(root / "train" / "cat" / "00.png"),
            "an image must have 8 bits a channel, got another depth in 1: train/cat/00.png",
        ),
        (sizes, "most images must be of one size, or one must be asked for, got 21 sizes"),
        (
            lambda root: picture(root / "train" / "stray.png", 0),
            "images must lie at SPLIT/CLASS/NAME with SPLIT one of train, val, test, got train/stray.png",
        ),
        (
            lambda root: picture(root / "valid" / "cat" / "0.png", 0),
            "images must lie at SPLIT/CLASS/NAME with SPLIT one of train, val, test, got valid/cat/0.png",
        ),
        (
            lambda root: picture(root / "train" / "cat" / "tabby" / "0.png", 0),
            "images must lie at SPLIT/CLASS/NAME with SPLIT one of train, val, test, got train/cat/tabby/0.png",
        ),
        (
            lambda root: (root / "train" / "emu").mkdir(),
            "class folders must hold .jpeg, .jpg, .png files, got none in train/emu",
        ),
        (
            lambda root: picture(root / "test" / "cat" / "0.png", 0),
            "train/ and test/ must have the same class folders, got dog in one of them only",
        ),
        (lambda root: only(root, "dog"), "there must be two classes or more, got only cat"),
        (
            lambda root: picture(root / "train" / "emu" / "0.png", 0),
            "a class of train must have 3 images or more, as 2 split(s) are held out from it, got fewer for emu",
        ),
        (
            lambda root: [only(root, label) for label in ("cat", "dog")],
            "train/ must hold class folders, got none",
        ),
    ],
    ids=lambda value: None if callable(value) else value[:40],
)
def test_mistakes_in_image_folders(folder: Path, cache: Path, mistake: Callable[[Path], object], rule: str) -> None:
    mistake(folder)
    with pytest.raises(DataError) as caught:
        load(str(folder), cache_dir=cache)
    assert caught.value.rule == rule
    assert caught.value.path == str(folder)
    assert caught.value.hint
    assert not list(cache.glob("arrays/*/about.json"))
    assert not list(cache.glob("arrays/*.new"))


@pytest.mark.parametrize(
    ("mistake", "rule"),
    [
        (
            lambda root: half(root / "train-images-idx3-ubyte.gz"),
            "an IDX file must be readable, but: Compressed file ended before the end-of-stream marker was reached",
        ),
        (
            lambda root: (root / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros(10))[:-3])),
            (
                "an IDX file of unsigned bytes must start with 00 00 08 and be as long as its header says, "
                "got 00 00 08 and 7 bytes for the shape [10]"
            ),
        ),
        (
            lambda root: (root / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros(9)))),
            "images (n, h, w) must come with as many labels (n,), got (10, 5, 4) and (9,)",
        ),
        (
            lambda root: (root / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros((10, 5, 5))))),
            "training and test images must be of one size, got (5, 4) and (5, 5)",
        ),
        (
            lambda root: (root / "train-labels-idx1-ubyte.gz").unlink(),
            (
                "a data set must lie here, got t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz, "
                "train-images-idx3-ubyte.gz"
            ),
        ),
    ],
    ids=["truncated", "short", "unequal counts", "unequal sizes", "missing"],
)
def test_mistakes_in_idx_files(tmp_path: Path, cache: Path, mistake: Callable[[Path], object], rule: str) -> None:
    write_idx(tmp_path / "digits")
    mistake(tmp_path / "digits")
    with pytest.raises(DataError) as caught:
        load(str(tmp_path / "digits"), cache_dir=cache)
    assert caught.value.rule == rule
    assert str(tmp_path / "digits") in caught.value.path


def test_labels_beyond_the_named_classes(cache: Path) -> None:
    write_idx(cache / "fashion-mnist")
    labels = np.where(np.arange(40) < 39, 0, 10)
    (cache / "fashion-mnist" / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))
    with pytest.raises(DataError, match="labels must lie below 10, the number of classes, got 10"):
        load("fashion-mnist", cache_dir=cache)


@pytest.mark.parametrize(
    ("archive", "rule"),
    [
        ("cifar-10-python.tar.gz", "the python version of CIFAR is made of pickles"),
        ("cifar-100-python.tar.gz", "the python version of CIFAR is made of pickles"),
    ],
)
@pytest.mark.parametrize("itself", [True, False])
def test_pickles_are_never_loaded(tmp_path: Path, cache: Path, archive: str, rule: str, itself: bool) -> None:
    (tmp_path / archive).write_bytes(b"")
    with pytest.raises(DataError) as caught:
        load(str(tmp_path / archive if itself else tmp_path), cache_dir=cache)
    assert caught.value.rule.startswith(rule)
    assert caught.value.hint == f"put the binary version, {archive.replace('python', 'binary')}, in its place"


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        ({"train.bin": b"x"}, "the archive must hold test.bin, fine_label_names.txt in cifar-100-binary"),
        ({**CIFAR100_FILES, "train.bin": b"x" * 99}, "CIFAR files must be made of records of 3074 bytes, got 99 bytes"),
        (
            {**CIFAR100_FILES, "fine_label_names.txt": b"apple\nbear"},
            "labels must lie below 2, the number of classes, got 9",
        ),
    ],
    ids=["incomplete", "short", "labels"],
)
def test_mistakes_in_cifar_archives(tmp_path: Path, cache: Path, files: dict[str, bytes], rule: str) -> None:
    pack(tmp_path / "cifar-100-binary.tar.gz", "cifar-100-binary", files)
    with pytest.raises(DataError) as caught:
        load(str(tmp_path), cache_dir=cache)
    assert caught.value.rule == rule


def test_a_truncated_archive(tmp_path: Path, cache: Path) -> None:
    pack(tmp_path / "cifar-10-binary.tar.gz", "cifar-10-batches-bin", CIFAR10_FILES)
    half(tmp_path / "cifar-10-binary.tar.gz")
    with pytest.raises(DataError, match="the archive must be whole, but: "):
        load(str(tmp_path), cache_dir=cache)


def test_an_unknown_name_is_met_with_the_nearest(cache: Path) -> None:
    with pytest.raises(NameUnknownError) as caught:
        load("fashion-minst", cache_dir=cache)
    assert caught.value.rule == (
        "data must be one of sample, fashion-mnist, mnist, cifar10, cifar100, "
        "or the path of a folder or archive, got 'fashion-minst'"
    )
    assert caught.value.hint == "did you mean fashion-mnist?"


def test_an_empty_folder(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(DataError, match="a data set must lie here, got an empty folder"):
        load(str(tmp_path), cache_dir=cache)


def test_a_size_without_pixels(cache: Path) -> None:
    with pytest.raises(DataError, match="the side of images must be 1 pixel or more, got 0"):
        load(size=0, cache_dir=cache)


def test_a_cache_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="the cache must be a folder one can write to"):
        load(cache_dir=tmp_path / "file")


def test_a_disk_that_is_too_small(folder: Path, cache: Path) -> None:
    with pytest.raises(DataError, match=r"the cache must have room for [\d,]+ bytes, got [\d,]+ free"):
        load(str(folder), size=10**7, cache_dir=cache)


def test_progress_is_silent_until_two_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("reading images", 10) as progress:
        progress.advance(5)
    assert capsys.readouterr().err == ""
    with Progress("reading images", 10) as progress:
        progress._next_s -= 2
        progress.advance(5)
        progress.advance(5)
    first, last = "reading images: 5 of 10 (50%), 0 s to go", "reading images: 10 of 10 (100%)"
    assert capsys.readouterr().err == f"\r{first}\r{last:{len(first)}}\n"
    progress = Progress("images", 100)
    progress._began_s -= 30
    progress._next_s -= 30
    progress.reach(25)
    progress.clear()
    line = "images: 25 of 100 (25%), 90 s to go"
    assert capsys.readouterr().err == f"\r{line}\r{' ' * len(line)}\r"


def test_the_data_set_says_what_networks_read(cache: Path) -> None:
    data: Dataset = load(cache_dir=cache)
    assert data.input == data.train.images.shape[1:]
