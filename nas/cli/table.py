"""Numbers and tables as a person reads them in a terminal."""

from collections.abc import Iterable, Sequence

from nas.arch.cost import Shape


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Aligned lines under a head; columns whose cells begin with a digit stand to the right."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = [
        all(not line[i] or line[i][0].isdigit() or line[i][0] == "-" for line in lines[1:]) for i in range(len(widths))
    ]
    return [
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    ]


def count(number: float) -> str:
    """A count in three figures: 4.09 G, 25.6 M, 570 k."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}" if number < 999.5 * size else f"{number / size:.0f} {unit}"
    return f"{number:g}"


def shape_text(shape: Shape) -> str:
    """64x56x56."""
    return "x".join(map(str, shape))
