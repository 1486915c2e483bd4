"""Networks and spaces by name, found by entry points so that other packages can add theirs."""

from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from functools import cache, lru_cache, wraps
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from nas.arch.cost import Shape
from nas.arch.named import Family, Named, NamedSpace
from nas.arch.nodes import Network
from nas.arch.rewrite import RewriteError
from nas.arch.rules import RULES
from nas.errors import NameUnknownError, NasError
from nas.own_space import SpaceFileError, from_file


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


@lru_cache(maxsize=8)
def fitted(classes: int, input: Shape) -> dict[str, Network]:
    """The named networks for so many classes and images of shape `input`, as far as they can be rewritten, by name."""
    found = {}
    for name, named in networks().items():
        with suppress(NasError):
            found[name] = named.fitted(classes, input)
    return found


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
        return from_file(Path(file), name)
    if spec.endswith(".py"):
        raise SpaceFileError("a space in a file is named after a colon", path=spec, hint=f"{spec}:space")
    known = ", ".join(spaces())
    named: NamedSpace = _by_name(spec, spaces(), "space", f"known: {known}; a file's is said as FILE.py:NAME")
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
    hint = f"did you mean {', '.join(near)}? {otherwise}" if near else otherwise
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
