"""What the inside of a block is put together from: boxes of operations, stacks of sketches, joins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from nas.draw.letters import text_width
from nas.draw.marks import PAD, SMALL, TEXT, Box, Line, Mark, Sketch, Text, placed
from nas.draw.parts import Number, Op

GAP = 14.0
"""Between two operations, side by side or one below the other."""

_STRIP, _BODY = 17.0, 24.0
BYPASS = 18.0
_SYMBOLS = {"add": "+", "multiply": "×"}


def label(op: Op) -> str:
    """What stands in an operation's box: "conv 3×3, 64, /2"."""
    said = f"{op.word}{''.join(map(_said, op.numbers))}"
    return f"{said}  ×{op.times}" if op.times > 1 else said


def _said(number: Number) -> str:
    match number:
        case Number(role="stride", value=1):
            return ""
        case Number(role="stride", value=value):
            return f", /{value}"
        case Number(role="groups", value=value):
            return f", {value} groups"
        case Number(role="out" | "gate", value=value):
            return f", {value}"
        case Number(role="fit", value="none"):
            return ": none"
        case Number(value=float(value)):
            return f" {value:.2g}"
        case Number(value=value):
            return f" {value}"


def op_sketch(op: Op, *, least: float = 0.0) -> Sketch:
    """A box with the operation, `least` wide at least, and strips above and below for what goes with it."""
    text = Text(0, 0, label(op), TEXT)
    width = max(least, text.width + 2 * PAD, _strip_width(op.before), _strip_width(op.after))
    marks = _strip(op.before, width, 0)
    y = _STRIP if op.before else 0.0
    if op.word:
        words = replace(text, x=width / 2, y=y + 0.5 * _BODY + 0.36 * TEXT)
        marks.append(Box(0, y, width, _BODY, op.kind, (words,)))
        y += _BODY
    marks += _strip(op.after, width, y)
    y += _STRIP if op.after else 0.0
    return Sketch(width, y, tuple(marks), width / 2, (width / 2,))


def _strip_width(extras: Sequence[Op]) -> float:
    return sum(text_width(label(extra), SMALL) + 1.2 * PAD for extra in extras)


def _strip(extras: Sequence[Op], width: float, y: float) -> list[Mark]:
    """What goes with an operation, side by side over the width of its box."""
    spare = (width - _strip_width(extras)) / max(1, len(extras))
    marks: list[Mark] = []
    x = 0.0
    for extra in extras:
        text = Text(0, y + 0.5 * _STRIP + 0.36 * SMALL, label(extra), SMALL)
        own = text.width + 1.2 * PAD + spare
        marks.append(Box(x, y, own, _STRIP, extra.kind, (replace(text, x=x + own / 2),), round=0.0))
        x += own
    return marks


def stacked(sketches: Sequence[Sketch]) -> Sketch:
    """Sketches one below the other on one axis."""
    if not sketches:
        return Sketch(BYPASS, 0, (), BYPASS / 2, (BYPASS / 2,))
    axis = max(sketch.entry for sketch in sketches)
    width = max(axis - sketch.entry + sketch.width for sketch in sketches)
    marks: list[Mark] = []
    y = 0.0
    for position, sketch in enumerate(sketches):
        if position:
            marks.append(Line(((axis, y - GAP), (axis, y)), arrow=sketch.boxed))
        marks += placed(sketch, axis - sketch.entry, y)
        y += sketch.height + GAP
    last = sketches[-1]
    exits = tuple(axis - last.entry + x for x in last.exits)
    return Sketch(width, y - GAP, tuple(marks), axis, exits)


def closed(sketch: Sketch, join: str) -> Sketch:
    """The sketch with its exits joined below it."""
    axis, y = sketch.entry, sketch.height
    symbol = join_mark(join)
    marks: list[Mark] = [*sketch.marks, *(Line(((x, y), (x, y + 8))) for x in sketch.exits)]
    marks += level([*sketch.exits], axis, y + 8)
    marks.append(Line(((axis, y + 8), (axis, y + 8 + GAP)), arrow=True))
    marks += placed(symbol, axis - symbol.width / 2, y + 8 + GAP)
    height = y + 8 + GAP + symbol.height
    overhang = max(0.0, symbol.width / 2 - axis)
    whole = Sketch(max(sketch.width, axis + symbol.width / 2), height, tuple(marks), axis, (axis,))
    return shifted(whole, overhang)


def shifted(sketch: Sketch, dx: float) -> Sketch:
    """The sketch with room to its left."""
    if not dx:
        return sketch
    exits = tuple(x + dx for x in sketch.exits)
    return replace(sketch, width=sketch.width + dx, marks=placed(sketch, dx, 0), entry=sketch.entry + dx, exits=exits)


def join_mark(join: str) -> Sketch:
    """The symbol of a join."""
    word = _SYMBOLS.get(join, join)
    width = 22.0 if join in _SYMBOLS else text_width(word, TEXT) + 2 * PAD
    box = Box(0, 0, width, 22, "join", (Text(width / 2, 15.5, word, TEXT, bold=join in _SYMBOLS),), round=11.0)
    return Sketch(width, 22, (box,), width / 2, (width / 2,))


def level(places: Sequence[float], axis: float, y: float) -> Iterator[Line]:
    """A level line over all these places and the axis."""
    left, right = min(*places, axis), max(*places, axis)
    if left < right:
        yield Line(((left, y), (right, y)))
