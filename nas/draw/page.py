"""The page: a title, the main line at the left, the inside of each kind of block where there is room, the legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nas.arch.cost import Shape, cost
from nas.arch.nodes import Network, chain
from nas.draw.blocks import Panel, panels
from nas.draw.fits import fits_apart
from nas.draw.grid import Spot, grid_sketch, layers, spots, told_by_size
from nas.draw.legend import legend
from nas.draw.letters import text_width
from nas.draw.lines import Stop, folded, stops
from nas.draw.mainline import mainline, shape_text
from nas.draw.marks import SMALL, Mark, Sketch, Text, placed
from nas.draw.svg import svg

_WIDEST = 1400.0
_MARGIN, _GUTTER = 20.0, 18.0
_TITLE = 62.0
_LEAST = 480.0


def draw(network: Network, input: Shape, name: str, about: str = "") -> str:
    """A picture of `network` on images of shape `input`, as SVG.

    Raises:
        ShapeError: a part cannot read its input.
    """
    marks, width, height = page(network, input, name, about)
    return svg(marks, width, height, name)


def page(network: Network, input: Shape, name: str, about: str = "") -> tuple[list[Mark], float, float]:
    """The marks of that picture, its width and its height."""
    line, inside, grid = plan(network, input)
    main = mainline(line, inside, input)
    body = _packed([main, *(panel.sketch for panel in inside), *([grid_sketch(grid, inside)] if grid else [])])
    title = _title(network, input, name, about)
    room = max(body.width, _LEAST, *(text.width for text in title))
    key = legend(body.marks, room)
    y = _TITLE + body.height + _GUTTER
    marks = [
        *(replace(text, x=text.x + _MARGIN) for text in title),
        *placed(body, _MARGIN, _TITLE),
        *placed(key, _MARGIN, y),
    ]
    return marks, room + 2 * _MARGIN, y + key.height + _MARGIN


def plan(network: Network, input: Shape) -> tuple[list[Stop], list[Panel], list[Spot]]:
    """The main line, what is drawn beside it, and the grid of a network that keeps maps of several sizes."""
    line = stops(chain(network), input)
    if grid := spots(line):
        line = told_by_size(line, grid)
        inside = panels(line, (), by_size=True)
        return folded(layers(line, grid, inside)), inside, grid
    line, fits = fits_apart(folded(line))
    return line, panels(line, fits), []


def _title(network: Network, input: Shape, name: str, about: str) -> list[Text]:
    made = cost(network, input)
    exits = f" (exits {made.exit_params:,} and {made.exit_macs:,} more, in training)" if made.exit_params else ""
    facts = f"{made.params:,} parameters, {made.macs:,} MACs{exits}, input {shape_text(input)}"
    top = Text(0, 30, name, 20, bold=True, anchor="start")
    texts = [top, Text(0, 50, facts, 13, anchor="start")]
    if about:
        texts.append(Text(text_width(name, 20, bold=True) + 14, 30, about, SMALL + 1, anchor="start"))
    return texts


Place = tuple[float, float]


def _packed(sketches: Sequence[Sketch]) -> Sketch:
    """The sketches packed into the least height that the page allows, as narrow as that can be."""
    widest = max(one.width for one in sketches)
    room = max(_WIDEST - 2 * _MARGIN, widest)
    best = _places(sketches, room)
    least = _bottom(sketches, best) + _GUTTER
    widths = (widest + i * _GUTTER for i in range(int((room - widest) / _GUTTER)))
    tried = (_places(sketches, width) for width in widths)
    places = next((places for places in tried if _bottom(sketches, places) < least), best)
    marks = (mark for one, (x, y) in zip(sketches, places, strict=True) for mark in placed(one, x, y))
    width = max(x + one.width for one, (x, _) in zip(sketches, places, strict=True))
    return Sketch(width, _bottom(sketches, places), tuple(marks))


def _bottom(sketches: Sequence[Sketch], places: Sequence[Place]) -> float:
    return max(y + one.height for one, (_, y) in zip(sketches, places, strict=True))


def _places(sketches: Sequence[Sketch], room: float) -> list[Place]:
    """A place for each sketch after the other: as high as there is room for it, and there as far left."""
    taken: list[tuple[Place, Sketch]] = []
    for one in sketches:
        rights = sorted({0.0, *(x + other.width + _GUTTER for (x, _), other in taken)})
        downs = sorted({0.0, *(y + other.height + _GUTTER for (_, y), other in taken)})
        free = ((x, y) for y in downs for x in rights if not x or x + one.width <= room)
        place = next(place for place in free if not any(_overlap(place, one, *other) for other in taken))
        taken.append((place, one))
    return [place for place, _ in taken]


def _overlap(place: Place, one: Sketch, taken: Place, other: Sketch) -> bool:
    (x, y), (left, top) = place, taken
    across = x < left + other.width + _GUTTER and left < x + one.width + _GUTTER
    return across and y < top + other.height + _GUTTER and top < y + one.height + _GUTTER
