"""The text of networks and spaces: readable, versioned, read back by a parser and never by eval.

    nas 1
    conv(64, 7, stride=2)
    norm()
    2 * add([conv(64, 3), norm()], [shortcut()])

The parts of the main chain stand on lines of their own, those of others in brackets; `n *` repeats a part. A part is
its kind with its fields, those that hold their default left out; a `Branches` is called after its join; a ratio of the
input's channels is written `x6` or `x1/16`, one with holes `ratio(span("times", 1, 6))`. The grammar:

    text  = "nas" "1" parts
    parts = { [integer "*"] call }
    call  = name "(" [item { "," item }] ")"
    item  = [name "="] value
    value = number | string | "true" | "false" | "none" | ratio | call | tuple | chain
    tuple = "(" [value { "," value } [","]] ")"
    chain = "[" [[integer "*"] call { "," [integer "*"] call }] "]"
"""

import hashlib
import json
import re
from collections.abc import Hashable, Iterator
from dataclasses import MISSING, fields
from functools import cache, lru_cache
from itertools import groupby
from typing import Any, NamedTuple, TypeGuard, cast

from nas.arch.nodes import (
    JOINS,
    NODES,
    Branches,
    Cells,
    Chain,
    Fork,
    Network,
    Node,
    Part,
    Ratio,
    Repeat,
    Step,
    chain,
    contents,
)
from nas.errors import NasError, TextError

VERSION = 1
_HEADER = f"nas {VERSION}"
_WIDTH = 100
_MOST_PARTS = 500_000
_DEEPEST = 100


def text(network: Network) -> str:
    """The canonical text of a network or space; equal ones have equal texts."""
    return "\n".join([_HEADER, *_lines(chain(network), "")]) + "\n"


def compact(part: Any) -> str:
    """A part or value on one line, without the version."""
    match part:
        case Chain(parts=parts):
            return "[" + ", ".join(_runs(parts)) + "]"
        case Ratio(numerator=int(numerator), denominator=int(denominator)):
            return f"x{numerator}" if denominator == 1 else f"x{numerator}/{denominator}"
        case bool() | None:
            return str(part).lower()
        case str():
            return json.dumps(part)
        case tuple():
            return "(" + ", ".join(map(compact, part)) + ("," if len(part) == 1 else "") + ")"
        case int() | float():
            return repr(part)
        case _:
            return _called(part)


@lru_cache(maxsize=1 << 16)
def _called(part: Any) -> str:
    """A part as its kind with its fields; remembered, because networks repeat their blocks."""
    return f"{_word(part)}({', '.join(_items(part))})"


def fingerprint(network: Network) -> str:
    """Sixteen hexadecimal digits that equal networks share and different ones do not."""
    return hashlib.sha256(f"{_HEADER} {compact(chain(network))}".encode()).hexdigest()[:16]


def parse(source: str) -> Network:
    """The network or space of a text.

    Raises:
        TextError: it is not one; the path is its line and column.
    """
    return _Parser(source).text()


def _runs(parts: tuple[Part, ...]) -> Iterator[str]:
    for part, run in groupby(parts):
        count = sum(1 for _ in run)
        yield f"{count} * {compact(part)}" if count > 1 else compact(part)


def _lines(whole: Chain, indent: str) -> Iterator[str]:
    for part, run in groupby(whole.parts):
        count = sum(1 for _ in run)
        times = f"{count} * " if count > 1 else ""
        line = f"{indent}{times}{compact(part)}"
        if len(line) <= _WIDTH or not _has_lines(part):
            yield line
            continue
        inner = part.cells if isinstance(part, Cells) else part.branches
        yield f"{indent}{times}{_word(part)}("
        for branch in inner:
            short = f"{indent}  {compact(branch)},"
            if len(short) <= _WIDTH:
                yield short
            else:
                yield f"{indent}  ["
                yield from (f"{line}," for line in _joined_lines(branch, indent + "    "))
                yield f"{indent}  ],"
        if isinstance(part, Branches):
            yield from (f"{indent}  {option}," for option in _options(part))
        yield f"{indent})"


def _has_lines(part: Part) -> TypeGuard[Branches | Fork | Cells]:
    return isinstance(part, Fork | Cells) or (isinstance(part, Branches) and isinstance(part.join, str))


def _joined_lines(branch: Chain, indent: str) -> Iterator[str]:
    """The lines of a chain, those that belong to one part joined, so that a comma can follow each part."""
    for part in groupby(branch.parts):
        yield "\n".join(_lines(Chain(*part[1]), indent))


def _word(part: Any) -> str:
    if isinstance(part, Branches) and isinstance(part.join, str):
        return part.join
    return _snake(type(part).__name__)


def _items(part: Any) -> Iterator[str]:
    match part:
        case Branches(branches=several):
            yield from map(compact, several)
            yield from _options(part)
        case Fork(branches=several) | Cells(cells=several):
            yield from map(compact, several)
        case Step(edges=edges, join=join):
            yield from map(compact, edges)
            if join != "add":
                yield f"join={compact(join)}"
        case _:
            yield from _fields(part)


