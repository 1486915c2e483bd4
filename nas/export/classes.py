"""Which modules are instances of one class: those alike but for arguments, which become its parameters."""

import re
import string
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from nas.export.tree import REQUIRED, Argument, Block, Call, Module, Row, children

_OFTEN = 3
"""A row of layers that occurs so often is a class."""

_SAME_ROLE = {"groups": "channels"}
"""Depthwise groups are channels."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a class; `column` says which of the arguments in the class it stands for first."""

    name: str
    role: str
    default: Any
    kind: str
    column: int


@dataclass(frozen=True, slots=True)
class Class:
    """A class: an instance of it, its parameters, and the expression for each argument in it, in order."""

    name: str
    module: Row | Block
    parameters: tuple[Parameter, ...]
    slots: tuple[str, ...]


class Classes:
    """The classes of a tree of modules, in the order in which they are to be defined."""

    def __init__(self, root: Block) -> None:
        self._keys: dict[int, int] = {}
        self._known: dict[Any, int] = {}
        self.root = self._joined(root, self._rows(root))
        self._made: dict[int, Class] = {}
        self._instances: dict[int, list[Row | Block]] = {}
        rows = self._rows(self.root)
        order: dict[int, None] = {}
        self._collect(self.root, rows, order)
        names = _names([(key, self._instances[key][0].word) for key in order])
        for key in order:
            self._made[key] = self._class(names[key], self._instances[key])

    def __iter__(self) -> Iterator[Class]:
        return iter(self._made.values())

    def of(self, module: Module) -> Class | None:
        """The class of a module; None for a call, or a row that is no class."""
        return self._made.get(self._key(module)) if module is not self.root else None

    def arguments(self, module: Module) -> list[Argument]:
        """The arguments of a module: a call's own, those of an instance, or all in a row."""
        if isinstance(module, Call):
            return list(module.arguments)
        inside = self.inside(module)
        made = self.of(module)
        if made is None:
            return inside
        return [Argument(p.name, inside[p.column].value, p.role, p.default) for p in made.parameters]

    def inside(self, module: Module) -> list[Argument]:
        """The arguments of all modules directly inside a module."""
        return [argument for _, part in children(module) for argument in self.arguments(part)]

    def _key(self, module: Module) -> int:
        """A number that modules of one class share."""
        key = self._keys.get(id(module))
        if key is None:
            inner = tuple((name, self._key(part)) for name, part in children(module))
            match module:
                case Call(function=function, arguments=arguments, around=around):
                    told: Any = (function, around, len(arguments))
                case Row():
                    told = ()
                case Block(word=word, reads=reads, lines=lines):
                    told = (word, reads, lines)
            key = self._keys[id(module)] = self._known.setdefault((type(module), told, inner), len(self._known))
        return key

    def _rows(self, root: Block) -> set[int]:
        """The keys of rows that are classes: those that would be written often, were they none."""
        often = Counter(self._key(module) for module in _walk(root) if isinstance(module, Row))
        written: Counter[int] = Counter()
        seen: set[int] = set()

        def visit(module: Module) -> None:
            key = self._key(module)
            if isinstance(module, Block) or often[key] >= _OFTEN:
                written[key] += 1
                if key in seen:
                    return
                seen.add(key)
            for _, part in children(module):
                visit(part)

        visit(root)
        return {key for key in often if written[key] >= _OFTEN}

    def _joined(self, module: Any, rows: set[int]) -> Any:
        """The tree with rows of layers in rows spliced where they are no class."""
        match module:
            case Block(fields=fields):
                return replace(module, fields=tuple((name, self._joined(part, rows)) for name, part in fields))
            case Row(parts=parts):
                spliced: list[Module] = []
                for part in parts:
                    made = self._joined(part, rows)
                    plain = isinstance(made, Row) and self._key(part) not in rows
                    spliced += made.parts if plain else (made,)
                return replace(module, parts=tuple(spliced))
        return module

    def _collect(self, module: Module, rows: set[int], order: dict[int, None]) -> None:
        for _, part in children(module):
            self._collect(part, rows, order)
            key = self._key(part)
            if isinstance(part, Block) or (isinstance(part, Row) and key in rows):
                self._instances.setdefault(key, []).append(part)
                order.setdefault(key)

    def _class(self, name: str, instances: list[Row | Block]) -> Class:
        columns = list(zip(*(self.inside(module) for module in instances), strict=True))
        naming = _Naming(instances)
        slots = [naming.slot(i, column) for i, column in enumerate(columns)]
        parameters = sorted(naming.parameters, key=lambda parameter: parameter.default is not REQUIRED)
        alone = naming.alone()

        def said(text: str) -> str:
            return re.sub(r"\w+", lambda found: alone.get(found[0], found[0]), text)

        named = tuple(replace(parameter, name=said(parameter.name)) for parameter in parameters)
        return Class(name, instances[0], named, tuple(map(said, slots)))


