"""The mark of a network in a chart: its shape says where it comes from, filled is the front, hollow is dominated."""

from analysis.report.html import Html, tag

CIRCLE, SQUARE, TRIANGLE = "circle", "square", "triangle"
_PATHS = {
    CIRCLE: "M-{r},0a{r},{r} 0 1 0 {d},0a{r},{r} 0 1 0 -{d},0z",
    SQUARE: "M-{s},-{s}h{t}v{t}h-{t}z",
    TRIANGLE: "M0,-{u}L{u},{s}L-{u},{s}z",
}


def shape_of(origin: str) -> str:
    """The shape for where a trial comes from."""
    return {"control": TRIANGLE, "start": SQUARE, "named": SQUARE}.get(origin, CIRCLE)


def symbol(shape: str, x: float, y: float, *, size: float = 5.0, class_: str = "") -> Html:
    """A mark at a place."""
    r = size
    sizes = {"r": r, "d": 2 * r, "s": 0.88 * r, "t": 1.76 * r, "u": 1.25 * r}
    path = _PATHS[shape].format(**{name: f"{value:.1f}" for name, value in sizes.items()})
    return tag("path", d=path, transform=f"translate({x:.1f} {y:.1f})", class_=f"symbol {class_}".strip())