def _options(part: Branches) -> Iterator[str]:
    """What a join is told besides its branches and its name."""
    if not isinstance(part.join, str):
        yield f"join={compact(part.join)}"
    if part.drop_path != 0:
        yield f"drop_path={compact(part.drop_path)}"


def _fields(part: Any) -> Iterator[str]:
    for name, value in said_fields(part):
        yield f"{name}={compact(value)}" if name else compact(value)


def said_fields(part: Any) -> Iterator[tuple[str, Any]]:
    """The fields that make a part, those that hold their default left out; "" names one that its position tells."""
    values = contents(part)
    names = _signature(cast(Hashable, type(part)))
    told = [not by_default(part, name, value) for name, value in zip(names, values, strict=True)]
    ordered = list(names.values())
    last = max((i for i, positional in enumerate(ordered) if positional and told[i]), default=-1)
    for i, (name, value) in enumerate(zip(names, values, strict=True)):
        if ordered[i] and i <= last:
            yield "", value
        elif told[i]:
            yield name, value


@cache
def _signature(kind: Hashable) -> dict[str, bool]:
    """The fields of a kind, and whether each may be given by its position."""
    return {field.name: not field.kw_only for field in fields(kind)}  # type: ignore[arg-type]


def by_default(part: Any, name: str, value: Any) -> bool:
    """Whether a part has `value` in its field `name` without being told."""
    default = next(field.default for field in fields(part) if field.name == name)
    if default is MISSING:
        return False
    if default == "same" or default is None:
        given = {other: getattr(part, other) for other in _signature(cast(Hashable, type(part))) if other != name}
        return bool(value == getattr(type(part)(**given), name))
    return bool(value == default and type(value) is type(default))


@cache
def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


_KINDS = {_snake(name): kind for name, kind in NODES.items() if name != "Chain"}

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<ratio>x\d{1,9}(?:/\d{1,9})?\b)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<number>-?\d{1,18}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?)
  | (?P<string>"(?:[^"\\\n]|\\.){0,1000}")
  | (?P<mark>[()\[\],=*])
  | (?P<end>\Z)
  )""",
    re.VERBOSE,
)


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


_BRACKET = re.compile(r""""(?:[^"\\\n]|\\.)*"|[()]""")


def _ends(source: str) -> dict[int, int]:
    """Where each round bracket that opens outside of strings is closed: the place behind it."""
    opened: list[int] = []
    ends = {}
    for found in _BRACKET.finditer(source):
        if found[0] == "(":
            opened.append(found.start())
        elif found[0] == ")" and opened:
            ends[opened.pop()] = found.end()
    return ends


class _Read(NamedTuple):
    """What a piece of text is: a part with its size, and how deep it is nested."""

    part: Any
    size: int
    depth: int


