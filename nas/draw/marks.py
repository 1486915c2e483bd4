"""What a picture is made of: boxes, lines and texts at places, and sketches, which are pieces of a picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nas.draw.letters import text_width

Point = tuple[float, float]

TEXT, SMALL = 12.0, 11.0
"""Font sizes in pixels: of what a part is, and of what goes with it."""
PAD = 7.0
"""Room between a text and the sides of its box."""


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; `x` is its left end, middle or right end as `anchor` says, `y` its baseline."""

    x: float
    y: float
    text: str
    size: float = TEXT
    bold: bool = False
    anchor: str = "middle"

    @property
    def width(self) -> float:
        """At most so wide in any usual font."""
        return text_width(self.text, self.size, bold=self.bold)

    @property
    def left(self) -> float:
        """Where it begins at the latest."""
        return self.x - self.width * {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with its texts; `kind` says its colour, `tip` is shown when a pointer rests on it."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    texts: tuple[Text, ...] = ()
    tip: str = ""
    round: float = 3.0


@dataclass(frozen=True, slots=True)
class Line:
    """Straight from point to point, with an arrow at its end or without."""

    points: tuple[Point, ...]
    arrow: bool = False
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """From one point down to a lower one, leaving and arriving upright."""

    start: Point
    end: Point
    arrow: bool = False
    dashed: bool = False


Mark = Text | Box | Line | Curve


@dataclass(frozen=True, slots=True)
class Sketch:
    """A piece of a picture: what flows through it enters at the top at `entry` and leaves at the bottom at `exits`."""

    width: float
    height: float
    marks: tuple[Mark, ...] = ()
    entry: float = 0.0
    exits: tuple[float, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether what flows through it passes as it is."""
        return not self.marks

    @property
    def boxed(self) -> bool:
        """Whether what enters arrives at a box."""
        return isinstance(self.marks[0], Box) if self.marks else False


def moved(mark: Mark, dx: float, dy: float) -> Mark:
    """The mark elsewhere."""
    match mark:
        case Text(x=x, y=y):
            return replace(mark, x=x + dx, y=y + dy)
        case Box(x=x, y=y, texts=texts):
            inner = tuple(replace(text, x=text.x + dx, y=text.y + dy) for text in texts)
            return replace(mark, x=x + dx, y=y + dy, texts=inner)
        case Line(points=points):
            return replace(mark, points=tuple((x + dx, y + dy) for x, y in points))
        case Curve(start=(x, y), end=(u, v)):
            return replace(mark, start=(x + dx, y + dy), end=(u + dx, v + dy))


def placed(sketch: Sketch, dx: float, dy: float) -> tuple[Mark, ...]:
    """A sketch's marks at a place."""
    return tuple(moved(mark, dx, dy) for mark in sketch.marks)
