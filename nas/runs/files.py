"""Files that appear whole or not at all, whatever kills the process that writes them."""

import os
from pathlib import Path

from nas.errors import RunError

_UNFINISHED = ".part"


def write(file: Path, content: bytes, *, private: bool = False) -> None:
    """Put `content` in the place of what `file` held; after a crash one of the two is there, and whole.

    Args:
        file: Whose folder is made if absent.
        content: All of it.
        private: Whether only its owner may read it.

    Raises:
        RunError: it cannot be written: no room, or no right to.
    """
    unfinished = file.with_name(f"{file.name}.{os.getpid()}{_UNFINISHED}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.touch(mode=0o600 if private else 0o666)
            with unfinished.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            unfinished.replace(file)
            settle(file.parent)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise RunError(
            f"the file cannot be written: {error.strerror}",
            path=str(file),
            hint="make room or give the right to write; `nas resume` goes on from there",
        ) from None


def settle(folder: Path) -> None:
    """Have the names in `folder` on disk, as `fsync` has the content of a file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def clear_unfinished(folder: Path) -> None:
    """Remove what writers that were killed have left in `folder` and below."""
    for unfinished in folder.rglob(f"*{_UNFINISHED}"):
        unfinished.unlink(missing_ok=True)
