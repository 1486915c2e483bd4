"""What a network is made of, as numbers: how many of which operations, in which order, how deep, at what cost."""

import math
from collections import Counter
from functools import lru_cache
from itertools import pairwise

from nas.arch.cost import Cost
from nas.arch.fields import pair
from nas.arch.nodes import (
    Branches,
    Cells,
    Chain,
    Conv,
    Exit,
    Fork,
    GlobalPool,
    Graph,
    Linear,
    Network,
    Norm,
    Part,
    Pool,
    RadialBasis,
    Ratio,
    Scale,
    Shortcut,
    TableConv,
    chain,
)
from nas.arch.paths import subchains

_MOST_PATHS = 200


def traits(network: Network, cost: Cost) -> dict[str, float]:
    """Counts of operations, of pairs of neighbouring ones, and of the ways through each join and cell; sizes.

    Args:
        network: Without holes.
        cost: Of it.
    """
    made: dict[str, float] = dict(_counted(chain(network)))
    made["depth"] = _depth(chain(network))
    for name, size in (("macs", cost.macs), ("params", cost.params), ("activations", cost.activations)):
        made[f"log {name}"] = math.log1p(size)
    return made


@lru_cache(maxsize=20_000)
def _counted(whole: Chain) -> Counter[str]:
    """Operations of a chain and of what stands in it."""
    found: Counter[str] = Counter()
    words = [word for part in whole.parts if (word := _word(part))]
    found.update(words)
    found.update(f"{a} {b}" for a, b in pairwise(words))
    for part in whole.parts:
        for _, inner in subchains(part):
            found += _counted(inner)
        found.update(_ways(part))
    return found


def _word(part: Part) -> str:
    """What an operation is called; empty for what follows others of itself."""
    match part:
        case Conv(kernel=kernel, groups=groups, stride=stride):
            height, width = pair(kernel)
            kind = "conv" if groups == 1 else "depthwise" if isinstance(groups, Ratio) else "grouped"
            return f"{kind}{height}x{width}{'/2' if pair(stride) != (1, 1) else ''}"
        case Pool(kind=kind):
            return f"{kind}pool"
        case Branches(join=join):
            return join
        case Scale(factor=factor):
            return "none" if factor == 0 else "scale"
        case Norm() | Chain() | Shortcut():
            return ""
        case _:
            return type(part).__name__.lower()


def _ways(part: Part) -> Counter[str]:
    """The ways through a join or a cell, each the operations along it; squeeze-and-excitation is one of them."""
    match part:
        case Branches(branches=branches, join=join):
            return Counter(f"{join}: {_told(branch)}" for branch in branches)
        case Graph():
            return _ways_through(part)
        case _:
            return Counter()


@lru_cache(maxsize=20_000)
def _told(way: Chain) -> str:
    if way.parts and isinstance(way.parts[0], GlobalPool):
        return "squeeze"
    return " ".join(word for part in way.parts if (word := _word(part)))


@lru_cache(maxsize=20_000)
def _ways_through(graph: Graph) -> Counter[str]:
    """The ways from an input of a graph to a step that others, or nobody, read: the path encoding of cells."""
    ways: list[Counter[str]] = [Counter({f"cell {i}:": 1}) for i in range(len(graph.inputs))]
    total: Counter[str] = Counter()
    for step in graph.steps:
        here: Counter[str] = Counter()
        for edge in step.edges:
            told = _told(edge.part)
            for way, times in list(ways[edge.source].items())[:_MOST_PATHS]:
                here[f"{way} {told};"] += times
        ways.append(here)
        total += here
    return total


@lru_cache(maxsize=20_000)
def _depth(whole: Chain) -> int:
    """Convolutions and linear layers on the longest way."""
    deep = 0
    for part in whole.parts:
        match part:
            case Graph(steps=steps, inputs=inputs):
                reached = [0] * len(inputs)
                for step in steps:
                    reached.append(max(reached[edge.source] + _depth(edge.part) for edge in step.edges))
                deep += reached[-1]
            case Cells(cells=cells):
                deep += sum(map(_depth, cells))
            case Branches(branches=branches) | Fork(branches=branches):
                deep += max(map(_depth, branches), default=0)
            case Exit():
                pass
            case _:
                deep += isinstance(part, Conv | Linear | TableConv | RadialBasis)
    return deep
