"""From what the user typed to a data set: found, copied once into the cache of the host, and mapped."""

import hashlib
from functools import partial
from pathlib import Path

from nas.data import arrays
from nas.data.cache import default_dir, stored
from nas.data.dataset import Dataset
from nas.data.find import find
from nas.errors import DataError

# Part of every key: raise it when what is written, or how it is decoded, changes.
_FORMAT = 1


def load(
    source: str | None = None, *, size: int | None = None, seed: int = 0, cache_dir: Path | None = None
) -> Dataset:
    """A data set whose three splits are mapped read-only from this host's cache.

    The first call for a source copies it into the cache; every other process, then or later, maps that copy.
    Adding, removing or writing to a file of the source makes a new one.

    Args:
        source: `sample` (also None: 12,000 images of Fashion-MNIST that come with the package), `fashion-mnist`,
            `mnist`, `cifar10`, `cifar100`, or the path of an image folder, of a folder of standard files or of an
            archive.
        size: Side of the square images wanted, in pixels; None keeps them, or takes the size of most.
        seed: Draws the splits that the source does not bring: 10 % of every class each.
        cache_dir: None for `$NAS_CACHE` or `~/.cache/nas`.

    Raises:
        NameUnknownError: there is neither a data set nor a file of this name.
        DataError: the data is absent, damaged, empty or unlabelled; a `SizesError` says that a size must be asked for.
    """
    if size is not None and size < 1:
        raise DataError(f"the side of images must be 1 pixel or more, got {size}", path="size")
    cache_dir = cache_dir or default_dir()
    found = find(source, cache_dir)
    key = hashlib.sha256(f"{_FORMAT} {found.fingerprint()} {size} {seed}".encode()).hexdigest()
    return stored(
        cache_dir / "arrays" / f"{found.name}-{key[:16]}",
        read=partial(arrays.read, name=found.name),
        write=lambda folder: arrays.write(folder, found, size=size, seed=seed),
    )
