"""A space in a person's own Python file; what is wrong with it is told with the line."""

import importlib.util
import linecache
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from nas.arch.named import NamedSpace
from nas.arch.nodes import Node, Space
from nas.errors import NasError


class SpaceFileError(NasError):
    """A file that should hold a space cannot be read, or holds none under that name."""


def from_file(file: Path, name: str) -> NamedSpace:
    """What stands in a file under a name: a space, or a function from a number of classes to one.

    Raises:
        SpaceFileError: there is none, or the file fails; `make` raises it where the function fails.
    """
    if not file.is_file():
        raise SpaceFileError(
            "no such file", path=str(file), hint="--space FILE.py:NAME, begun by `nas new-space FILE.py`"
        )
    module = _run(file)
    if not hasattr(module, name):
        held = [key for key, value in vars(module).items() if isinstance(value, Node)]
        raise SpaceFileError(
            f"no {name!r} stands in it", path=str(file), hint=f"it holds {', '.join(held) or 'no space at all'}"
        )
    value = getattr(module, name)
    if isinstance(value, NamedSpace):
        return value
    if not isinstance(value, Node) and not callable(value):
        raise _no_space(value, f"{file}:{name}")
    return NamedSpace(f"{file}:{name}", _maker(value, file, name), (1, 28, 28), f"from {file.name}")


def _run(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"nas_space_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    with _lines_told(file):
        spec.loader.exec_module(module)
    return module


def _maker(value: Any, file: Path, name: str) -> Callable[[int], Space]:
    def make(classes: int) -> Space:
        if isinstance(value, Node):
            return value  # type: ignore[return-value]
        with _lines_told(file):
            made = value(classes)
        if not isinstance(made, Node):
            raise _no_space(made, f"{file}:{name}({classes})")
        return made  # type: ignore[return-value]

    return make


def _no_space(value: Any, path: str) -> SpaceFileError:
    return SpaceFileError(
        f"a space is made of parts, or is a function of the number of classes, got {type(value).__name__}", path=path
    )


@contextmanager
def _lines_told(file: Path) -> Iterator[None]:
    """Make of whatever goes wrong in a file an error with its line."""
    try:
        yield
    except SpaceFileError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a user's file raises is the file's mistake
        number = _line_number(error, file)
        line = linecache.getline(str(file.absolute()), number).strip() if number else ""
        told = error.rule if isinstance(error, NasError) else f"{type(error).__name__}: {_message(error)}"
        where = ", ".join(filter(None, (f"{file}, line {number}" if number else str(file), _path(error))))
        raise SpaceFileError(
            told + (f"\n    {line}" if line else ""),
            path=where,
            hint=error.hint if isinstance(error, NasError) else "",
        ) from None


def _line_number(error: Exception, file: Path) -> int:
    """The last line of the file on the way to an error; 0 where the file is not on it."""
    whole = str(file.absolute())
    if isinstance(error, SyntaxError) and error.filename == whole:
        return error.lineno or 0
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == whole]
    return next((line for line in reversed(lines) if line), 0)


def _message(error: Exception) -> str:
    return str(error.msg) if isinstance(error, SyntaxError) else str(error)


def _path(error: Exception) -> str:
    return error.path if isinstance(error, NasError) else ""
