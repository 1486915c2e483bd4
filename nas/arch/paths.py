"""The string form of "where in the tree", used by errors, diffs and parameter names: `add3.branch1.conv2`.

A part of a chain is called after its kind and counted among the parts of its kind in that chain. A `Branches` is called
after its join; below it stand its branches, below a graph its steps and their edges, below cells the cells.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache

from nas.arch.nodes import Branches, Cells, Chain, Choice, Exit, Fork, Graph, Part, Repeat, Scope

_KINDS = {"GlobalPool": "pool", "TableConv": "conv", "LocalResponseNorm": "norm"}


def kind(part: Part) -> str:
    """The word a part is called by, without its number."""
    match part:
        case Branches(join=join) if isinstance(join, str):
            return join
        case Repeat(name=name) | Scope(name=name) | Choice(name=name):
            return name
        case _:
            return _word(type(part).__name__)


@cache
def _word(name: str) -> str:
    return _KINDS.get(name) or "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


def part_names(parts: Iterable[Part]) -> list[str]:
    """What each part of a chain is called: `["conv1", "norm1", "act1", "conv2", …]`."""
    seen: Counter[str] = Counter()
    names = []
    for part in parts:
        word = kind(part)
        seen[word] += 1
        names.append(f"{word}{seen[word]}")
    return names


def subchains(part: Part) -> Iterator[tuple[str, Chain]]:
    """The chains directly inside a part, with the segment that leads to each; "" where the part has only one."""
    match part:
        case Branches(branches=branches) | Fork(branches=branches):
            yield from ((f"branch{i}", branch) for i, branch in enumerate(branches, 1))
        case Graph(steps=steps):
            for i, step in enumerate(steps, 1):
                yield from ((f"step{i}.edge{j}", edge.part) for j, edge in enumerate(step.edges, 1))
        case Cells(cells=cells):
            yield from ((f"cell{i}", cell) for i, cell in enumerate(cells, 1))
        case Exit(head=inner) | Repeat(part=inner) | Scope(part=inner):
            yield "", inner
        case Choice(labels=labels, parts=parts):
            yield from zip(labels, parts, strict=True)
        case Chain():
            yield "", part
        case _:
            pass


def below(path: str, segment: str) -> str:
    """`segment` under `path`."""
    return f"{path}.{segment}" if path and segment else path or segment
