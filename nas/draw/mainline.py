"""The main line: a box for each stop under the one before, its stage at the left, shape and MACs at the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from nas.arch.cost import Shape
from nas.draw.blocks import BADGE, Panel, badge
from nas.draw.boxes import label, op_sketch
from nas.draw.kinds import bare
from nas.draw.letters import text_width
from nas.draw.lines import Stop
from nas.draw.marks import PAD, SMALL, TEXT, Box, Line, Mark, Sketch, Text, placed
from nas.draw.parts import Op

_GAP, _BAND, _HEAD = 15.0, 7.0, 24.0
_HIGH, _LOW = 40.0, 26.0
_LEAST = 190.0
_COLUMN = 14.0


def mainline(line: Sequence[Stop], inside: Sequence[Panel], input: Shape) -> Sketch:
    """The main line of a network from its input to its output."""
    said = list(_said(line, inside))
    width = max(_LEAST, *(_needed(*one) for one in said))
    names = max(text_width(stop.stage, SMALL, bold=True) for stop in line) + 2 * PAD
    shapes = max(text_width(shape_text(stop.shape), SMALL) for stop in line)
    macs = max(text_width(_macs(stop), SMALL) for stop in line)
    left, axis = names, names + width / 2
    shape_x = left + width + _COLUMN
    macs_x = shape_x + max(shapes, text_width("output", SMALL, bold=True)) + _COLUMN + macs
    total = macs_x + PAD
    heads = (
        Text(shape_x, 14, "output", SMALL, bold=True, anchor="start"),
        Text(macs_x, 14, "MACs", SMALL, bold=True, anchor="end"),
    )
    marks: list[Mark] = []
    first = op_sketch(Op("port", f"input {shape_text(input)}"), least=width)
    marks += [*heads, *placed(first, left, 0)]
    y = first.height
    bands: list[Mark] = []
    for stage, group in groupby(said, key=lambda one: one[0].stage):
        top = y + _GAP / 2 + 1
        for stop, panel, values in group:
            box = _box(stop, panel, values, width)
            marks.append(Line(((axis, y), (axis, y + _GAP)), arrow=not stop.exit))
            y += _GAP
            marks += placed(box, left, y)
            middle = y + box.height / 2 + 4
            marks.append(Text(shape_x, middle, shape_text(stop.shape), SMALL, anchor="start"))
            if stop.macs:
                marks.append(Text(macs_x, middle, _macs(stop), SMALL, anchor="end"))
            y += box.height
        bottom = y + _GAP / 2 - 1
        title = Text(PAD, top + 17, stage, SMALL, bold=True, anchor="start")
        bands.append(Box(0, top, total, bottom - top, "band", (title,), round=4.0))
    marks.append(Line(((axis, y), (axis, y + _GAP)), arrow=True))
    return Sketch(total, y + _GAP, (*bands, *marks))


def _said(line: Sequence[Stop], inside: Sequence[Panel]) -> Iterator[tuple[Stop, Panel | None, str]]:
    """Each stop with its panel and what the letters there are in it: "a=64, s=2"."""
    by_look = {panel.look: panel for panel in inside}
    used = dict.fromkeys(by_look, 0)
    for stop in line:
        if stop.plain:
            yield stop, None, ""
            continue
        values = []
        for look, times in ((bare(stop.rows[0]), stop.times), *((bare(fit), 1) for fit in stop.fits)):
            values += _values(by_look[look], used[look], times)
            used[look] += times
        yield stop, by_look[bare(stop.rows[0])], ", ".join(values)


def _values(panel: Panel, begin: int, times: int) -> list[str]:
    """What the letters of a panel are in some of its uses."""
    return [f"{letter}={_range(said[begin : begin + times])}" for letter, said in panel.kind.letters.items()]


def _range(values: Sequence[float | str]) -> str:
    first, last = (f"{value:.2g}" if isinstance(value, float) else str(value) for value in (values[0], values[-1]))
    return first if first == last else f"{first}…{last}"


def _needed(stop: Stop, panel: Panel | None, values: str) -> float:
    if panel is None:
        return op_sketch(_op(stop)).width
    texts = text_width(panel.name, TEXT, bold=True) + text_width(_times(stop), TEXT, bold=True) + PAD
    inner = 3 * PAD + BADGE + max(texts, text_width(values, SMALL))
    return 2 * (inner + 24) if stop.exit else inner


def _op(stop: Stop) -> Op:
    (only,) = stop.rows[0]
    assert isinstance(only, Op)
    return replace(only, times=stop.times)


def _times(stop: Stop) -> str:
    return f"× {stop.times}" if stop.times > 1 else ""


def _box(stop: Stop, panel: Panel | None, values: str, width: float) -> Sketch:
    if panel is None:
        made = op_sketch(_op(stop), least=width)
        return replace(made, marks=tuple(_tipped(mark, stop) for mark in made.marks))
    left = width / 2 + 24 if stop.exit else 0.0
    height = _HIGH if values else _LOW
    texts = [Text(left + 2 * PAD + BADGE, 17.5, panel.name, TEXT, bold=True, anchor="start")]
    if values:
        texts.append(Text(left + 2 * PAD + BADGE, 33, values, SMALL, anchor="start"))
    if stop.times > 1:
        texts.append(Text(width - PAD, 17.5, _times(stop), TEXT, bold=True, anchor="end"))
    box = Box(left, 0, width - left, height, "exit" if stop.exit else "block", tuple(texts))
    marks: list[Mark] = [_tipped(box, stop), badge(panel.letter, left + PAD, (height - BADGE) / 2)]
    if stop.exit:
        marks.append(Line(((width / 2, 0), (width / 2, height))))
        marks.append(Line(((width / 2, height / 2), (left, height / 2)), arrow=True))
    return Sketch(width, height, tuple(marks))


def _tipped(mark: Mark, stop: Stop) -> Mark:
    tip = f"{stop.params:,} parameters, {stop.macs:,} MACs"
    return replace(mark, tip=tip) if isinstance(mark, Box) else mark


def _macs(stop: Stop) -> str:
    if not stop.macs:
        return ""
    return f"+{count(stop.macs)}" if stop.exit else count(stop.macs)


def shape_text(shape: Shape) -> str:
    """64×56×56."""
    return "×".join(map(str, shape))


def count(number: float) -> str:
    """A count in three figures: 4.09 G, 25.6 M, 570 k."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}" if number < 999.5 * size else f"{number / size:.0f} {unit}"
    return f"{number:g}"


