"""A network as one file of readable torch code that needs nothing but torch, and Pillow to read images."""

import inspect
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from nas.arch.cost import Shape
from nas.arch.nodes import Network
from nas.export import home, pieces
from nas.export.classes import Class, Classes
from nas.export.compose import compose
from nas.export.layout import Form, laid
from nas.export.tree import REQUIRED, Block, Call, Module, Row, weight_names
from nas.lower import layers

_PIECES: tuple[Any, ...] = (
    layers.norm,
    layers.PaddedConv2d,
    layers.PaddedPool2d,
    layers.TableConv2d,
    layers.Subsample2d,
    layers.RadialBasis,
    layers.LecunTanh,
    layers.DropPath,
    layers.DropPathOfBatch,
    layers.Columns,
    layers.Chunk,
    layers.Shift,
    layers.Scale,
    pieces.conv_shortcut,
    pieces.projection,
    pieces.ZeroPad,
    pieces.PooledZeroPad,
    pieces.FractalMean,
)
_NEEDS = {"projection": "conv_shortcut", "FractalMean": "Columns"}


def source(network: Network, input: Shape, about: str) -> tuple[str, dict[str, str]]:
    """The text of a `model.py`, and for each layer's path in the network its name in the state dict of that.

    Args:
        network: Without holes.
        input: Shape of an image, (channels, height, width).
        about: The docstring of the file.

    Raises:
        PartError: an exit stands inside a block.
        ShapeError: as `nas.cost`.
    """
    classes = Classes(compose(network, input))
    written = _Writer(classes)
    definitions = [written.definition(made) for made in classes]
    definitions.append(written.network(classes.root))
    body = "\n\n\n".join(definitions)
    parts = [_header(about, body), *_needed(body), body, *map(_text, (home.load, home.read_image, home.main)), _END]
    return "\n\n\n".join(parts), dict(weight_names(classes.root))


_END = """if __name__ == "__main__":
    main(Network())
"""


def _header(about: str, body: str) -> str:
    lines = [
        f'"""{about}\n"""',
        "",
        "import json",
        "import sys",
        "from pathlib import Path",
        "from typing import Any",
        "",
    ]
    return "\n".join([*lines, "import torch", "from torch import Tensor, nn", "from torch.nn import functional as F"])


def _needed(body: str) -> Iterator[str]:
    """The source of the pieces that a text names, in the order of this file."""
    words = set(re.findall(r"\w+", body))
    words |= {_NEEDS[word] for word in words & _NEEDS.keys()}
    return (_text(piece) for piece in _PIECES if piece.__name__ in words)


def _text(piece: Any) -> str:
    """The source of a piece without the marks meant for our own linters."""
    plain = inspect.getsource(piece).replace("(Conv2d)", "(nn.Conv2d)")  # Weights are loaded, not drawn.
    return re.sub(r"  # (noqa|type: ignore).*", "", plain).rstrip()


