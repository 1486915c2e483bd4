"""A folder for what Ray writes while it runs, gone afterwards, even where nobody lived to remove it."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "nas-"
_LOCK = "lock"


@contextmanager
def scratch() -> Iterator[Path]:
    """A new folder among the system's temporary ones; those that killed processes have left are removed before."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        _remove_if_left(folder)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    with (folder / "new").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        (folder / "new").rename(folder / _LOCK)  # So nobody ever sees it unlocked while we live.
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_if_left(folder: Path) -> None:
    try:
        with (folder / _LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:  # No folder of ours, or its owner lives.
        return
