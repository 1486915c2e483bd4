"""What turns one network into another, edit by edit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from nas.arch.nodes import Chain, Graph, Network, Part, chain, contents, field_names
from nas.arch.paths import below, part_names, subchains
from nas.arch.text import by_default, compact

_CHILDREN = {"branches", "cells", "steps", "head"}


@dataclass(frozen=True, slots=True)
class Edit:
    """One difference: at `path`, `before` became `after`; None where there was, or is, nothing."""

    path: str
    before: Any
    after: Any

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.path}: added {compact(self.after)}"
        if self.after is None:
            return f"{self.path}: removed {compact(self.before)}"
        return f"{self.path}: {compact(self.before)} → {compact(self.after)}"


def diff(a: Network, b: Network) -> list[Edit]:
    """The edits from `a` to `b`; no edits means equal. Paths are those of `a`, of `b` for what was added."""
    return _chains(chain(a), chain(b), "")


def _chains(a: Chain, b: Chain, path: str) -> list[Edit]:
    if a == b:
        return []
    ours, theirs = part_names(a.parts), part_names(b.parts)
    edits: list[Edit] = []
    for i, j in opposite(a.parts, b.parts):
        if i is None and j is not None:
            edits.append(Edit(below(path, theirs[j]), None, b.parts[j]))
        elif j is None and i is not None:
            edits.append(Edit(below(path, ours[i]), a.parts[i], None))
        elif i is not None and j is not None and a.parts[i] != b.parts[j]:
            edits += _parts(a.parts[i], b.parts[j], below(path, ours[i]))
    return edits


Places = list[tuple[int | None, int | None]]


def opposite(ours: Sequence[Part], theirs: Sequence[Part]) -> Places:
    """Positions that stand opposite each other: equal parts, then parts of one kind, in order; others stand alone.

    Of several like parts in a row it is the last ones that stand alone.
    """
    added = _late(_opposite(ours, theirs), theirs)
    removed = _late([(j, i) for i, j in added], ours)
    return [(i, j) for j, i in removed]


def _opposite(ours: Sequence[Part], theirs: Sequence[Part]) -> Places:
    places: Places = []
    for is_equal, (i1, i2), (j1, j2) in _runs(ours, theirs):
        if is_equal:
            places += zip(range(i1, i2), range(j1, j2), strict=True)
            continue
        kinds = [type(part) for part in ours[i1:i2]], [type(part) for part in theirs[j1:j2]]
        for is_alike, (k1, k2), (l1, l2) in _runs(*kinds):
            if is_alike:
                places += zip(range(i1 + k1, i1 + k2), range(j1 + l1, j1 + l2), strict=True)
            else:
                places += [(i, None) for i in range(i1 + k1, i1 + k2)]
                places += [(None, j) for j in range(j1 + l1, j1 + l2)]
    return places


def _late(places: Places, theirs: Sequence[Part]) -> Places:
    """Runs of theirs that stand alone, as far towards the end as equal parts allow."""
    start = 0
    while start < len(places):
        end = start
        while end < len(places) and places[end][0] is None:
            end += 1
        while start < end < len(places):
            (_, first), (i, after) = places[start], places[end]
            if first is None or i is None or after is None or theirs[first] != theirs[after]:
                break
            places[start], places[end] = (i, first), (None, after)
            start, end = start + 1, end + 1
        start = end + 1
    return places


def _runs(ours: Sequence[Any], theirs: Sequence[Any]) -> Iterator[tuple[bool, tuple[int, int], tuple[int, int]]]:
    """Runs that are equal or not, from and to where in each."""
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        yield tag == "equal", (i1, i2), (j1, j2)


def _parts(a: Part, b: Part, path: str) -> list[Edit]:
    ours, theirs = list(subchains(a)), list(subchains(b))
    if len(ours) != len(theirs) or (isinstance(a, Graph) and _wiring(a) != _wiring(b)):
        return [Edit(path, a, b)]
    edits = [
        Edit(f"{path}.{name}", before, after)
        for name, before, after in zip(field_names(type(a)), contents(a), contents(b), strict=True)
        if name not in _CHILDREN
        and before != after
        and not (by_default(a, name, before) and by_default(b, name, after))
    ]
    for (segment, before), (_, after) in zip(ours, theirs, strict=True):
        edits += _chains(before, after, below(path, segment))
    return edits


def _wiring(part: Any) -> Any:
    return part.inputs, [(step.join, [edge.source for edge in step.edges]) for step in part.steps]
