"""A space in a person's own Python file; what is wrong with it is told with the line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nas.arch.named import NamedSpace
from nas.arch.nodes import Node, Space
from nas.errors import NasError
from nas.own_file import lines_told, run


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
    module = run(file, SpaceFileError)
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


def _maker(value: Any, file: Path, name: str) -> Callable[[int], Space]:
    def make(classes: int) -> Space:
        if isinstance(value, Node):
            return value  # type: ignore[return-value]
        with lines_told(file, SpaceFileError):
            made = value(classes)
        if not isinstance(made, Node):
            raise _no_space(made, f"{file}:{name}({classes})")
        return made  # type: ignore[return-value]

    return make


def _no_space(value: Any, path: str) -> SpaceFileError:
    return SpaceFileError(
        f"a space is made of parts, or is a function of the number of classes, got {type(value).__name__}", path=path
    )
