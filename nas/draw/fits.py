"""What fits the inputs of a cell to it, apart from the cell: cells that differ in that only are one kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from nas.draw.kinds import bare
from nas.draw.lines import Stop
from nas.draw.parts import Mesh, Number, Op, Row


def fits_apart(line: Sequence[Stop]) -> tuple[list[Stop], list[list[Row]]]:
    """The main line with "fit 1", "fit 2", … in cells that differ there, and the uses of each such fit."""
    variants: dict[Row, list[list[Row]]] = {}
    for stop in line:
        if cells := _cell(stop):
            variants.setdefault(_unfitted(stop.rows[0]), [[] for _ in _fittings(cells)])
            for several, position in zip(variants[_unfitted(stop.rows[0])], _fittings(cells), strict=True):
                several.append(_at(cells, position))
    kinds: dict[Row, list[Row]] = {}
    made = []
    for stop in line:
        if cells := _cell(stop):
            varying = [
                position
                for several, position in zip(variants[_unfitted(stop.rows[0])], _fittings(cells), strict=True)
                if len(set(map(bare, several))) > 1
            ]
            fits = [_at(cells, position) for position in varying]
            for fit in filter(None, fits):
                kinds.setdefault(bare(fit), []).append(fit)
            numbers = [1 + list(kinds).index(bare(fit)) if fit else "none" for fit in fits]
            rows = tuple(_refitted(one, dict(zip(varying, numbers, strict=True))) for one in stop.rows)
            stop = replace(stop, rows=rows, fits=tuple(filter(None, fits)))
        made.append(stop)
    return made, list(kinds.values())


def _cell(stop: Stop) -> Mesh | None:
    first = stop.rows[0][0] if stop.rows[0] else None
    return first if isinstance(first, Mesh) else None


def _fittings(mesh: Mesh) -> list[int]:
    """The steps that do nothing but fit an input."""
    return [i for i, (edges, _) in enumerate(mesh.steps) if len(edges) == 1 and edges[0][1] < len(mesh.back)]


def _at(mesh: Mesh, position: int) -> Row:
    return mesh.steps[position][0][0][0]


def _unfitted(row: Row) -> Row:
    """The look of a cell whatever fits its inputs."""
    first = row[0]
    assert isinstance(first, Mesh)
    return bare((_replaced(first, {i: () for i in _fittings(first)}), *row[1:]))


def _refitted(row: Row, numbers: dict[int, int | str]) -> Row:
    first = row[0]
    assert isinstance(first, Mesh)
    boxes: dict[int, Row] = {i: (Op("other", "fit", (Number("fit", n),)),) for i, n in numbers.items()}
    return (_replaced(first, boxes), *row[1:])


def _replaced(mesh: Mesh, rows: dict[int, Row]) -> Mesh:
    def steps() -> Iterator[tuple[tuple[tuple[Row, int], ...], str]]:
        for i, (edges, join) in enumerate(mesh.steps):
            yield (((rows[i], edges[0][1]),) if i in rows else edges), join

    return replace(mesh, steps=tuple(steps()))
