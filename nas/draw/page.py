"""The page: a title, the folded main line with shapes and MACs at the left, the inside of each kind of block beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nas.arch.cost import Shape, cost
from nas.arch.nodes import Network, chain
from nas.draw.blocks import Panel, panels
from nas.draw.fits import fits_apart
from nas.draw.legend import legend
from nas.draw.letters import text_width
from nas.draw.lines import stops
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
    line, fits = fits_apart(stops(chain(network), input))
    inside = panels(line, fits)
    main = mainline(line, inside, input)
    body = _narrowest([main, *(panel.sketch for panel in inside)])
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


def _title(network: Network, input: Shape, name: str, about: str) -> list[Text]:
    made = cost(network, input)
    exits = f" (exits {made.exit_params:,} and {made.exit_macs:,} more, in training)" if made.exit_params else ""
    facts = f"{made.params:,} parameters, {made.macs:,} MACs{exits}, input {shape_text(input)}"
    top = Text(0, 30, name, 20, bold=True, anchor="start")
    texts = [top, Text(0, 50, facts, 13, anchor="start")]
    if about:
        texts.append(Text(text_width(name, 20, bold=True) + 14, 30, about, SMALL + 1, anchor="start"))
    return texts


def _narrowest(sketches: Sequence[Sketch]) -> Sketch:
    """The sketches packed into the least height the page allows, as narrow as that can be."""
    room = max(_WIDEST - 2 * _MARGIN, *(one.width for one in sketches))
    best = _packed(sketches, room)
    width = max(one.width for one in sketches)
    while width < room:
        made = _packed(sketches, width)
        if made.height < best.height + _GUTTER:
            return made
        width += _GUTTER
    return best


def _packed(sketches: Sequence[Sketch], room: float) -> Sketch:
    """The sketches one after the other, each as high as it finds a place, and there as far left."""
    taken: list[tuple[float, float, Sketch]] = []
    for one in sketches:
        rights = [0.0, *(x + other.width + _GUTTER for x, _, other in taken)]
        downs = [0.0, *(y + other.height + _GUTTER for _, y, other in taken)]
        places = ((x, y) for y in sorted(downs) for x in sorted(rights) if not x or x + one.width <= room)
        x, y = next(place for place in places if not any(_overlap(place, one, other) for other in taken))
        taken.append((x, y, one))
    width, height = max(x + one.width for x, _, one in taken), max(y + one.height for _, y, one in taken)
    return Sketch(width, height, tuple(mark for x, y, one in taken for mark in placed(one, x, y)))


def _overlap(place: tuple[float, float], one: Sketch, taken: tuple[float, float, Sketch]) -> bool:
    (x, y), (left, top, other) = place, taken
    across = x < left + other.width + _GUTTER and left < x + one.width + _GUTTER
    return across and y < top + other.height + _GUTTER and top < y + one.height + _GUTTER
