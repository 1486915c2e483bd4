"""The lock of a folder: one process works in it at a time, and its death, however sudden, releases it."""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from nas.errors import RunError

NAME = "lock"
_PATIENCE_S = 1.0
"""A look at the lock holds it too, for an instant."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which is made if absent.

    Raises:
        RunError: another process holds it, or the folder cannot be written to.
    """
    path = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("ab+", buffering=0)
    except OSError as error:
        raise RunError(
            f"this needs a folder one can write to, but: {error.strerror}", path=str(folder), hint="change that"
        ) from None
    with file:
        _take(file, path)
        with suppress(OSError):  # On a full disk the lock holds all the same.
            file.truncate(0)
            file.write(json.dumps({"host": socket.gethostname(), "process": os.getpid()}).encode() + b"\n")
        yield


def is_locked(folder: Path) -> bool:
    """Whether a process works in the folder."""
    try:
        with (folder / NAME).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def is_free(folder: Path) -> bool:
    """Whether a folder is absent, or holds nothing but a lock."""
    return not folder.exists() or (folder.is_dir() and all(inside.name == NAME for inside in folder.iterdir()))


def _take(file: IO[bytes], path: Path) -> None:
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise RunError(
                    f"another process works in this folder: {_holder(file)}",
                    path=str(path.parent),
                    hint="wait for its end or end it; `nas status` says how far a search is",
                ) from None
        time.sleep(0.05)


def _holder(file: IO[bytes]) -> str:
    file.seek(0)
    try:
        told = json.loads(file.read())
        return f"process {told['process']} on {told['host']}"
    except (ValueError, KeyError, TypeError, RecursionError):
        return "it has not said which"
