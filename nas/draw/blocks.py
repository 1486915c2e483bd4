"""A panel for each kind of block: what it looks like inside, drawn once, with letters for what differs between uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nas.draw.boxes import shifted
from nas.draw.inside import row_sketch
from nas.draw.kinds import Kind, bare, kind_of
from nas.draw.letters import text_width
from nas.draw.lines import Stop
from nas.draw.marks import SMALL, TEXT, Box, Line, Mark, Sketch, Text, placed
from nas.draw.parts import Mesh, Row

BADGE = 20.0
_PADDING, _HEAD, _STUB = 16.0, 34.0, 14.0


@dataclass(frozen=True, slots=True)
class Panel:
    """The picture of one kind of block under its letter, or of one fit under its number; `look` is the bare row."""

    letter: str
    name: str
    kind: Kind
    look: Row
    sketch: Sketch

    @property
    def fit(self) -> bool:
        """Whether it is what fits an input of cells."""
        return self.letter.isdigit()


def panels(line: Sequence[Stop], fits: Sequence[list[Row]], *, by_size: bool = False) -> list[Panel]:
    """The kinds of block on a main line, in the order in which they come, then what fits the inputs of cells.

    With `by_size` a panel says what its letters are on maps of each size.
    """
    sizes: dict[Row, list[str]] = {}
    uses: dict[Row, list[Row]] = {}
    names: dict[Row, list[str]] = {}
    for stop in line:
        if not stop.plain:
            look = bare(stop.rows[0])
            uses.setdefault(look, []).extend(stop.rows)
            names.setdefault(look, []).append(stop.kind)
            sizes.setdefault(look, []).extend(["×".join(map(str, stop.shape[1:]))] * stop.times)
    made = []
    for position, (look, rows) in enumerate(uses.items()):
        others = {name for other, several in names.items() if other != look for name in several}
        name = next((name for name in names[look] if name not in others), names[look][0])
        kind = kind_of(rows)
        notes = _notes(kind, sizes[look]) if by_size and all(sizes[look]) else []
        made.append(_panel(_letter(position), name, look, kind, notes))
    for number, rows in enumerate(fits, 1):
        made.append(_panel(str(number), "fit", bare(rows[0]), kind_of(rows, fit=True), []))
    return made


def _letter(position: int) -> str:
    letter = chr(ord("A") + position % 26)
    return letter if position < 26 else f"{letter}{position // 26}"


def _notes(kind: Kind, sizes: Sequence[str]) -> list[str]:
    """What the letters are on maps of each size."""
    values = zip(sizes, *kind.letters.values(), strict=True) if kind.letters else ()
    said = (
        (size, ", ".join(f"{letter}={one}" for letter, one in zip(kind.letters, each, strict=True)))
        for size, *each in values
    )
    return [f"{size}: {letters}" for size, letters in dict.fromkeys(said)]


def _panel(letter: str, name: str, look: Row, kind: Kind, notes: Sequence[str]) -> Panel:
    return Panel(letter, name, kind, look, _framed(letter, name, kind, notes))


def _framed(letter: str, name: str, kind: Kind, notes: Sequence[str]) -> Sketch:
    inner = row_sketch(kind.row)
    title = Text(_PADDING / 2 + BADGE + 8, 23, name, TEXT + 1, bold=True, anchor="start")
    texts = [title, *(Text(_PADDING / 2, 44 + 15 * i, note, SMALL, anchor="start") for i, note in enumerate(notes))]
    width = max(inner.width + 2 * _PADDING, *(text.x + text.width + _PADDING for text in texts))
    inner = shifted(inner, (width - inner.width) / 2)
    head = _HEAD + 15 * len(notes)
    top = head + _STUB
    height = top + inner.height + _STUB + _PADDING / 2
    marks: list[Mark] = [Box(0, 0, width, height, "panel", tuple(texts)), badge(letter, _PADDING / 2, 8)]
    if not isinstance(kind.row[0], Mesh):
        marks.append(Line(((inner.entry, head), (inner.entry, top)), arrow=inner.boxed))
    marks += placed(inner, 0, top)
    marks += (Line(((x, top + inner.height), (x, top + inner.height + _STUB)), arrow=True) for x in inner.exits)
    return Sketch(width, height, tuple(marks))


def badge(letter: str, x: float, y: float) -> Box:
    """The mark by which the main line and a panel name a kind of block."""
    width = max(BADGE, text_width(letter, TEXT, bold=True) + 8)
    return Box(x, y, width, BADGE, "badge", (Text(x + width / 2, y + 14.5, letter, TEXT, bold=True),), round=4.0)
