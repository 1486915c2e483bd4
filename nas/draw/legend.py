"""What the colours and signs of a picture mean; those that it does not use are left out."""

from __future__ import annotations

from collections.abc import Sequence

from nas.draw.marks import SMALL, Box, Mark, Sketch, Text

_WORDS = {
    "conv": "convolution",
    "pool": "pooling",
    "norm": "normalization",
    "act": "activation",
    "linear": "fully connected",
    "join": "join: + sum, × product, concat, mean",
    "block": "block, drawn under its letter",
    "exit": "exit, a classifier on the way",
    "other": "other",
}
_NOTES = (
    "conv 3×3, 64, /2: kernel, maps, stride (1 unless said).",
    "a, b, … widths, s stride, g groups, p rate: as given with each use.",
    "MACs: multiply-accumulates of convolutions and linear layers for one image.",
)
_SWATCH, _LINE = 16.0, 20.0


def legend(marks: Sequence[Mark], room: float) -> Sketch:
    """The legend of a picture of these marks, wrapped to the room."""
    used = {mark.kind for mark in marks if isinstance(mark, Box)}
    made: list[Mark] = []
    x, y, width = 0.0, 0.0, 0.0
    notes = [("", note) for note in _NOTES if "block" in used or not note.startswith("a, b")]
    for kind, words in [*((kind, words) for kind, words in _WORDS.items() if kind in used), *notes]:
        swatch = _SWATCH + 6 if kind else 0.0
        text = Text(0, 0, words, SMALL, anchor="start")
        if x and x + swatch + text.width > room:
            x, y = 0.0, y + _LINE
        if kind:
            made.append(Box(x, y + 3, _SWATCH, 12, kind))
        made.append(Text(x + swatch, y + 13, words, SMALL, anchor="start"))
        x += swatch + text.width + 18
        width = max(width, x - 18)
    return Sketch(width, y + _LINE, tuple(made))
