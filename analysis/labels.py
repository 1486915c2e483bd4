"""Names beside points of a picture, placed so that no name lies on another, on a point, on a line, or outside."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import cos, pi, sin
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

Point: TypeAlias = tuple[float, float]
_Pixels: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"

_DISTANCES = (6, 9, 13, 18, 24, 31, 39, 48, 60)
"""In points."""
_NEAR = 9
"""A line is drawn to a name that is further away."""
_DIRECTIONS = [i * pi / 8 for i in (8, 0, 4, 12, 6, 14, 2, 10, 7, 15, 1, 9, 5, 13, 3, 11)]
_ROOM = 2.4
"""Points kept free around a name."""
_MARK = 4
"""Points from the middle of a mark at which a line to its name begins."""


def label(
    axes: Axes,
    names: Iterable[tuple[str, Point]],
    points: Sequence[Point],
    line: Sequence[Point] = (),
    *,
    size: float = 7,
) -> list[str]:
    """Write each name beside its point; those for which there is no room are left out, and returned.

    Args:
        axes: Drawn and laid out as they will be.
        names: With their points, in data coordinates; the first are placed first.
        points: All points that no name may hide.
        line: The corners of a line that no name may hide.
        size: Of the letters.
    """
    marks, scale = _pixels(axes, points), axes.figure.dpi / 72
    hidden = np.concatenate([marks, _along(_pixels(axes, line))])
    taken: list[Bbox] = []
    left_out = []
    for name, point in names:
        at = _pixels(axes, [point])[0]
        for place in _places(_extent(axes, name, size), at, scale):
            if _inside(place.room, axes) and not _hits(place, taken, hidden) and _passes(place.line, marks, scale):
                taken.append(place.name)
                hidden = np.concatenate([hidden, place.line])
                _write(axes, name, point, place, size)
                break
        else:
            left_out.append(name)
    return left_out


@dataclass(frozen=True)
class _Place:
    """Where a name may stand: from its point so many points in a direction."""

    distance: float
    angle: float
    name: Bbox
    """The name, in pixels."""
    room: Bbox
    """The name and what is kept free around it."""
    line: _Pixels
    """Points on the line to it, none if it is near."""


def _places(extent: Point, at: _Pixels, scale: float) -> Iterator[_Place]:
    for distance, angle in product(_DISTANCES, _DIRECTIONS):
        way = scale * np.array([cos(angle), sin(angle)])
        x, y = at + distance * way - np.array(_corner(angle)) * extent
        name, line = Bbox.from_bounds(x, y, *extent), at + _along(np.array([_MARK * way, distance * way]))
        yield _Place(distance, angle, name, name.padded(_ROOM * scale), line if distance > _NEAR else line[:0])


def _corner(angle: float) -> Point:
    """Which part of a name's width and height lie before the end of the offset."""
    across, up = cos(angle), sin(angle)
    return (0 if across > 0.3 else 1 if across < -0.3 else 0.5), (0 if up > 0.3 else 1 if up < -0.3 else 0.5)


def _inside(box: Bbox, axes: Axes) -> bool:
    whole = axes.bbox
    return bool(whole.x0 < box.x0 and box.x1 < whole.x1 and whole.y0 < box.y0 and box.y1 < whole.y1)


def _hits(place: _Place, taken: list[Bbox], hidden: _Pixels) -> bool:
    crossed = any(place.room.overlaps(other) or _holds(other, place.line) for other in taken)
    return crossed or _holds(place.room, hidden)


def _passes(line: _Pixels, marks: _Pixels, scale: float) -> bool:
    """Whether a line to a name keeps clear of the other marks."""
    distances = np.linalg.norm(line[:, None] - marks[None], axis=2)
    return bool((distances > 0.99 * _MARK * scale).all())


def _holds(box: Bbox, points: _Pixels) -> bool:
    x, y = points[:, 0], points[:, 1]
    return bool(((box.x0 < x) & (x < box.x1) & (box.y0 < y) & (y < box.y1)).any())


def _extent(axes: Axes, name: str, size: float) -> Point:
    """Width and height in pixels."""
    drawn = axes.text(0, 0, name, fontsize=size)
    box = drawn.get_window_extent()
    drawn.remove()
    return box.width, box.height


def _write(axes: Axes, name: str, point: Point, place: _Place, size: float) -> None:
    left, bottom = _corner(place.angle)
    line = {"arrowstyle": "-", "linewidth": 0.6, "color": "0.4", "shrinkA": 1, "shrinkB": _MARK}
    axes.annotate(
        name,
        point,
        (place.distance * cos(place.angle), place.distance * sin(place.angle)),
        textcoords="offset points",
        ha={0: "left", 0.5: "center", 1: "right"}[left],
        va={0: "bottom", 0.5: "center", 1: "top"}[bottom],
        fontsize=size,
        arrowprops={**line, "relpos": (left, bottom)} if len(place.line) else None,
    )


def _pixels(axes: Axes, points: Sequence[Point]) -> _Pixels:
    pixels: _Pixels = axes.transData.transform(np.array(points, dtype=float).reshape(-1, 2))
    return pixels


def _along(corners: _Pixels) -> _Pixels:
    """Points on a line through the corners, close to one another."""
    steps = np.linspace(0, 1, 100)[:, None]
    return np.concatenate([corners[:0], *(start + steps * (end - start) for start, end in pairwise(corners))])
