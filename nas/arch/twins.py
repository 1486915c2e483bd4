"""Which part of one network is which of another's, where one is an edit of the other."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from nas.arch.diff import opposite
from nas.arch.nodes import Chain, Graph, Network, Part, chain
from nas.arch.paths import below, part_names, subchains


@dataclass(slots=True)
class Twins:
    """What `twins` found.

    Args:
        of: The path in the parent, by the path in the child, of parts that stand opposite each other.
        inserted: Paths in the child of parts that stand alone in a chain whose twin is known; of what they are made of
            no path is here.
    """

    of: dict[str, str] = field(default_factory=dict)
    inserted: set[str] = field(default_factory=set)


def twins(parent: Network, child: Network) -> Twins:
    """Which part of `child` stands opposite which of `parent`, as `nas.arch.diff` sees them."""
    found = Twins()
    _chains(found, (chain(parent), ""), (chain(child), ""))
    return found


_Placed = tuple[Chain, str]
"""A chain, and the path to it."""


def _chains(found: Twins, parent: _Placed, child: _Placed) -> None:
    (theirs, their_path), (ours, our_path) = parent, child
    their_names, our_names = part_names(theirs.parts), part_names(ours.parts)
    for i, j in opposite(theirs.parts, ours.parts):
        if j is None:
            continue
        path = below(our_path, our_names[j])
        if i is None:
            found.inserted.add(path)
        else:
            _parts(found, (theirs.parts[i], below(their_path, their_names[i])), (ours.parts[j], path))


def _parts(found: Twins, parent: tuple[Part, str], child: tuple[Part, str]) -> None:
    (theirs, their_path), (ours, our_path) = parent, child
    found.of[our_path] = their_path
    if isinstance(theirs, Graph) and isinstance(ours, Graph):
        steps = min(len(theirs.steps), len(ours.steps))
        found.of |= {below(our_path, f"step{i}"): below(their_path, f"step{i}") for i in range(1, steps + 1)}
    for (segment, their_chain), (our_segment, our_chain) in _inside(theirs, ours):
        _chains(found, (their_chain, below(their_path, segment)), (our_chain, below(our_path, our_segment)))


def _inside(theirs: Part, ours: Part) -> Iterator[tuple[tuple[str, Chain], tuple[str, Chain]]]:
    """The chains of two parts that stand opposite each other: in a graph by their names, else in order."""
    before, after = list(subchains(theirs)), list(subchains(ours))
    if isinstance(ours, Graph):
        named = dict(before)
        yield from (((name, named[name]), (name, part)) for name, part in after if name in named)
        return
    for i, j in opposite([part for _, part in before], [part for _, part in after]):
        if i is not None and j is not None:
            yield before[i], after[j]
