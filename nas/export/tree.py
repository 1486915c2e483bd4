"""What stands between a network and its source: calls of constructors, rows of them, and blocks with a forward."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

REQUIRED = object()
"""The default of an argument that has none."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a constructor.

    Args:
        name: Of the parameter; it is written where the parameter has a default.
        value: A number, a word or a tuple of numbers.
        role: What the value is: arguments of one role may turn out to be one parameter of a class.
        default: What the constructor takes unless told.
    """

    name: str
    value: Any
    role: str
    default: Any = REQUIRED


@dataclass(frozen=True, slots=True)
class Call:
    """A layer made by a constructor.

    Args:
        function: As it is written in the source: "nn.Conv2d".
        arguments: In order.
        path: Of the leaf in the network, where its weights are found.
        word: What the layer is called where it is a field.
        around: What is written around the call, at "{}".
        renamed: The layer's own layers that have other names here: {"conv1": "0"}.
    """

    function: str
    arguments: tuple[Argument, ...]
    path: str
    word: str
    around: str = "{}"
    renamed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """Layers one after the other, an `nn.Sequential`; `word` names the class that it becomes where it repeats."""

    parts: tuple[Module, ...]
    word: str
    inputs: int
    outputs: int


@dataclass(frozen=True, slots=True)
class Block:
    """A module with a forward of its own.

    Args:
        word: What its class is called, perhaps with a letter after it.
        reads: The parameters of `forward`.
        fields: Its layers by name.
        lines: The body of `forward`.
        inputs: Channels of what it reads last.
        outputs: Channels of what it returns.
        setup: Lines that end its constructor.
    """

    word: str
    reads: tuple[str, ...]
    fields: tuple[tuple[str, Module], ...]
    lines: tuple[str, ...]
    inputs: int
    outputs: int
    setup: tuple[str, ...] = ()


Module = Call | Row | Block


def children(module: Module) -> Iterator[tuple[str, Module]]:
    """The modules directly inside a module, by the names they have in it."""
    match module:
        case Row(parts=parts):
            yield from ((str(i), part) for i, part in enumerate(parts))
        case Block(fields=fields):
            yield from fields


def weight_names(module: Module, prefix: str = "") -> Iterator[tuple[str, str]]:
    """For each layer its path in the network and its name in the source's state dict."""
    if isinstance(module, Call):
        yield module.path, prefix
        for old, new in module.renamed:
            yield f"{module.path}.{old}", f"{prefix}.{new}"
    for name, part in children(module):
        yield from weight_names(part, f"{prefix}.{name}" if prefix else name)
