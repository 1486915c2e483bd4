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
_PORTS: dict[Value, str] = {0: "input", 1: "last cell", 2: "cell before last"}
_PORTS |= {"same": "last layer, same size", "finer": "last layer, finer size"}


@dataclass(frozen=True, slots=True)
class _Node:
    """What stands in a layer: an input or step, or (`lane`) the line of one that is read further down."""

    source: int
    columns: tuple[tuple[Sketch, int], ...]
    join: str = ""
    lane: bool = False

    @property
    def reads(self) -> tuple[int, ...]:
        return tuple(source for _, source in self.columns)


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
    """Nodes by layer, lanes among them; a step that passes one input on is that input."""
    count = len(mesh.back)
    depth = dict.fromkeys(range(count), 0)
    same = {source: source if back.value else 0 for source, back in enumerate(mesh.back)}
    nodes = [_Node(source, ((_port(back.value), -1),)) for source, back in enumerate(mesh.back)]
    for source, (edges, join) in enumerate(mesh.steps, count):
        reads = [same[read] for _, read in edges]
        if len(edges) == 1 and not edges[0][0]:
            same[source] = reads[0]
            continue
        same[source] = source
        depth[source] = 1 + max(depth[read] for read in reads)
        columns = tuple((look(row), read) for (row, _), read in zip(edges, reads, strict=True))
        nodes.append(_Node(source, columns, join if len(edges) > 1 else ""))
    outputs = [same[output] for output in mesh.outputs]
    if len(outputs) > 1:
        end = count + len(mesh.steps)
        depth[end] = 1 + max(depth.values())
        nodes.append(_Node(end, tuple((look(()), output) for output in outputs), "concat"))
    layers: list[list[_Node]] = [[] for _ in range(max(depth.values()) + 1)]
    for node in nodes:
        layers[depth[node.source]].append(node)
    for source in same:
        readers = [depth[node.source] for node in nodes if source in node.reads]
        for between in range(depth.get(source, 0) + 1, max(readers, default=0)):
            layers[between].append(_Node(source, ((_lane(), source),), lane=True))
    used = {*outputs, *(read for node in nodes for read in node.reads)}
    layers[0] = [node for node in layers[0] if node.source in used]
    return layers


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
    return sum(places) / len(places)


def _row_of(nodes: Sequence[_Node], above: dict[int, float]) -> list[_Placed]:
    """The nodes of a layer side by side."""
    made, left = [], 0.0
    for node in nodes:
        columns = sorted(node.columns, key=lambda column: above.get(column[1], 0.0))
        ordered = _Node(node.source, tuple(columns), node.join, node.lane)
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
            if read >= 0:
                arrow = not one.node.lane and not sketch.nothing
                yield Curve(outs[read], (indent + one.left + entry, y), arrow=arrow, dashed=read == second)