class _Parser:
    """Reads a text once, from left to right; a call that stands there again, letter by letter, is not read again.

    Spaces write a part that many of their alternatives share each time: all but one in a hundred calls are known.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.ends = _ends(source)
        self.known: dict[str, _Read] = {}
        self.size = 0
        self.depth = 0
        self.deepest = 0
        self.position = 0
        self.token = _Token("end", "", 0)
        self.advance()

    def text(self) -> Network:
        self.expect("nas", f"a text begins with {_HEADER!r}")
        if self.token.text != str(VERSION):
            raise self.error(
                f"this version reads texts of version {VERSION}, got {self.token.text!r}", "a newer version may read it"
            )
        self.advance()
        parts: list[Part] = []
        while self.token.kind != "end":
            parts += self.repeated()
        return Chain(*parts)

    def repeated(self) -> tuple[Part, ...]:
        """A part, or the same part several times."""
        start, before, times = self.token, self.size, 1
        if self.token.kind == "number":
            times = self.number()
            self.expect("*", "a number before a part says how often, as in 2 * norm()")
        if type(times) is not int or times < 0:
            raise self.error("a part is repeated a whole number of times", at=start)
        part = self.call()
        if not isinstance(part, Node):
            raise self.error("a chain is made of parts", at=start)
        self.grow((times - 1) * (self.size - before), start)
        return (part,) * times  # type: ignore[return-value]

    def call(self) -> Any:
        start = self.token
        if start.kind != "name":
            raise self.error(f"a part is expected, got {start.text or 'the end'!r}")
        self.advance()
        said = self.source[start.start : self.ends.get(self.token.start, start.start)]
        known = self.known.get(said)
        if known and self.depth + known.depth <= _DEEPEST:
            self.position = start.start + len(said)
            self.advance()
            self.grow(known.size, start)
            return known.part
        depth, deepest, size = self.depth, self.deepest, self.size
        self.deepest = depth
        part = self.unknown(start)
        self.known[said] = _Read(part, self.size - size, self.deepest - depth)
        self.deepest = max(deepest, self.deepest)
        return part

    def unknown(self, start: _Token) -> Any:
        """A call that was not read before, from behind its name."""
        self.grow(1, start)
        kind = _KINDS.get(start.text)
        if kind is None and start.text not in JOINS:
            raise self.error(f"no part is called {start.text!r}", at=start)
        before = self.size
        self.enter(start)
        self.expect("(", f"{start.text} is followed by its fields in parentheses")
        values: list[Any] = []
        named: dict[str, Any] = {}
        while self.token.text != ")" or self.token.kind != "mark":
            self.item(values, named)
            if self.token.text != ")":
                self.expect(",", "the fields of a part are separated by commas")
        self.advance()
        self.depth -= 1
        try:
            part = Branches(*values, join=start.text, **named) if kind is None else kind(*values, **named)  # type: ignore[arg-type]
        except NasError as error:
            raise self.error(error.rule, error.hint, at=start) from None
        except (TypeError, AttributeError, IndexError, KeyError, ValueError):
            raise self.error(f"{start.text} does not take these fields", at=start) from None
        if isinstance(part, Repeat) and isinstance(part.times, int):
            self.grow((part.times - 1) * (self.size - before), start)  # What is written once stands there so often.
        return part

    def item(self, values: list[Any], named: dict[str, Any]) -> None:
        start = self.token
        value = self.value(may_name=True)
        if self.token.text == "=" and self.token.kind == "mark" and start.kind == "name":
            self.advance()
            if start.text in named:
                raise self.error(f"the field {start.text!r} is given once", at=start)
            named[start.text] = self.value()
        elif isinstance(value, _Token):
            raise self.error(f"a value is expected, got {value.text!r}", at=start)
        elif named:
            raise self.error("fields without a name come first", at=start)
        else:
            values.append(value)

    def value(self, *, may_name: bool = False) -> Any:
        start = self.token
        match start.kind, start.text:
            case "name", "true" | "false" | "none":
                self.advance()
                return {"true": True, "false": False, "none": None}[start.text]
            case "name", _:
                if may_name and self.source[self.position :].lstrip().startswith("="):
                    self.advance()
                    return start
                return self.call()
            case "number", _:
                return self.number()
            case "string", _:
                return self.string()
            case "ratio", _:
                return self.ratio()
            case "mark", "(" | "[":
                return self.sequence()
            case _:
                raise self.error(f"a value is expected, got {start.text or 'the end'!r}")

    def sequence(self) -> Any:
        start = self.token
        closing = ")" if start.text == "(" else "]"
        self.enter(start)
        self.advance()
        values: list[Any] = []
        while self.token.text != closing or self.token.kind != "mark":
            if closing == "]":
                values += self.repeated()
            else:
                self.grow(1, start)
                values.append(self.value())
            if self.token.text != closing:
                self.expect(",", f"a comma or {closing!r} is expected")
        self.advance()
        self.depth -= 1
        return Chain(*values) if closing == "]" else tuple(values)

    def number(self) -> Any:
        said = self.token.text
        self.advance()
        return float(said) if any(mark in said for mark in ".eE") else int(said)

    def string(self) -> str:
        try:
            value = json.loads(self.token.text)
        except json.JSONDecodeError:
            raise self.error("a string is written as in JSON") from None
        self.advance()
        return str(value)

    def ratio(self) -> Ratio:
        numerator, _, denominator = self.token.text[1:].partition("/")
        try:
            value = Ratio(int(numerator), int(denominator or 1))
        except NasError as error:
            raise self.error(error.rule) from None
        self.advance()
        return value

    def expect(self, mark: str, rule: str) -> None:
        if self.token.text != mark or self.token.kind == "string":
            raise self.error(f"{rule}, got {self.token.text or 'the end'!r}")
        self.advance()

    def enter(self, start: _Token) -> None:
        self.depth += 1
        self.deepest = max(self.deepest, self.depth)
        if self.depth > _DEEPEST:
            raise self.error(f"parts are nested at most {_DEEPEST} deep", at=start)

    def grow(self, by: int, start: _Token) -> None:
        self.size += by
        if self.size > _MOST_PARTS:
            raise self.error(f"a text has at most {_MOST_PARTS} parts", at=start)

    def advance(self) -> None:
        found = _TOKEN.match(self.source, self.position)
        if found is None:
            start = len(self.source) - len(self.source[self.position :].lstrip())
            raise self.error(f"{self.source[start : start + 20]!r} is not part of a text", at=_Token("", "", start))
        kind = found.lastgroup or "end"
        self.token = _Token(kind, found[kind], found.start(kind))
        self.position = found.end()

    def error(self, rule: str, hint: str = "", *, at: _Token | None = None) -> TextError:
        start = (at or self.token).start
        line = self.source.count("\n", 0, start) + 1
        column = start - (self.source.rfind("\n", 0, start) + 1) + 1
        return TextError(rule, path=f"line {line}, column {column}", hint=hint)
