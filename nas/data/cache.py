"""One copy of a thing per host: a folder that one process writes whole and every other only reads."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from nas.errors import DataError

T = TypeVar("T")


class StaleError(Exception):
    """An entry of the cache is absent, incomplete or damaged."""


def default_dir() -> Path:
    """`$NAS_CACHE`, or `~/.cache/nas`."""
    return Path(os.environ.get("NAS_CACHE") or "~/.cache/nas").expanduser()


def stored(entry: Path, *, read: Callable[[Path], T], write: Callable[[Path], None]) -> T:
    """What `read` finds in the folder `entry`, which `write` fills first where it is absent or damaged.

    Args:
        entry: Appears whole or not at all: it is written beside its place and renamed.
        read: Raises `StaleError` where the entry is not usable.
        write: Fills an empty folder; called by one process at a time.

    Raises:
        DataError: the cache cannot be written to.
    """
    try:
        return read(entry)
    except StaleError:
        pass
    with locked(entry.with_name(f"{entry.name}.lock")):
        try:
            return read(entry)
        except StaleError:
            _replace(entry, write)
        return read(entry)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, waiting for another process that does; its death releases it.

    Raises:
        DataError: the folder of `path` cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise DataError(
            f"the cache must be a folder one can write to, but: {error}",
            path=str(path.parent),
            hint="name another one in the environment variable NAS_CACHE",
        ) from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _replace(entry: Path, write: Callable[[Path], None]) -> None:
    """Write `entry` anew; processes that map the old one keep what they have."""
    fresh = entry.with_name(f"{entry.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    try:
        write(fresh)
        shutil.rmtree(entry, ignore_errors=True)
        fresh.rename(entry)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