class _Writer:
    def __init__(self, classes: Classes) -> None:
        self.classes = classes

    def definition(self, made: Class) -> str:
        """The source of a class."""
        module, expressions = made.module, iter(made.slots)
        head = _signature("__init__", [f"{p.name}: {_typed(p.kind, p.default)}" for p in made.parameters], "None")
        if isinstance(module, Row):
            parts = self.row([self.form(part, expressions) for part in module.parts])
            lines = [f"class {made.name}(nn.Sequential):", laid(head, 4), laid(Form("super().__init__(", parts), 8)]
            return "\n".join(lines)
        return self.block(made.name, head, module, expressions, "Tensor")

    def network(self, root: Block) -> str:
        """The source of the class of the whole network."""
        expressions = (repr(argument.value) for argument in self.classes.inside(root))
        returns = "Any" if any("exits" in line for line in root.lines) else "Tensor"
        return self.block("Network", _signature("__init__", [], "None"), root, expressions, returns)

    def block(self, name: str, head: Form, module: Block, expressions: Iterator[str], returns: str) -> str:
        """The source of a class with a forward; `expressions` has those for the arguments in it."""
        fields = [self.assigned(field, self.form(part, expressions)) for field, part in module.fields]
        forward = _signature("forward", [f"{read}: Tensor" for read in module.reads], returns)
        lines = [f"class {name}(nn.Module):", laid(head, 4), _statement("super().__init__()"), *fields]
        lines += [*map(_statement, module.setup), "", laid(forward, 4), *map(_statement, module.lines)]
        return "\n".join(lines)

    def assigned(self, name: str, form: Form | str) -> str:
        head = f"self.{name} = "
        return laid(Form(head + form.head, form.items, form.tail) if isinstance(form, Form) else head + form, 8)

    def form(self, module: Module, expressions: Iterator[str]) -> Form:
        """The expression that makes a module; `expressions` has those for its arguments, and is read on."""
        made = self.classes.of(module)
        if isinstance(module, Row) and made is None:
            return Form("nn.Sequential(", self.row([self.form(part, expressions) for part in module.parts]))
        function = made.name if made else module.function  # type: ignore[union-attr]
        items = []
        for argument in self.classes.arguments(module):
            said = next(expressions)
            if argument.default is REQUIRED:
                items.append(said)
            elif said != repr(argument.default):
                items.append(f"{argument.name}={said}")
        around = module.around if isinstance(module, Call) else "{}"
        before, after = around.split("{}")
        return Form(f"{before}{function}(", tuple(items), f"){after}")

    def row(self, forms: list[Form]) -> tuple[Form | str, ...]:
        """Forms in a row, equal ones and those that count up or down as one line."""
        row: list[Form | str] = []
        while forms:
            length = next((i for i, (a, b) in enumerate(pairwise(forms), 1) if a != b), len(forms))
            counting = self.counting(forms)
            if length > 2:
                row.append(f"*({forms[0]} for _ in range({length}))")
            elif counting:
                length, line = counting
                row.append(line)
            else:
                length = 1
                row.append(forms[0])
            forms = forms[length:]
        return tuple(row)

    def counting(self, forms: list[Form]) -> tuple[int, str] | None:
        """How many forms from the first on differ in one number that grows steadily, and the line that makes them."""
        made = next((made for made in self.classes if forms[0].head == f"{made.name}("), None)
        place = _steady(forms[:3]) if made else None
        if made is None or place is None:
            return None
        numbers = [int(str(forms[0].items[place])), int(str(forms[1].items[place]))]
        step = numbers[1] - numbers[0]
        length = 3
        while length < len(forms) and _steady(forms[length - 2 : length + 1]) == place:
            length += 1
        name = made.parameters[place].name
        items = (*forms[0].items[:place], name, *forms[0].items[place + 1 :])
        steps = f", {step}" if step != 1 else ""
        each = f"{Form(forms[0].head, items)} for {name} in range({numbers[0]}, {numbers[0] + length * step}{steps})"
        return length, f"*({each})"


def _steady(forms: list[Form]) -> int | None:
    """The place of the one number in which three forms differ, if by the same."""
    if len(forms) < 3 or len({(form.head, len(form.items), form.tail) for form in forms}) > 1:
        return None
    places = [i for i, items in enumerate(zip(*(form.items for form in forms), strict=True)) if len(set(items)) > 1]
    if len(places) != 1:
        return None
    numbers = [str(form.items[places[0]]) for form in forms]
    if not all(number.isdigit() for number in numbers):
        return None
    low, middle, high = map(int, numbers)
    return places[0] if high - middle == middle - low else None


def _signature(name: str, parameters: Iterable[str], returns: str) -> Form:
    return Form(f"def {name}(", ("self", *parameters), f") -> {returns}:")


def _typed(kind: str, default: Any) -> str:
    return kind if default is REQUIRED else f"{kind} = {default!r}"


def _statement(line: str) -> str:
    text = line.lstrip()
    return laid(text, 8 + len(line) - len(text))
