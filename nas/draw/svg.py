"""Marks as SVG text."""

from collections.abc import Iterable, Iterator
from html import escape

from nas.draw.letters import FONT
from nas.draw.marks import Box, Curve, Line, Mark, Point, Text

FILLS = {
    "conv": "#cfe0f5",
    "pool": "#f6d3cc",
    "norm": "#e6e6e6",
    "act": "#fbeebb",
    "linear": "#d9cdee",
    "join": "#cdebd2",
    "block": "#e3ecf1",
    "exit": "#fde0c5",
    "other": "#f5f5f5",
    "port": "#ffffff",
    "panel": "#ffffff",
    "band": "#f4f4f4",
    "badge": "#33424d",
}
"""Light fills under dark text, by kind; they differ in brightness too, and the words say the kind again."""

_INK, _FRAME = "#1c1c1c", "#5a6570"
_ARROW = (
    '<marker id="arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    f'<path d="M0,0.8 L8,4 L0,7.2 z" fill="{_INK}"/></marker>'
)
_FRAMELESS = ("band", "badge")
_DASHED = ("pool",)


def svg(marks: Iterable[Mark], width: float, height: float, title: str) -> str:
    """The picture as a text that a browser shows."""
    size = f'width="{_n(width)}" height="{_n(height)}"'
    view = f'viewBox="0 0 {_n(width)} {_n(height)}" font-family="{FONT}" fill="{_INK}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {view}>',
        f"<title>{escape(title)}</title>",
        f"<defs>{_ARROW}</defs>",
        f'<rect {size} fill="#ffffff"/>',
    ]
    for mark in marks:
        lines += _mark(mark)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _mark(mark: Mark) -> Iterator[str]:
    match mark:
        case Text():
            yield _text(mark)
        case Box():
            yield from _box(mark)
        case Line(points=points):
            yield _path("M" + " L".join(map(_at, points)), mark.arrow, mark.dashed)
        case Curve(start=(x, y), end=(u, v)):
            half = (y + v) / 2
            path = f"M{_at((x, y))} C{_at((x, half))} {_at((u, half))} {_at((u, v))}"
            yield _path(path, mark.arrow, mark.dashed)


def _box(box: Box) -> Iterator[str]:
    frame = "" if box.kind in _FRAMELESS else f' stroke="{_FRAME}"'
    dashes = ' stroke-dasharray="4 2"' if box.kind in _DASHED else ""
    yield f'<g class="{box.kind}">'
    if box.tip:
        yield f"<title>{escape(box.tip)}</title>"
    yield (
        f'<rect x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}" '
        f'rx="{_n(box.round)}" fill="{FILLS[box.kind]}"{frame}{dashes}/>'
    )
    for text in box.texts:
        yield _text(text, "#ffffff" if box.kind == "badge" else "")
    yield "</g>"


def _text(text: Text, fill: str = "") -> str:
    bold = ' font-weight="bold"' if text.bold else ""
    colour = f' fill="{fill}"' if fill else ""
    anchor = f' text-anchor="{text.anchor}"' if text.anchor != "start" else ""
    place = f'x="{_n(text.x)}" y="{_n(text.y)}" font-size="{_n(text.size)}"'
    return f"<text {place}{anchor}{bold}{colour}>{escape(text.text)}</text>"


def _path(path: str, arrow: bool, dashed: bool) -> str:
    end = ' marker-end="url(#arrow)"' if arrow else ""
    dashes = ' stroke-dasharray="5 3"' if dashed else ""
    return f'<path d="{path}" fill="none" stroke="{_INK}" stroke-width="1.2"{dashes}{end}/>'


def _at(point: Point) -> str:
    return f"{_n(point[0])},{_n(point[1])}"


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
