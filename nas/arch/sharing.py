"""Which decisions of a space are seen from more than one place."""

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from nas.arch.holes import value_holes
from nas.arch.nodes import Chain, Choice, Graph, Part, Ratio, Repeat, Scope, contents, is_open
from nas.arch.paths import subchains
from nas.arch.scopes import Hole, Place


@lru_cache(maxsize=256)
def shared_families(space: Chain) -> tuple[frozenset[str], frozenset[str]]:
    """The family names of the holes that several places of a space see, and of the scopes it opens several times."""
    holes: Counter[str] = Counter()
    scopes: Counter[str] = Counter()

    def value(item: Any, place: Place, sights: int) -> None:
        for hole in _holes(item):
            holes[place.family_name(hole)] += sights + (hole.scope is not None)

    def walk(part: Part, place: Place, sights: int) -> None:
        """Count what stands in a part; `sights` is 2 below a choice that other places see as well."""
        if not is_open(part):
            return
        match part:
            case Scope(name=name, part=inner):
                scopes[place.scope(name).family] += sights
                walk(inner, place.scope(name), sights)
            case Repeat(name=name, part=inner, times=times):
                value(times, place, sights)
                scopes[place.scope(name, "#").family] += sights
                walk(inner, place.scope(name, "#"), sights)
            case Choice(labels=labels, parts=parts):
                holes[place.family_name(part)] += sights + (part.scope is not None)
                for label, alternative in zip(labels, parts, strict=True):
                    walk(alternative, place.alternative(part, label), sights if part.scope is None else 2)
            case Chain(parts=parts):
                for inner_part in parts:
                    walk(inner_part, place, sights)
            case _:
                for item in _values(part):
                    value(item, place, sights)
                for _, inner in subchains(part):
                    walk(inner, place, sights)

    walk(space, Place(), 1)
    return frozenset(n for n, c in holes.items() if c > 1), frozenset(n for n, c in scopes.items() if c > 1)


@lru_cache(maxsize=65536)
def looks_out(part: Part, inside: frozenset[str]) -> bool:
    """Whether a hole in a part is decided by a scope around it, none of those whose names are `inside`."""
    if not is_open(part):
        return False
    own = part if isinstance(part, Choice) else part.times if isinstance(part, Repeat) else _values(part)
    scopes = [hole.scope for hole in _holes(own)]
    if any(scope is not None and scope not in inside for scope in scopes):
        return True
    within = inside | {part.name} if isinstance(part, Repeat | Scope) else inside
    inner = part.parts if isinstance(part, Chain) else [inner for _, inner in subchains(part)]
    return any(looks_out(each, within) for each in inner)


def _holes(item: Any) -> Iterator[Hole]:
    match item:
        case Choice():
            yield item
        case tuple():
            for inner in item:
                yield from _holes(inner)
        case Ratio():
            yield from _holes(contents(item))
        case _:
            yield from value_holes(item)


def _values(part: Part) -> tuple[Any, ...]:
    if isinstance(part, Graph):
        return (*part.inputs, *(s.join for s in part.steps), *(e.source for s in part.steps for e in s.edges))
    return contents(part)
