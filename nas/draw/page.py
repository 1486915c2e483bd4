"""The page: a title, the folded main line with shapes and MACs at the left, the inside of each kind of block beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nas.arch.cost import Shape, cost
from nas.arch.nodes import Network, chain
from nas.draw.blocks import Panel, panels
from nas.draw.legend import legend
from nas.draw.letters import text_width
from nas.draw.lines import stops
from nas.draw.mainline import mainline, shape_text
from nas.draw.marks import SMALL, Mark, Sketch, Text, placed
from nas.draw.svg import svg

_WIDEST = 1400.0
_MARGIN, _GUTTER = 20.0, 18.0
_TITLE = 62.0


def draw(network: Network, input: Shape, name: str, about: str = "") -> str:
    """A picture of `network` on images of shape `input`, as SVG.

    Raises:
        ShapeError: a part cannot read its input.
    """
    marks, width, height = page(network, input, name, about)
    return svg(marks, width, height, name)


def page(network: Network, input: Shape, name: str, about: str = "") -> tuple[list[Mark], float, float]:
    """The marks of that picture, its width and its height."""
    line = stops(chain(network), input)
    inside = panels(line)
    main = mainline(line, inside, input)
    beside, below = _parted([panel.sketch for panel in inside], _WIDEST - 2 * _MARGIN - _GUTTER - main.width)
    marks: list[Mark] = list(placed(main, _MARGIN, _TITLE))
    shelf = _shelved(beside, main.height, _WIDEST - 2 * _MARGIN - _GUTTER - main.width)
    marks += placed(shelf, _MARGIN + main.width + _GUTTER, _TITLE)
    y = _TITLE + max(main.height, shelf.height) + _GUTTER
    wide = _packed(below, _WIDEST - 2 * _MARGIN)
    marks += placed(wide, _MARGIN, y)
    y += wide.height + (_GUTTER if below else 0.0)
    title = _title(network, input, name, about)
    room = max(
        main.width + (_GUTTER + shelf.width if beside else 0.0), wide.width, *(text.width for text in title), 480.0
    )
    key = legend(marks, room)
    marks = [*(replace(text, x=text.x + _MARGIN) for text in title), *marks, *placed(key, _MARGIN, y)]
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


def _parted(sketches: Sequence[Sketch], room: float) -> tuple[list[Sketch], list[Sketch]]:
    """Sketches that fit into the room beside the main line, and those that do not."""
    return [one for one in sketches if one.width <= room], [one for one in sketches if one.width > room]


def _shelved(sketches: Sequence[Sketch], height: float, room: float) -> Sketch:
    """The sketches on shelves, in the narrowest way that is no higher than `height` or than the widest way is."""
    least = max((one.width for one in sketches), default=0.0)
    best = _packed(sketches, room)
    enough = max(height, best.height)
    width = least
    while width < room:
        made = _packed(sketches, width)
        if made.height <= enough:
            return made
        width += 20.0
    return best


def _packed(sketches: Sequence[Sketch], room: float) -> Sketch:
    """The sketches in order on shelves as wide as the room."""
    marks: list[Mark] = []
    x = y = height = width = 0.0
    for one in sketches:
        if x and x + one.width > room:
            x, y, height = 0.0, y + height + _GUTTER, 0.0
        marks += placed(one, x, y)
        x, height = x + one.width + _GUTTER, max(height, one.height)
        width = max(width, x - _GUTTER)
    return Sketch(width, y + height, tuple(marks))
