"""The different kinds of a network's blocks: blocks that differ in widths, strides, groups or rates only are one kind.

A number that all uses of a kind share stands in its picture; one that differs is a letter there, or a multiple of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby, repeat

from nas.draw.parts import Item, Joined, Mesh, Number, Op, Row, Value

_LETTERS = {"out": "abcdehijklmoqruvyz", "gate": "abcdehijklmoqruvyz", "stride": "st", "groups": "g", "p": "p"}
_LETTERS |= {"fit": "f", "back": "n"}
_FIT_LETTERS = {**_LETTERS, "out": "w", "gate": "w"}
_LARGEST_MULTIPLE, _LARGEST_DIVISOR = 8, 64


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of block: what it looks like, with letters in it, and what the letters are in each use."""

    row: Row
    letters: dict[str, tuple[Value, ...]]


def bare(row: Row) -> Row:
    """The row without its numbers: equal for blocks of one kind."""
    return with_values(row, repeat(0))


def with_values(row: Row, values: Iterator[Value]) -> Row:
    """The row with these for its numbers, in order."""
    return tuple(_item_with(item, values) for item in row)


def _item_with(item: Item, values: Iterator[Value]) -> Item:
    match item:
        case Op():
            return _op_with(item, values)
        case Joined(rows=rows, after=after):
            rows = tuple(with_values(inner, values) for inner in rows)
            return replace(item, rows=rows, after=tuple(_op_with(op, values) for op in after))
        case Mesh(back=back, steps=steps):
            back = tuple(Number(number.role, next(values)) for number in back)
            made = tuple(
                (tuple((with_values(inner, values), source) for inner, source in edges), join) for edges, join in steps
            )
            return replace(item, back=back, steps=made, after=tuple(_op_with(op, values) for op in item.after))


def _op_with(op: Op, values: Iterator[Value]) -> Op:
    return replace(
        op,
        before=tuple(_op_with(extra, values) for extra in op.before),
        numbers=tuple(Number(number.role, next(values)) for number in op.numbers),
        after=tuple(_op_with(extra, values) for extra in op.after),
    )


def numbers(row: Row) -> Iterator[Number]:
    """All numbers of a row, in the order of `with_values`."""
    for item in row:
        match item:
            case Op(before=before, after=after):
                yield from numbers(before)
                yield from item.numbers
                yield from numbers(after)
            case Joined(rows=rows, after=after):
                for inner in (*rows, after):
                    yield from numbers(inner)
            case Mesh(back=back, steps=steps, after=after):
                yield from back
                for inner in (*(inner for edges, _ in steps for inner, _ in edges), after):
                    yield from numbers(inner)


def kind_of(uses: list[Row], *, fit: bool = False) -> Kind:
    """The kind that these uses of it, equal when `bare`, show; with `fit`, of what fits the input of cells."""
    alphabets = _FIT_LETTERS if fit else _LETTERS
    columns = [
        (several[0].role, tuple(number.value for number in several))
        for several in zip(*map(numbers, uses), strict=True)
    ]
    letters = _lettered(columns, alphabets)
    said = [_said(role, values, letters, alphabets[role]) for role, values in columns]
    return Kind(folded(with_values(uses[0], iter(said))), letters)


Column = tuple[str, tuple[Value, ...]]
"""The role of a number, and what it is in each use."""


def _lettered(columns: list[Column], alphabets: dict[str, str]) -> dict[str, tuple[Value, ...]]:
    """A letter for every number that differs between uses and cannot be said by another; widths of gates come last."""
    letters: dict[str, tuple[Value, ...]] = {}
    for role, alphabet in alphabets.items():
        own = list(dict.fromkeys(values for its, values in columns if its == role and len(set(values)) > 1))
        if role == "out":
            multiples = [values for values in own if any(_multiple("", other, values) for other in own)]
            own = [values for values in own if values not in multiples] + multiples
        for values in own:
            if not _in_letters(role, values, letters, alphabet):
                turn, place = divmod(sum(letter[0] in alphabet for letter in letters), len(alphabet))
                letters[f"{alphabet[place]}{turn or ''}"] = values
    return letters


def _said(role: str, values: tuple[Value, ...], letters: dict[str, tuple[Value, ...]], own: str) -> Value:
    """How a number that took these values is written: itself, a letter, or a multiple of one."""
    return values[0] if len(set(values)) == 1 else _in_letters(role, values, letters, own)


def _in_letters(role: str, values: tuple[Value, ...], letters: dict[str, tuple[Value, ...]], own: str) -> str:
    """The values said by letters of their own alphabet; empty where none says them."""
    known = {letter: said for letter, said in letters.items() if letter[0] in own}
    same = next((letter for letter, said in known.items() if said == values), "")
    if same or role not in ("out", "gate"):
        return same
    made = (_multiple(letter, said, values) or _part(letter, said, values) for letter, said in known.items())
    return next(filter(None, made), "")


def _multiple(letter: str, known: tuple[Value, ...], values: tuple[Value, ...]) -> str:
    times = _ratio(values, known)
    return f"{times}{letter}" if 2 <= times <= _LARGEST_MULTIPLE else ""


def _part(letter: str, known: tuple[Value, ...], values: tuple[Value, ...]) -> str:
    times = _ratio(known, values)
    return f"{letter}/{times}" if 2 <= times <= _LARGEST_DIVISOR else ""


def _ratio(large: tuple[Value, ...], small: tuple[Value, ...]) -> int:
    """How many times `small` each of `large` is; 0 where that differs or is no whole number."""
    pairs = [(int(one), int(other)) for one, other in zip(large, small, strict=True)]
    times = pairs[0][0] // pairs[0][1]
    return times if all(one == times * other for one, other in pairs) else 0


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
                inside = tuple(
                    (tuple((folded(inner), source) for inner, source in edges), join) for edges, join in steps
                )
                made += [replace(item, steps=inside)] * count
    return tuple(made)
