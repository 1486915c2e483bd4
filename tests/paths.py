"""Every place of a network by its path, read from the tree by the rules of the documentation alone."""

from collections.abc import Iterator

from nas.arch.nodes import LEAVES, Branches, Cells, Chain, Exit, Fork, Graph, Part

NAMES = {
    "GlobalPool": "pool",
    "LocalResponseNorm": "norm",
    "TableConv": "conv",
    "RadialBasis": "radial_basis",
    "DropPath": "drop_path",
}


def places(network: Chain, path: str = "") -> Iterator[tuple[str, Part | None]]:
    """Every path, in the order of reading, with the part that stands there; None where none does."""
    seen: dict[str, int] = {}
    for part in network.parts:
        kind = type(part).__name__
        word = part.join if isinstance(part, Branches) else NAMES.get(kind, kind.lower())
        seen[word] = seen.get(word, 0) + 1
        here = f"{path}.{word}{seen[word]}".lstrip(".")
        yield here, part
        for segment, inner in _inside(part):
            below = f"{here}.{segment}" if segment else here
            if segment.endswith(".edge1"):
                yield below.removesuffix(".edge1"), None
            if segment:
                yield below, None
            yield from places(inner, below)
        if isinstance(part, Graph):
            yield f"{here}.output", None
    yield f"{path}.end".lstrip("."), None


def _inside(part: Part) -> Iterator[tuple[str, Chain]]:
    match part:
        case Branches(branches=branches) | Fork(branches=branches):
            yield from ((f"branch{i}", branch) for i, branch in enumerate(branches, 1))
        case Cells(cells=cells):
            yield from ((f"cell{i}", cell) for i, cell in enumerate(cells, 1))
        case Graph(steps=steps):
            for i, step in enumerate(steps, 1):
                yield from ((f"step{i}.edge{j}", edge.part) for j, edge in enumerate(step.edges, 1))
        case Exit(head=head):
            yield "", head
        case _:
            pass


def parts_within(network: Chain) -> list[Part]:
    """Every part of a network, however deep."""
    return [part for _, part in places(network) if part is not None]


def leaf_paths(network: Chain) -> set[str]:
    """The paths of its leaves."""
    return {path for path, part in places(network) if isinstance(part, LEAVES)}
