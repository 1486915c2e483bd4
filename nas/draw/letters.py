"""How wide a text is: DejaVu Sans, the widest of the usual sans-serif fonts, so that no other runs out of its box."""

FONT = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"

_CLASSES = {
    0.28: "'ijl",
    0.34: ",./:;IJ\\|·",
    0.36: " -f",
    0.40: "!()[]t",
    0.46: '"r',
    0.50: "*_`–",
    0.56: "?Lcsz",
    0.59: "Fk",
    0.62: "PTYaeovxy",
    0.64: "$0123456789ESbdghnpqu{}β",
    0.69: "ABKVXZα",
    0.70: "CR",
    0.76: "HNU",
    0.79: "&DGOQ",
    0.84: "#+<=>^w~×→−",
    0.87: "M",
}
_WIDTHS = {letter: width for width, letters in _CLASSES.items() for letter in letters}
_BOLD = 1.2


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """An upper bound of the width of `text` in pixels at a font size; a letter outside the table counts in full."""
    return size * (_BOLD if bold else 1.0) * sum(_WIDTHS.get(letter, 1.0) for letter in text)
