"""A person's own Python file, run for what stands in it; what is wrong with it is told with the line."""

import importlib.util
import linecache
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from nas.errors import NasError


def run(file: Path, kind: type[NasError]) -> ModuleType:
    """The module that a file is; an error of that `kind` where it fails."""
    spec = importlib.util.spec_from_file_location(f"nas_own_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    with lines_told(file, kind):
        spec.loader.exec_module(module)
    return module


@contextmanager
def lines_told(file: Path, kind: type[NasError]) -> Iterator[None]:
    """Make of whatever goes wrong in a file an error of that kind, with its line."""
    try:
        yield
    except kind:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a user's file raises is the file's mistake
        number = _line_number(error, file)
        line = linecache.getline(str(file.absolute()), number).strip() if number else ""
        told = error.rule if isinstance(error, NasError) else f"{type(error).__name__}: {_message(error)}"
        where = ", ".join(filter(None, (f"{file}, line {number}" if number else str(file), _path(error))))
        raise kind(
            told + (f"\n    {line}" if line else ""),
            path=where,
            hint=error.hint if isinstance(error, NasError) else "",
        ) from None


def _line_number(error: BaseException, file: Path) -> int:
    """The last line of the file on the way to an error; 0 where the file is not on it."""
    whole = str(file.absolute())
    if isinstance(error, SyntaxError) and error.filename == whole:
        return error.lineno or 0
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == whole]
    return next((line for line in reversed(lines) if line), 0)


def _message(error: BaseException) -> str:
    return str(error.msg) if isinstance(error, SyntaxError) else str(error)


def _path(error: BaseException) -> str:
    return error.path if isinstance(error, NasError) else ""
