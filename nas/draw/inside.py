"""The inside of a block as a small graph: operations from top to bottom, branches side by side."""

from __future__ import annotations

from nas.draw.boxes import GAP, closed, level, op_sketch, stacked
from nas.draw.cells import mesh_sketch
from nas.draw.marks import Line, Mark, Sketch, placed
from nas.draw.parts import Item, Joined, Mesh, Op, Row


def row_sketch(row: Row) -> Sketch:
    """Items one below the other, an arrow from each to the next."""
    return stacked([item_sketch(item) for item in row])


def item_sketch(item: Item) -> Sketch:
    """One item."""
    match item:
        case Op():
            return op_sketch(item)
        case Joined():
            return _with_strip(joined_sketch(item), item.after)
        case Mesh():
            return _with_strip(mesh_sketch(item, row_sketch), item.after)


def _with_strip(sketch: Sketch, after: tuple[Op, ...]) -> Sketch:
    return stacked([sketch, op_sketch(Op("other", "", after=after))]) if after else sketch


def joined_sketch(joined: Joined) -> Sketch:
    """Rows side by side between a fork and a join; beside the body of a sum or product stand its shortcuts."""
    made = [row_sketch(row) for row in joined.rows]
    bodied = joined.join in ("add", "multiply") or sum(not sketch.nothing for sketch in made) == 1
    made.sort(key=lambda sketch: -sketch.height if bodied else sketch.nothing)
    lefts, x = [], 0.0
    for sketch in made:
        lefts.append(x)
        x += sketch.width + GAP
    width = x - GAP
    axis = made[0].entry if bodied else width / 2
    top = 2 * GAP - 6
    bottom = top + max(sketch.height for sketch in made)
    entries = [left + sketch.entry for sketch, left in zip(made, lefts, strict=True)]
    marks: list[Mark] = [Line(((axis, 0), (axis, top / 2)))]
    marks += level(entries, axis, top / 2)
    for sketch, left, entry in zip(made, lefts, entries, strict=True):
        marks.append(Line(((entry, top / 2), (entry, top)), arrow=sketch.boxed))
        marks += placed(sketch, left, top)
        ends = (left + out for out in sketch.exits)
        marks += (Line(((end, top + sketch.height), (end, bottom))) for end in ends if top + sketch.height < bottom)
    exits = tuple(left + out for sketch, left in zip(made, lefts, strict=True) for out in sketch.exits)
    whole = Sketch(width, bottom, tuple(marks), axis, exits)
    dropped = f", drop path {joined.drop_path:g}" if joined.drop_path else ""
    return closed(whole, f"{joined.join}{dropped}") if joined.join else whole
