"""The main line: a box for each stop under the one before, its stage at the left, shape and MACs at the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from nas.arch.cost import Shape
from nas.arch.readable import count
from nas.draw.blocks import BADGE, Panel, badge
from nas.draw.boxes import op_sketch
from nas.draw.kinds import bare
from nas.draw.letters import text_width
from nas.draw.lines import Stop
from nas.draw.marks import PAD, SMALL, TEXT, Box, Line, Mark, Sketch, Text, placed
from nas.draw.parts import Op, Value

_GAP, _COLUMN = 15.0, 14.0
_HIGH, _LOW = 40.0, 26.0
_LEAST, _ASIDE = 190.0, 24.0

Said = tuple[Stop, Panel | None, str]
"""A stop, the panel that shows its inside, and what the letters there are in it."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where things stand: boxes from `left`, `width` wide; shapes begin at `shapes`, MACs end at `macs`."""

    left: float
    width: float
    shapes: float
    macs: float

    @property
    def axis(self) -> float:
        return self.left + self.width / 2


def mainline(line: Sequence[Stop], inside: Sequence[Panel], input: Shape) -> Sketch:
    """The main line of a network from its input to its output."""
    said = list(_said(line, inside))
    columns = _columns(said)
    first = op_sketch(Op("port", f"input {shape_text(input)}"), least=columns.width)
    marks: list[Mark] = [
        *placed(first, columns.left, 0),
        Text(columns.shapes, 14, "output", SMALL, bold=True, anchor="start"),
        Text(columns.macs, 14, "MACs", SMALL, bold=True, anchor="end"),
    ]
    y = first.height
    for name, stage in groupby(said, key=lambda one: one[0].stage):
        made = _stage(name, list(stage), columns)
        marks = [*placed(made, 0, y), *marks]  # bands lie below the lines that cross their edges
        y += made.height
    marks.append(Line(((columns.axis, y), (columns.axis, y + _GAP)), arrow=True))
    return Sketch(columns.macs + PAD, y + _GAP, tuple(marks))


def _columns(said: Sequence[Said]) -> _Columns:
    stops = [stop for stop, _, _ in said]
    left = max(text_width(stop.stage, SMALL, bold=True) for stop in stops) + 2 * PAD
    width = max(_LEAST, *(_needed(*one) for one in said))
    shapes = left + width + _COLUMN
    widest = max(text_width("output", SMALL, bold=True), *(text_width(shape_text(s.shape), SMALL) for s in stops))
    macs = max(text_width("MACs", SMALL, bold=True), *(text_width(_macs(stop), SMALL) for stop in stops))
    return _Columns(left, width, shapes, shapes + widest + _COLUMN + macs)


def _stage(name: str, said: Sequence[Said], columns: _Columns) -> Sketch:
    """The boxes of a stage with the lines to them, on a band."""
    marks: list[Mark] = []
    y = 0.0
    for stop, panel, values in said:
        box = _box(stop, panel, values, columns.width)
        marks.append(Line(((columns.axis, y), (columns.axis, y + _GAP)), arrow=not stop.exit))
        y += _GAP
        marks += placed(box, columns.left, y)
        base = y + box.height / 2 + 4
        marks.append(Text(columns.shapes, base, shape_text(stop.shape), SMALL, anchor="start"))
        if stop.macs:
            marks.append(Text(columns.macs, base, _macs(stop), SMALL, anchor="end"))
        y += box.height
    top = _GAP / 2 + 1
    title = Text(PAD, top + 17, name, SMALL, bold=True, anchor="start")
    band = Box(0, top, columns.macs + PAD, y - 2, "band", (title,))
    return Sketch(columns.macs + PAD, y, (band, *marks))


def _said(line: Sequence[Stop], inside: Sequence[Panel]) -> Iterator[Said]:
    """Each stop with its panel and what the letters there are in it: "a=64, s=2"."""
    by_look = {(panel.fit, panel.look): panel for panel in inside}
    used = dict.fromkeys(by_look, 0)
    for stop in line:
        if stop.plain:
            yield stop, None, ""
            continue
        values = []
        key = False, bare(stop.rows[0])
        for look, times in ((key, stop.times), *(((True, bare(fit)), 1) for fit in stop.fits)):
            values += _values(by_look[look], used[look], times)
            used[look] += times
        yield stop, by_look[key], ", ".join(values)


def _values(panel: Panel, begin: int, times: int) -> list[str]:
    """What the letters of a panel are in some of its uses."""
    return [f"{letter}={_range(said[begin : begin + times])}" for letter, said in panel.kind.letters.items()]


def _range(values: Sequence[Value]) -> str:
    first, last = (f"{value:.2g}" if isinstance(value, float) else str(value) for value in (values[0], values[-1]))
    return first if first == last else f"{first}…{last}"


def _needed(stop: Stop, panel: Panel | None, values: str) -> float:
    if panel is None:
        return op_sketch(_op(stop)).width
    texts = text_width(panel.name, TEXT, bold=True) + text_width(_times(stop), TEXT, bold=True) + PAD
    inner = 3 * PAD + BADGE + max(texts, text_width(values, SMALL))
    return 2 * (inner + _ASIDE) if stop.exit else inner


def _op(stop: Stop) -> Op:
    (only,) = stop.rows[0]
    assert isinstance(only, Op)
    return replace(only, times=stop.times)


def _times(stop: Stop) -> str:
    return f"× {stop.times}" if stop.times > 1 else ""


def _box(stop: Stop, panel: Panel | None, values: str, width: float) -> Sketch:
    if panel is None:
        made = op_sketch(_op(stop), least=width)
        tallest = max((mark for mark in made.marks if isinstance(mark, Box)), key=lambda box: box.height)
        return replace(made, marks=tuple(_tipped(tallest, stop) if mark is tallest else mark for mark in made.marks))
    left = width / 2 + _ASIDE if stop.exit else 0.0
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


def _tipped(box: Box, stop: Stop) -> Box:
    return replace(box, tip=f"{stop.params:,} parameters, {stop.macs:,} MACs")


def _macs(stop: Stop) -> str:
    return f"{'+' if stop.exit else ''}{count(stop.macs)}" if stop.macs else ""


def shape_text(shape: Shape) -> str:
    """64×56×56."""
    return "×".join(map(str, shape))
