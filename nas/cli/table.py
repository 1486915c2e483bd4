"""Numbers and tables as a person reads them in a terminal."""

from collections.abc import Iterable, Sequence

from nas.arch.cost import Shape
from nas.arch.readable import count as count


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


def shape_text(shape: Shape) -> str:
    """64x56x56."""
    return "x".join(map(str, shape))


def percent(error: float | None) -> str:
    """An error with one or two decimals; nothing where it is not known."""
    return "" if error is None else f"{error:.2f}".removesuffix("0")
