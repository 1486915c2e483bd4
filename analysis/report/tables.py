"""Tables, and a value with its name."""

from collections.abc import Iterable, Sequence

from analysis.report.html import Child, Html, tag


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[Child]], *, numbers: Iterable[int] = ()) -> Html:
    """A table whose first cell of a row is the head of the row.

    Args:
        caption: What it is a table of.
        head: Names of the columns.
        rows: Cells.
        numbers: The columns that stand to the right.
    """
    right = set(numbers)

    def cells(row: Sequence[Child]) -> list[Html]:
        return [
            tag("td" if i else "th", cell, class_="number" if i in right else None, scope=None if i else "row")
            for i, cell in enumerate(row)
        ]

    heads = [tag("th", name, scope="col", class_="number" if i in right else None) for i, name in enumerate(head)]
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption),
            tag("thead", tag("tr", heads)),
            tag("tbody", [tag("tr", cells(row)) for row in rows]),
        ),
        class_="wide",
        tabindex="0",
        role="region",
        aria_label=caption,
    )


def facts(pairs: Iterable[tuple[str, Child]]) -> Html:
    """Names and values."""
    return tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs], class_="facts")


def section(name: str, title: str, *content: Child) -> Html:
    """A section with its heading, to be linked to by its name."""
    return tag("section", tag("h2", title, id=f"{name}-title"), content, id=name, aria_labelledby=f"{name}-title")


def folded(summary: str, *content: Child, open: bool = False) -> Html:
    """Content behind a line that opens it."""
    return tag("details", tag("summary", summary), content, open=open)
