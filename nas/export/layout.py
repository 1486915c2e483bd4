"""Source text with lines that fit: calls on one line where there is room, else an argument a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

WIDTH = 100
_STEP = 4


@dataclass(frozen=True, slots=True)
class Form:
    """Something in brackets: `head` ends with the opening one, `tail` begins with the closing one."""

    head: str
    items: tuple[Form | str, ...]
    tail: str = ")"

    def __str__(self) -> str:
        return f"{self.head}{', '.join(map(str, self.items))}{self.tail}"


def laid(form: Form | str, indent: int) -> str:
    """The text of a form, its first line indented."""
    line = f"{' ' * indent}{form}"
    if len(line) <= WIDTH:
        return line
    if isinstance(form, str):
        broken = _parsed(form)
        return line if broken is None else laid(broken, indent)
    items = (f"{laid(item, indent + _STEP)},\n" for item in form.items)
    return f"{' ' * indent}{form.head}\n{''.join(items)}{' ' * indent}{form.tail}"


def _parsed(line: str) -> Form | None:
    """A line as a form, broken at its largest bracket; None where it has no list in brackets."""
    best: tuple[int, int] = (0, 0)
    opened: list[int] = []
    for position, character in enumerate(line):
        if character in "([":
            opened.append(position)
        elif character in ")]":
            start = opened.pop()
            items = list(_items(line[start + 1 : position]))
            if len(items) > 1 and position - start >= best[1] - best[0]:
                best = (start, position)
    start, end = best
    return Form(line[: start + 1], tuple(_items(line[start + 1 : end])), line[end:]) if end else None


def _items(text: str) -> Iterator[str]:
    """What stands between the commas of a list, those in brackets apart."""
    depth, start = 0, 0
    for position, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if character == "," and not depth:
            yield text[start:position].strip()
            start = position + 1
    yield text[start:].strip()
