"""What turns one network into another, edit by edit."""

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
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, a.parts, b.parts, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for i, j in _paired(a.parts[i1:i2], b.parts[j1:j2]):
            if i is None and j is not None:
                edits.append(Edit(below(path, theirs[j1 + j]), None, b.parts[j1 + j]))
            elif j is None and i is not None:
                edits.append(Edit(below(path, ours[i1 + i]), a.parts[i1 + i], None))
            elif i is not None and j is not None:
                edits += _parts(a.parts[i1 + i], b.parts[j1 + j], below(path, ours[i1 + i]))
    return edits


def _paired(ours: tuple[Part, ...], theirs: tuple[Part, ...]) -> list[tuple[int | None, int | None]]:
    """Positions that stand opposite each other: parts of one kind, in order; the others stand alone."""
    pairs: list[tuple[int | None, int | None]] = []
    matcher = SequenceMatcher(None, [type(part) for part in ours], [type(part) for part in theirs], autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            pairs += zip(range(i1, i2), range(j1, j2), strict=True)
        else:
            pairs += [(i, None) for i in range(i1, i2)]
            pairs += [(None, j) for j in range(j1, j2)]
    return pairs


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
