"""A space as a Python file in the vocabulary of `nas.arch.nodes`, to be read, changed and searched."""

import json
import keyword
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from nas.arch import kinds
from nas.arch.holes import Arithmetic, Derived, Pick, Span
from nas.arch.nodes import (
    DEPTHWISE,
    NODES,
    Branches,
    Cells,
    Chain,
    Choice,
    Edge,
    Fork,
    Node,
    Repeat,
    Scope,
    Space,
    Step,
    Value,
    chain,
    contents,
)
from nas.arch.rewrite import is_se, with_classes
from nas.arch.text import compact, said_fields
from nas.export.layout import WIDTH, Form, laid

_CLASSES = Pick("classes", ("any",))
_RESERVED = frozenset({"DEPTHWISE", "Space", "classes", "pick", "shared", "space", "span", *keyword.kwlist, *NODES})
_LONG = 40


def space_source(space: Space, classes: int, about: str) -> str:
    """A file with a function `space`, from a number of classes to a space.

    Args:
        space: What the function returns, its last layers for as many classes as asked.
        classes: As many unless asked.
        about: What the file says of itself.

    Raises:
        RewriteError: no layer at the end of the space makes the classes.
    """
    whole = with_classes(space, _CLASSES)  # type: ignore[arg-type]
    writer = _Writer(whole)
    named = [laid(_around(f"{name} = ", writer.form(value, named=True)), 0) for value, name in writer.values()]
    returned = laid(_around("return ", writer.joined("Chain", whole.parts)), 4)
    about = re.sub(r'"(?=""|$)', r"\"", about.replace("\\", "\\\\"))
    head = "\n".join([f'"""{about}"""', "", *writer.imports(), *([""] if named else []), *named])
    return f"{head}\n\n\ndef space(classes: int = {classes}) -> Space:\n{returned}\n"


class _Writer:
    """Writes values as expressions. Those that stand in several places have a name, and so do long blocks."""

    def __init__(self, whole: Chain) -> None:
        self.names: dict[Any, str] = {_CLASSES: "classes"}
        self.used = {"Chain", "Space"}
        blocks = {_block(part): part.name for part in reversed(whole.parts) if isinstance(part, Scope)}
        found: Counter[Any] = Counter()
        values = list(_inside_out(whole, found))
        for hole in values:
            if isinstance(hole, Pick | Span) and (found[hole] > 1 or hole.scope is not None):
                self._name(hole, hole.name)
        for value in values:
            least = _LONG if found[value] > 1 else WIDTH if value in blocks else None
            if least is not None and value not in self.names and len(str(self.form(value))) > least:
                self._name(value, blocks.get(value) or _word(value))

    def values(self) -> Iterator[tuple[Any, str]]:
        """What has a name, each after those it is made of."""
        return ((value, name) for value, name in self.names.items() if value is not _CLASSES)

    def imports(self) -> Iterator[str]:
        """The lines that import what was written so far."""
        holes = sorted(self.used & {"shared", "span"})
        if holes:
            yield f"from nas.arch.holes import {', '.join(holes)}"
        names = sorted(self.used - {"shared", "span"}, key=lambda name: (not name.isupper(), name.islower(), name))
        line = f"from nas.arch.nodes import {', '.join(names)}"
        yield line if len(line) <= WIDTH else laid(Form("from nas.arch.nodes import (", tuple(names)), 0)

    def form(self, value: Any, *, named: bool = False) -> Form | str:
        """The expression that makes a value: its name if it has one, unless that is what is `named`."""
        value = _alone(value)
        if not named and isinstance(value, Value | Arithmetic) and value in self.names:
            return self.names[value]
        match value:
            case Chain(parts=parts):
                return self.joined("Chain", parts)
            case Branches(branches=several, join=join, drop_path=drop_path):
                return self.joined("Branches", several, join=(join, "add"), drop_path=(drop_path, 0.0))
            case Fork(branches=several) | Cells(cells=several):
                return self.joined(type(value).__name__, several)
            case Step(edges=edges, join=join):
                return self.joined("Step", edges, join=(join, "add"))
            case Edge(part=part, source=source):
                return Form("(", (self.form(part), self.form(source)))
            case Choice(name=name, labels=labels, parts=parts, scope=scope):
                return self._choice(name, labels, parts, scope)
            case Pick(name=name, options=options, scope=scope):
                return self.joined("pick", (name, *options), scope=(scope, None))
            case Span():
                return self._span(value)
            case Derived(op=op, left=left, right=right):
                return f" {op} ".join(map(self._side, (left, right)))
            case Value():
                fields = (_around(f"{name}=" if name else "", self._field(name, x)) for name, x in said_fields(value))
                return self._call(type(value).__name__, fields)
            case tuple():
                items = tuple(map(self.form, value))
                if len(items) == 1:
                    return f"({items[0]},)" if len(str(items[0])) < _LONG else Form("tuple([", items, "])")
                return Form("(", items)
            case str():
                return json.dumps(value)
            case _:
                return repr(value)

    def joined(self, function: str, values: Iterable[Any], **options: tuple[Any, Any]) -> Form:
        """A call with values, equal ones in a row as one, and the options (value, default) that are not by default."""
        items = []
        for value, run in groupby(values):
            count = sum(1 for _ in run)
            items.append(self.form(value) if count == 1 else _around("*[", self.form(value), f"] * {count}"))
        told = {name: value for name, (value, default) in options.items() if value != default}
        return self._call(function, [*items, *(_around(f"{name}=", self.form(value)) for name, value in told.items())])

    def _call(self, function: str, items: Iterable[Form | str]) -> Form:
        self.used.add(function)
        return Form(f"{function}(", tuple(items))

    def _choice(self, name: str, labels: tuple[str, ...], parts: tuple[Chain, ...], scope: str | None) -> Form:
        if {"name", "scope", *keyword.kwlist} & {*labels}:
            return self.joined("Choice", (name, labels, parts), scope=(scope, None))
        items = [_around(f"{label}=", self.form(part)) for label, part in zip(labels, parts, strict=True)]
        where = [] if scope is None else [_around("scope=", self.form(scope))]
        return self._call("pick", [self.form(name), *items, *where])

    def _span(self, hole: Span) -> Form:
        steps = () if hole.step == 1 else (hole.step,)
        made = self.joined("span", (hole.name, hole.low, hole.high, *steps), log=(hole.log, False))
        return made if hole.scope is None else self._call("shared", [self.form(hole.scope), made])

    def _side(self, value: Any) -> str:
        said = str(self.form(value))
        return f"({said})" if isinstance(value, Derived) and value not in self.names else said

    def _field(self, name: str, value: Any) -> Form | str:
        if name == "groups" and value == DEPTHWISE:
            self.used.add("DEPTHWISE")
            return "DEPTHWISE"
        return self.form(value)

    def _name(self, value: Any, word: str) -> None:
        taken, number, name = {*self.names.values(), *_RESERVED}, 1, word
        while name in taken:
            number += 1
            name = f"{word}_{number}"
        self.names[value] = name