class _Naming:
    """Makes parameters of the columns of arguments that differ between the instances of a class."""

    def __init__(self, instances: list[Row | Block]) -> None:
        self.parameters: list[Parameter] = []
        self._values: list[tuple[str, tuple[Any, ...]]] = []
        self._ends = {
            "inputs": tuple(module.inputs for module in instances),
            "outputs": tuple(module.outputs for module in instances),
        }
        self._counts: Counter[str] = Counter()

    def slot(self, column: int, arguments: tuple[Argument, ...]) -> str:
        """The expression for an argument: its value, or a parameter."""
        first, values = arguments[0], tuple(argument.value for argument in arguments)
        if all(value == first.value for value in values):
            return repr(first.value)
        role = _SAME_ROLE.get(first.role, first.role)
        for parameter, known in zip(self.parameters, self._values, strict=True):
            if known == (role, values):
                return parameter.name
            halves = role == "padding" and known[0] == "kernel" and all(map(_is_half, values, known[1]))
            if halves:
                return f"{parameter.name} // 2"
        name = self._name(first, values)
        kinds = " | ".join(dict.fromkeys(map(_kind, values)))
        self.parameters.append(Parameter(name, first.role, first.default, kinds, column))
        self._values.append((role, values))
        return name

    def alone(self) -> dict[str, str]:
        """The numbered names that need no number, and those names without."""
        return {f"{word}1": word for word, count in self._counts.items() if count == 1}

    def _name(self, argument: Argument, values: tuple[Any, ...]) -> str:
        if argument.role == "channels":
            for name, ends in self._ends.items():
                if ends == values and all(name != known.name for known in self.parameters):
                    return name
        word = "width" if argument.role == "channels" else argument.name
        self._counts[word] += 1
        return f"{word}{self._counts[word]}"


def _is_half(padding: Any, kernel: Any) -> bool:
    return type(padding) is int and type(kernel) is int and padding == kernel // 2


def _kind(value: Any) -> str:
    if isinstance(value, tuple):
        return f"tuple[{', '.join(map(_kind, value))}]"
    return "None" if value is None else type(value).__name__


def _names(words: list[tuple[int, str]]) -> dict[int, str]:
    """A name for each class, with letters where several have one word."""
    stems = {key: _camel(word) for key, word in words}
    several, seen, names = Counter(stems.values()), Counter[str](), {}
    for key, stem in stems.items():
        many = several[stem] > len(string.ascii_uppercase)
        suffix = str(seen[stem] + 1) if many else string.ascii_uppercase[seen[stem]]
        names[key] = stem + (suffix if several[stem] > 1 else "")
        seen[stem] += 1
    return names


def _camel(word: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in word.replace("-", " ").split())


def _walk(module: Module) -> Iterator[Module]:
    yield module
    for _, part in children(module):
        yield from _walk(part)
