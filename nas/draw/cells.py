"""The inside of a cell: its steps in layers, each below what it reads, with lanes for what passes a layer by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from nas.draw.boxes import GAP, closed
from nas.draw.letters import text_width
from nas.draw.marks import PAD, TEXT, Box, Curve, Line, Mark, Point, Sketch, Text, placed
from nas.draw.parts import Mesh, Row, Value

_ROOM = 44.0
"""Between two layers, for the lines from one to the other."""
_LANE = 12.0
_SWEEPS = 4
_NOWHERE = -1
_PORTS: dict[Value, str] = {0: "input", 1: "last cell", 2: "cell before last"}
_PORTS |= {"same": "last layer, same size", "finer": "last layer, finer size"}


@dataclass(frozen=True, slots=True)
class _Node:
    """What stands in a layer: an input or step, or a lane, the line of one that is read further down."""

    source: int
    columns: tuple[tuple[Sketch, int], ...]
    join: str = ""

    @property
    def reads(self) -> tuple[int, ...]:
        return tuple(source for _, source in self.columns if source != _NOWHERE)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A node with the place of its left end in its layer, its sketch, and where its columns begin."""

    node: _Node
    left: float
    sketch: Sketch
    entries: tuple[float, ...]

    @property
    def exit(self) -> float:
        return self.left + self.sketch.exits[0]


def mesh_sketch(mesh: Mesh, look: Callable[[Row], Sketch]) -> Sketch:
    """A cell from its inputs at the top to what it puts out at the bottom; `look` draws what stands on an edge."""
    layers = _layers(mesh, look)
    placed_layers = [_row_of(layer, {}) for layer in layers]
    for _ in range(_SWEEPS):
        for depth in range(1, len(layers)):
            above = {one.node.source: one.exit for one in placed_layers[depth - 1]}
            middle = _width(placed_layers[depth - 1]) / 2
            layers[depth] = sorted(layers[depth], key=lambda node: _wish(node, above, middle))
            placed_layers[depth] = _row_of(layers[depth], above)
    return _drawn(placed_layers, second=1 if len(mesh.back) > 1 else None)


def _layers(mesh: Mesh, look: Callable[[Row], Sketch]) -> list[list[_Node]]:
    """Nodes by layer, each below all that it reads, with lanes for what is read further down."""
    nodes = _nodes(mesh, look)
    depth: dict[int, int] = {}
    for node in nodes:
        depth[node.source] = 1 + max((depth[read] for read in node.reads), default=-1)
    layers: list[list[_Node]] = [[] for _ in range(1 + max(depth.values()))]
    for node in nodes:
        layers[depth[node.source]].append(node)
    for source, from_depth in depth.items():
        to_depth = max((depth[node.source] for node in nodes if source in node.reads), default=0)
        for between in range(from_depth + 1, to_depth):
            layers[between].append(_Node(source, ((_lane(), source),)))
    return layers


def _nodes(mesh: Mesh, look: Callable[[Row], Sketch]) -> list[_Node]:
    """Inputs that are read, steps and the output; a step that passes one input on is that input."""
    count = len(mesh.back)
    same = {source: source if back.value else 0 for source, back in enumerate(mesh.back)}
    steps = []
    for source, (edges, join) in enumerate(mesh.steps, count):
        same[source] = source
        if len(edges) == 1 and not edges[0][0]:
            same[source] = same[edges[0][1]]
            continue
        columns = tuple((look(row), same[read]) for row, read in edges)
        steps.append(_Node(source, columns, join if len(edges) > 1 else ""))
    outputs = [same[output] for output in mesh.outputs]
    if len(outputs) > 1:
        columns = tuple((look(()), output) for output in outputs)
        steps.append(_Node(count + len(mesh.steps), columns, "concat"))
    used = {*outputs, *(read for node in steps for read in node.reads)}
    ports = (_Node(source, ((_port(back.value), _NOWHERE),)) for source, back in enumerate(mesh.back) if source in used)
    return [*ports, *steps]


def _port(back: Value) -> Sketch:
    word = _PORTS.get(back, f"{back} cells back")
    width = text_width(word, TEXT) + 2 * PAD
    box = Box(0, 0, width, 24, "port", (Text(width / 2, 16.5, word, TEXT),), round=12.0)
    return Sketch(width, 24, (box,), width / 2, (width / 2,))


def _lane() -> Sketch:
    return Sketch(_LANE, 0, (), _LANE / 2, (_LANE / 2,))


def _wish(node: _Node, above: dict[int, float], middle: float) -> float:
    """Where a node would like to stand: below the middle of what it reads."""
    places = [above.get(read, middle) for read in node.reads]
    return sum(places) / len(places) if places else middle


def _row_of(nodes: Sequence[_Node], above: dict[int, float]) -> list[_Placed]:
    """The nodes of a layer side by side."""
    made, left = [], 0.0
    for node in nodes:
        columns = sorted(node.columns, key=lambda column: above.get(column[1], 0.0))
        ordered = _Node(node.source, tuple(columns), node.join)
        sketch, entries = _node_sketch(ordered)
        made.append(_Placed(ordered, left, sketch, entries))
        left += sketch.width + 1.6 * GAP
    return made


def _node_sketch(node: _Node) -> tuple[Sketch, tuple[float, ...]]:
    marks: list[Mark] = []
    entries, exits, left = [], [], 0.0
    height = max(sketch.height for sketch, _ in node.columns)
    for sketch, _ in node.columns:
        marks += placed(sketch, left, 0)
        entries.append(left + sketch.entry)
        exits.append(left + sketch.exits[0])
        if sketch.height < height:
            marks.append(Line(((exits[-1], sketch.height), (exits[-1], height))))
        left += sketch.width + GAP / 2
    width = left - GAP / 2
    if not node.join:
        return Sketch(width, height, tuple(marks), entries[0], tuple(exits[:1])), tuple(entries)
    whole = closed(Sketch(width, height, tuple(marks), width / 2, tuple(exits)), node.join)
    shift = whole.entry - width / 2
    return whole, tuple(entry + shift for entry in entries)


def _width(layer: Sequence[_Placed]) -> float:
    return layer[-1].left + layer[-1].sketch.width if layer else 0.0


def _drawn(layers: Sequence[Sequence[_Placed]], *, second: int | None) -> Sketch:
    """The layers one below the other; the lines of the second input are dashed."""
    width = max(map(_width, layers))
    marks: list[Mark] = []
    outs: dict[int, Point] = {}
    y, exits = 0.0, (width / 2,)
    for depth, layer in enumerate(layers):
        indent = (width - _width(layer)) / 2
        height = max((one.sketch.height for one in layer), default=0.0)
        marks += _links(layer, indent, outs, y, second)
        for one in layer:
            marks += placed(one.sketch, indent + one.left, y)
            bottom = y + one.sketch.height
            x = indent + one.exit
            if bottom < y + height and depth + 1 < len(layers):
                marks.append(Line(((x, bottom), (x, y + height)), dashed=one.node.source == second))
            outs[one.node.source] = (x, y + height)
            exits = (x,)
        y += height + _ROOM
    return Sketch(width, y - _ROOM, tuple(marks), width / 2, exits)


def _links(
    layer: Sequence[_Placed], indent: float, outs: dict[int, Point], y: float, second: int | None
) -> Iterator[Curve]:
    """Curves from the layer above."""
    for one in layer:
        for (sketch, read), entry in zip(one.node.columns, one.entries, strict=True):
            if read != _NOWHERE:
                arrow = not sketch.nothing
                yield Curve(outs[read], (indent + one.left + entry, y), arrow=arrow, dashed=read == second)