def _inside_out(value: Any, found: Counter[Any]) -> Iterator[Any]:
    """What may have a name in a value, each after those it is made of; `found` counts where it stands."""
    for inner in map(_alone, _inner(value)):
        is_named = _may_have_a_name(inner)
        if is_named:
            found[inner] += 1
        if not is_named or found[inner] == 1:
            yield from _inside_out(inner, found)
            if is_named:
                yield inner


def _inner(value: Any) -> Iterable[Any]:
    """The values in a value, equal ones in a row once."""
    match value:
        case Chain(parts=several) | Branches(branches=several) | Fork(branches=several) | Cells(cells=several):
            return [value for value, _ in groupby(several)]
        case Value():
            return contents(value)
        case Derived(left=left, right=right):
            return (left, right)
        case tuple():
            return value
        case _:
            return ()


def _may_have_a_name(value: Any) -> bool:
    """Whether it is a hole, or a part that is long to write; what depends on the number of classes has none."""
    if isinstance(value, Pick | Span):
        return value is not _CLASSES
    return isinstance(value, Node) and len(said := compact(value)) > _LONG and compact(_CLASSES) not in said


def _word(value: Any) -> str:
    """What a part is called."""
    if is_se(value):
        return "squeeze_excite"
    return re.sub(r"\W+", "_", value.name if isinstance(value, Choice) else kinds.kind(chain(value)))


def _block(part: Any) -> Any:
    """What a scope holds, or repeats."""
    while isinstance(part, Scope | Repeat):
        part = _alone(part.part)
    return part


def _alone(value: Any) -> Any:
    """The one part of a chain of one, as it may be written instead."""
    return value.parts[0] if isinstance(value, Chain) and len(value.parts) == 1 else value


def _around(head: str, form: Form | str, tail: str = "") -> Form | str:
    """A form with something before and after it."""
    if isinstance(form, str):
        return f"{head}{form}{tail}"
    return Form(f"{head}{form.head}", form.items, f"{form.tail}{tail}")
