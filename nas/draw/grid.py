"""Networks that keep maps of several sizes: a grid, layers from left to right and sizes from fine to coarse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from nas.arch.cost import Shape
from nas.draw.blocks import Panel, badge
from nas.draw.kinds import bare
from nas.draw.letters import text_width
from nas.draw.lines import Stop
from nas.draw.marks import PAD, SMALL, TEXT, Box, Line, Mark, Sketch, Text
from nas.draw.parts import Mesh, Number, Op

_ACROSS, _DOWN, _SIDE = 32.0, 62.0, 20.0


@dataclass(frozen=True, slots=True)
class Spot:
    """A cell in the grid; `reads` are the spots before it whose output it reads, none where the grid begins."""

    column: int
    row: int
    shape: Shape
    stop: Stop | None = None
    reads: tuple[Spot, ...] = ()
    exit: bool = False


def spots(line: Sequence[Stop]) -> list[Spot]:
    """The grid of a main line, cell by cell; empty where no finer map follows a coarser one."""
    first = next((i for i, stop in enumerate(line) if stop.cell), 0)
    before = next((i for i in reversed(range(first)) if not line[i].exit), None)
    if before is None:
        return []
    cells = [line[before], *(stop for stop in line if stop.cell)]
    if not any(a.shape[1] < b.shape[1] for a, b in pairwise(cells)):
        return []
    sizes = sorted({stop.shape[1] for stop in cells}, reverse=True)
    made = [Spot(0, 0, line[before].shape)]
    for stop in line[before + 1 :]:
        if stop.exit:
            made[-1] = replace(made[-1], exit=True)
        elif stop.cell:
            row, back, last = sizes.index(stop.shape[1]), _back(stop), made[-1]
            column = last.column + bool(back and (last.column == 0 or row <= last.row))
            reads = tuple(made[max(0, stop.cell - cells_back)] for cells_back in back)
            made.append(Spot(column, row, stop.shape, stop, reads))
    return made


def _back(stop: Stop) -> tuple[int, ...]:
    match stop.rows[0]:
        case (Mesh(back=back), *_):
            return tuple(int(number.value) for number in back)
        case _:
            return ()


def told_by_size(line: Sequence[Stop], grid: Sequence[Spot]) -> list[Stop]:
    """The main line, its cells saying of each input whether it has their size or a finer one."""
    spots_of = {spot.stop: spot for spot in grid if spot.reads}
    return [_told(stop, spots_of[stop]) if stop in spots_of else stop for stop in line]


def _told(stop: Stop, spot: Spot) -> Stop:
    back = tuple(Number("back", "same" if read.row == spot.row else "finer") for read in spot.reads)
    rows = tuple((replace(first, back=back), *rest) for first, *rest in stop.rows if isinstance(first, Mesh))
    return replace(stop, kind="cell", rows=rows)


def layers(line: Sequence[Stop], grid: Sequence[Spot], inside: Sequence[Panel]) -> list[Stop]:
    """The main line with a stop for each layer of cells; each exit ends a stage."""
    columns = {spot.stop.cell: spot.column for spot in grid if spot.stop and spot.reads}
    made: list[Stop] = []
    stage, exits = "stem", 0
    for column, group in groupby(line, key=lambda stop: 0 if stop.exit else columns.get(stop.cell, 0)):
        if column:
            stage = f"stage {exits + 1}"
            made.append(_layer(list(group), stage, inside))
            continue
        for stop in group:
            made.append(replace(stop, stage="head" if stop.stage == "head" else stage))
            exits += stop.exit
            stage = f"stage {exits + 1}" if exits else stage
    return made


def _layer(cells: Sequence[Stop], stage: str, inside: Sequence[Panel]) -> Stop:
    op = Op("block", f"layer of {' '.join(_letter(cell, inside) for cell in cells)}")
    macs, params = sum(cell.macs for cell in cells), sum(cell.params for cell in cells)
    return Stop(stage, "layer", ((op,),), cells[-1].shape, macs, params)


def _letter(cell: Stop, inside: Sequence[Panel]) -> str:
    look = bare(cell.rows[0])
    return next(panel.letter for panel in inside if panel.look == look and not panel.fit)


def grid_sketch(grid: Sequence[Spot], inside: Sequence[Panel]) -> Sketch:
    """The grid with the letter of each cell, the channels that it writes, and the exits."""
    title = Text(
        PAD,
        23,
        "layers from left to right, sizes from fine to coarse, channels below each cell",
        TEXT,
        bold=True,
        anchor="start",
    )
    sizes = {spot.row: f"{spot.shape[1]}×{spot.shape[2]}" for spot in grid}
    left = max(text_width(size, SMALL) for size in sizes.values()) + 3 * PAD
    columns, rows = max(spot.column for spot in grid) + 1, len(sizes) + any(spot.exit for spot in grid)
    marks: list[Mark] = [Text(PAD, _y(row) + 14, size, SMALL, anchor="start") for row, size in sizes.items()]
    for spot in grid:
        x, y = left + spot.column * _ACROSS, _y(spot.row)
        marks += (_link(read, spot, left) for read in spot.reads)
        marks.append(
            badge(_letter(spot.stop, inside), x, y) if spot.reads and spot.stop else Box(x, y, _SIDE, _SIDE, "port")
        )
        marks.append(Text(x + _SIDE / 2, y + _SIDE + 13, str(spot.shape[0]), SMALL))
        if spot.exit:
            bottom = _y(len(sizes))
            marks.append(Line(((x + _SIDE / 2, y + _SIDE + 16), (x + _SIDE / 2, bottom)), arrow=True))
            marks.append(Box(x, bottom, _SIDE, _SIDE, "exit"))
    width = max(left + columns * _ACROSS + PAD, title.width + 2 * PAD)
    height = _y(rows) - _DOWN + _SIDE + 24
    return Sketch(width, height, (Box(0, 0, width, height, "panel", (title,)), *marks))


def _y(row: int) -> float:
    return 42 + row * _DOWN


def _link(read: Spot, spot: Spot, left: float) -> Line:
    start = left + read.column * _ACROSS + _SIDE, _y(read.row) + _SIDE / 2
    end = left + spot.column * _ACROSS, _y(spot.row) + _SIDE / 2
    return Line((start, end), dashed=read.row != spot.row)
