"""The different kinds of a network's blocks: blocks that differ in widths, strides, groups or rates only are one kind.

A number that all uses of a kind share stands in its picture; one that differs is a letter there, or a multiple of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby, repeat

from nas.draw.parts import Item, Joined, Mesh, Number, Op, Row

_LETTERS = {"out": "abcdehijklmoqruvyz", "stride": "st", "groups": "g", "p": "p", "fit": "f", "back": "n"}
_FIT_LETTERS = {**_LETTERS, "out": "w"}
_LARGEST_MULTIPLE = 64


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of block: its name, its picture with letters in it, and what each use says of the letters."""

    row: Row
    letters: dict[str, tuple[float | str, ...]]


def bare(row: Row) -> Row:
    """The row without its numbers: equal for blocks of one kind."""
    return with_values(row, repeat(0))


def with_values(row: Row, values: Iterator[float | str]) -> Row:
    """The row with these for its numbers, in order."""
    return tuple(_item_with(item, values) for item in row)


def _item_with(item: Item, values: Iterator[float | str]) -> Item:
    match item:
        case Op(numbers=numbers):
            return replace(item, numbers=tuple(Number(number.role, next(values)) for number in numbers))
        case Joined(rows=rows):
            return replace(item, rows=tuple(with_values(inner, values) for inner in rows))
        case Mesh(back=back, steps=steps):
            back = tuple(Number(number.role, next(values)) for number in back)
            made = tuple(
                (tuple((with_values(inner, values), source) for inner, source in edges), join) for edges, join in steps
            )
            return replace(item, back=back, steps=made)


def numbers(row: Row) -> Iterator[Number]:
    """All numbers of a row, in the order of `with_values`."""
    for item in row:
        match item:
            case Op():
                yield from item.numbers
            case Joined(rows=rows):
                for inner in rows:
                    yield from numbers(inner)
            case Mesh(back=back, steps=steps):
                yield from back
                for edges, _ in steps:
                    for inner, _ in edges:
                        yield from numbers(inner)


def kind_of(uses: list[Row], *, fit: bool = False) -> Kind:
    """The kind that these uses of it, equal when `bare`, show; with `fit`, of what fits the input of cells."""
    alphabets = _FIT_LETTERS if fit else _LETTERS
    columns = [
        (several[0].role, tuple(number.value for number in several)) for several in zip(*map(numbers, uses), strict=True)
    ]
    letters = _lettered(columns, alphabets)
    said = [_said(alphabets[role], values, letters) for role, values in columns]
    return Kind(folded(with_values(uses[0], iter(said))), letters)


Column = tuple[str, tuple[float | str, ...]]
"""The role of a number, and what it is in each use."""


def _lettered(columns: list[Column], alphabets: dict[str, str]) -> dict[str, tuple[float | str, ...]]:
    """A letter for every number that differs between uses and is no multiple of another that does."""
    differing = [column for column in dict.fromkeys(columns) if len(set(column[1])) > 1]
    letters: dict[str, tuple[float | str, ...]] = {}
    for role, alphabet in alphabets.items():
        own = [values for its_role, values in differing if its_role == role]
        own = [values for values in own if role != "out" or not any(_times(other, values) for other in own)]
        for position, values in enumerate(own):
            turn, place = divmod(position, len(alphabet))
            letters[f"{alphabet[place]}{turn or ''}"] = values
    return letters


def _said(alphabet: str, values: tuple[float | str, ...], letters: dict[str, tuple[float | str, ...]]) -> float | str:
    """How a number that took these values is written: itself, a letter, or a multiple of one."""
    if len(set(values)) == 1:
        return values[0]
    for letter, known in letters.items():
        if letter[0] in alphabet:
            if known == values:
                return letter
            if len(alphabet) > 2 and (times := _times(known, values)):
                return f"{times}{letter}"
    raise AssertionError(values)


def _times(known: tuple[float | str, ...], values: tuple[float | str, ...]) -> int:
    """By what `known` is multiplied to be `values`, if by 2 to 64 in every use; else 0."""
    pairs = [(int(one), int(other)) for one, other in zip(known, values, strict=True)]
    times = pairs[0][1] // pairs[0][0]
    return times if 2 <= times <= _LARGEST_MULTIPLE and all(other == times * one for one, other in pairs) else 0


def folded(row: Row) -> Row:
    """The row with equal operations in a row as one that happens several times."""
    made: list[Item] = []
    for item, run in groupby(row):
        count = sum(1 for _ in run)
        match item:
            case Op():
                made.append(replace(item, times=count))
            case Joined(rows=rows):
                made += [replace(item, rows=tuple(map(folded, rows)))] * count
            case Mesh(steps=steps):
                inside = tuple((tuple((folded(inner), source) for inner, source in edges), join) for edges, join in steps)
                made += [replace(item, steps=inside)] * count
    return tuple(made)
