"""Networks and spaces by name, found by entry points so that other packages can add theirs; spaces in a user's file."""

import importlib.util
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache, wraps
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from nas.arch.named import Family, Named, NamedSpace
from nas.arch.nodes import Node
from nas.arch.rewrite import RewriteError
from nas.arch.rules import RULES
from nas.errors import NameUnknownError, NasError


class SpaceFileError(NasError):
    """A file that should hold a space cannot be read, or holds none under that name."""


@cache
def networks() -> dict[str, Named]:
    """All named networks, by name, in the order of their packages' lists."""
    return _found("nas.networks")


@cache
def families() -> tuple[Family, ...]:
    """All families whose names carry numbers, in the order of their packages' lists."""
    return tuple(family for point in _points("nas.families") for family in point.load())


@cache
def spaces() -> dict[str, NamedSpace]:
    """All named spaces, by name."""
    return _found("nas.spaces")


def network(name: str) -> Named:
    """The network of that name, with the rewrites that follow it: `resnet50`, `wrn-28-10`, `resnet50+se`.

    Raises:
        NameUnknownError: no network or rewrite has the name; the nearest are named.
        PartError: the numbers in the name make no network of that family.
    """
    stem, *rules = name.split("+")
    named = networks().get(stem) or _member(stem)
    if named is None:
        raise _unknown(stem, networks(), "network", f"`nas networks` lists all, {_forms()} take other numbers")
    for rule in rules:
        named = _rewritten(named, rule)
    return named


def space(spec: str) -> NamedSpace:
    """The space of that name, or that of a file: `residual`, `my_spaces.py:tiny`.

    A file is run as Python code; what stands under the name is a space, or a function from a number of classes to one.

    Raises:
        NameUnknownError, SpaceFileError: there is none.
    """
    file, colon, name = spec.rpartition(":")
    if colon and file.endswith(".py"):
        return _from_file(Path(file), name)
    if spec.endswith(".py"):
        raise SpaceFileError("a space in a file is named after a colon", path=spec, hint=f"{spec}:space")
    named: NamedSpace = _by_name(spec, spaces(), "space", "a file's is said as FILE.py:NAME")
    return named


def _found(group: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for point in _points(group):
        found.update(point.load())
    return found


def _points(group: str) -> list[EntryPoint]:
    return sorted(entry_points(group=group), key=lambda point: point.name)


def _member(name: str) -> Named | None:
    return next((member for family in families() if (member := family.named(name))), None)


def _forms() -> str:
    return ", ".join(family.form for family in families())


def _by_name(name: str, known: Mapping[str, Any], what: str, otherwise: str) -> Any:
    if name not in known:
        raise _unknown(name, known, what, otherwise)
    return known[name]


def _unknown(name: str, known: Mapping[str, Any], what: str, otherwise: str) -> NameUnknownError:
    near = get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(near)}? {otherwise}" if near else f"known: {', '.join(known)}"
    return NameUnknownError(f"no {what} is called {name!r}", hint=hint)


def _rewritten(named: Named, rule: str) -> Named:
    rewrite = _by_name(rule, RULES, "rewrite", f"known: {', '.join(RULES)}")

    @wraps(named.make)
    def make(classes: int) -> Any:
        try:
            return rewrite(named.make(classes=classes))
        except RewriteError as error:
            raise RewriteError(error.rule, path=f"{named.name}+{rule}", hint=error.hint) from None

    return Named(f"{named.name}+{rule}", make, named.input, named.classes, named.year, named.paper)


def _from_file(file: Path, name: str) -> NamedSpace:
    if not file.is_file():
        raise SpaceFileError("no such file", path=str(file), hint="--space FILE.py:NAME")
    spec = importlib.util.spec_from_file_location(f"nas_space_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except NasError as error:
        raise SpaceFileError(str(error), path=str(file)) from None
    except Exception as error:  # noqa: BLE001 - whatever a user's file raises is the file's mistake
        raise SpaceFileError(
            f"the file stops with {type(error).__name__}: {error}", path=_line_of(error, file)
        ) from None
    if not hasattr(module, name):
        held = [key for key, value in vars(module).items() if isinstance(value, Node)]
        raise SpaceFileError(
            f"no {name!r} stands in it", path=str(file), hint=f"it holds {', '.join(held) or 'no space at all'}"
        )
    value = getattr(module, name)
    if isinstance(value, NamedSpace):
        return value
    if not isinstance(value, Node) and not callable(value):
        raise SpaceFileError(
            f"a space is made of parts, or is a function of the number of classes, got {type(value).__name__}",
            path=f"{file}:{name}",
        )
    make = value if callable(value) else lambda classes: value
    return NamedSpace(f"{file}:{name}", make, (1, 28, 28), f"from {file.name}")


def _line_of(error: Exception, file: Path) -> str:
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.lineno:
        line = error.lineno
    return f"{file}, line {line}" if line else str(file)
