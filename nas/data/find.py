"""Where a data set lies, and which reader reads it: from what the user typed to a source."""

import dataclasses
import difflib
from pathlib import Path

from nas.data import cifar, idx, pictures
from nas.data.named import FASHION_CLASSES, NAMED, SAMPLE, Named, download
from nas.data.source import Source, listing
from nas.errors import DataError, NameUnknownError

SAMPLE_NAME = "sample"


def find(asked: str | None, cache_dir: Path) -> Source:
    """The source of a data set, downloaded into `cache_dir` where it has a name and is nowhere on this machine.

    Args:
        asked: A name, a path, or None for the embedded sample. A folder called like a data set is `./mnist`.
        cache_dir: Its folder NAME is where a named data set is looked for first.

    Raises:
        NameUnknownError: there is neither a data set nor a file of this name.
        DataError: nothing at the path is a data set, or the download failed.
    """
    if asked is None or asked == SAMPLE_NAME:
        source = idx.find(SAMPLE, FASHION_CLASSES)
        assert source is not None, "the sample is a part of the package"
        return dataclasses.replace(source, name=SAMPLE_NAME)
    if named := NAMED.get(asked):
        return dataclasses.replace(_find_named(named, cache_dir / asked), name=asked)
    path = Path(asked).expanduser()
    if not path.exists():
        known = [SAMPLE_NAME, *NAMED]
        near = difflib.get_close_matches(asked, known, n=1)
        raise NameUnknownError(
            f"data must be one of {', '.join(known)}, or the path of a folder or archive, got {asked!r}",
            hint=f"did you mean {near[0]}?" if near else "check the spelling of the path",
        )
    return _find_at(path) or _refuse(path)


def absolute(asked: str | None) -> str | None:
    """The same data for a process in any folder: a path from the root, a name as it is."""
    return asked if asked is None or asked in (SAMPLE_NAME, *NAMED) else str(Path(asked).expanduser().absolute())


def is_at_hand(name: str, cache_dir: Path) -> bool:
    """Whether a data set known by name is on this machine, so that nothing has to be downloaded."""
    named = NAMED.get(name)
    return named is not None and _lying(named, cache_dir / name) is not None


def _find_named(named: Named, home: Path) -> Source:
    if source := _lying(named, home):
        return source
    download(named, home)
    return _find_at(home, named.classes) or _refuse(home)


def _lying(named: Named, home: Path) -> Source | None:
    """The data set where it is on this machine already."""
    folders = (folder for folder in (home, *named.elsewhere) if folder.is_dir())
    return next((source for folder in folders if (source := _find_at(folder, named.classes))), None)


def _find_at(path: Path, classes: tuple[str, ...] = ()) -> Source | None:
    return idx.find(path, classes) or cifar.find(path) or pictures.find(path)


def _refuse(path: Path) -> Source:
    held = [child.name for child in sorted(path.iterdir())] if path.is_dir() else [path.name]
    raise DataError(
        f"a data set must lie here, got {listing(held) or 'an empty folder'}",
        path=str(path),
        hint=(
            f"it may be an image folder (train/CLASS/*.png), {cifar.CIFAR10.archive}, {cifar.CIFAR100.archive}, "
            f"or the four IDX files {idx.FILES[0]}, …"
        ),
    )
