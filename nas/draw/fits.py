"""What fits the inputs of a cell to it, apart from the cell: cells that differ in that only are one kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nas.draw.kinds import bare
from nas.draw.lines import Stop
from nas.draw.parts import Item, Mesh, Number, Op, Row


def fits_apart(line: Sequence[Stop]) -> tuple[list[Stop], list[list[Row]]]:
    """The main line with "fit 1", "fit 2", … in cells that differ there, and the uses of each such fit."""
    looks: dict[tuple[Row, int], set[Row]] = {}
    for stop in line:
        for step, fit in _fits(stop).items():
            looks.setdefault((_unfitted(stop), step), set()).add(bare(fit))
    uses: dict[Row, list[Row]] = {}
    made = []
    for stop in line:
        differing = {step: fit for step, fit in _fits(stop).items() if len(looks[_unfitted(stop), step]) > 1}
        made.append(_apart(stop, differing, uses) if differing else stop)
    return made, list(uses.values())


def _fits(stop: Stop) -> dict[int, Row]:
    """The steps of a cell that do nothing but fit an input."""
    match stop.rows[0]:
        case (Mesh(back=back, steps=steps), *_):
            return {i: edges[0][0] for i, (edges, _) in enumerate(steps) if len(edges) == 1 and edges[0][1] < len(back)}
        case _:
            return {}


def _unfitted(stop: Stop) -> Row:
    """The look of a cell whatever fits its inputs."""
    first, *rest = stop.rows[0]
    return bare((_replaced(first, dict.fromkeys(_fits(stop), ())), *rest))


def _apart(stop: Stop, fits: Mapping[int, Row], uses: dict[Row, list[Row]]) -> Stop:
    """The stop with the numbers of these fits in their place; their uses are noted."""
    boxes: dict[int, Row] = {}
    for step, fit in fits.items():
        if fit:
            uses.setdefault(bare(fit), []).append(fit)
        number = Number("fit", 1 + list(uses).index(bare(fit)) if fit else "none")
        boxes[step] = (Op("other", "fit", (number,)),)
    rows = tuple((_replaced(first, boxes), *rest) for first, *rest in stop.rows)
    return replace(stop, rows=rows, fits=tuple(filter(None, fits.values())))


def _replaced(cell: Item, rows: Mapping[int, Row]) -> Item:
    """The cell with these rows on the only edge of these steps."""
    assert isinstance(cell, Mesh)
    steps = ((((rows[i], edges[0][1]),) if i in rows else edges, join) for i, (edges, join) in enumerate(cell.steps))
    return replace(cell, steps=tuple(steps))
