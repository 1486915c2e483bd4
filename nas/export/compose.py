"""A network as a tree of modules with forwards: what is a layer, what is a block, and how blocks are run.

Blocks are those of the outline. In a block, a branch that computes stands in `forward` line by line where it is the
only one, as in a residual block, and is a layer of its own beside others, as in Inception. The exits of the network
stand in its own forward, which is where `Cells` are unrolled too.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from nas.arch.cost import Shape, cell_flow, cell_inputs, fit_shape, flow, graph_outputs, step_flow
from nas.arch.kinds import gates, is_depthwise, kind, layers
from nas.arch.nodes import LEAVES, Branches, Cells, Chain, Exit, Fork, Graph, Network, Part, Shortcut, chain
from nas.arch.outline import outline
from nas.arch.paths import below, part_names
from nas.errors import PartError
from nas.export.leaves import atom, call, expression
from nas.export.tree import Argument, Block, Call, Module, Row
from nas.lower.program import lower

_COUNTED = ("conv", "bn", "norm", "layer", "branch", "cell", "exit")
"""Words that carry a number even where there is one of them only."""

_NEXT = {"x": "y", "y": "z"}
"""The variable that a branch works on beside the one that its join keeps."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A part where it stands: its path, the shape it reads, and that of the join around it."""

    part: Part
    path: str
    shape: Shape
    fit: Shape | None


@dataclass(slots=True)
class _Scope:
    """A class that is being made: its layers and the lines of its forward."""

    fields: list[tuple[str, Module]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    exits: bool = False

    def name(self, word: str) -> str:
        """The next name made of a word."""
        self.counts[word] += 1
        return f"{word}{self.counts[word]}"

    def layer(self, word: str, module: Module) -> str:
        """Keep a layer; the expression that stands for it."""
        name = self.name(word)
        self.fields.append((name, module))
        return f"self.{name}"

    def block(self, word: str, reads: Sequence[str], inputs: int, outputs: int) -> Block:
        """The block; words there is one of lose their number."""
        alone = {f"{word}1": word for word, count in self.counts.items() if count == 1 and word not in _COUNTED}

        def said(line: str) -> str:
            return re.sub(r"\bself\.(\w+)", lambda found: f"self.{alone.get(found[1], found[1])}", line)

        fields = tuple((alone.get(name, name), module) for name, module in self.fields)
        return Block(word, tuple(reads), fields, tuple(map(said, self.lines)), inputs, outputs)


def compose(network: Network, input: Shape) -> Block:
    """The module of a whole network for images of shape `input`.

    Raises:
        PartError: an exit stands inside a block.
        ShapeError: as `nas.cost`.
    """
    whole = chain(network)
    scope = _Scope()
    placed = _placed(whole, tuple(input), None, "")
    if any(isinstance(part, Cells) for part in whole.parts):
        result = _follow(scope, placed, "x", "x", root=True)
    else:
        result = _stages(scope, placed, whole, tuple(input))
    if scope.exits:
        scope.lines.insert(0, "exits = []")
        _assign(scope, "x", result)
        scope.lines.append("return (x, exits) if self.training else x")
    else:
        scope.lines.append(f"return {result}")
    made = scope.block("network", ("x",), input[0], 0)
    joins = [len(step.sources) for step in lower(whole, tuple(input)).instructions if step.drop_path > 0]
    return _with_columns(made, max(joins)) if joins else made


def _with_columns(made: Block, count: int) -> Block:
    """A network whose joins drop paths: they learn from it, pass by pass, which column is kept."""
    setup = (
        f"self.columns = Columns({count})",
        "for module in self.modules():",
        "    if isinstance(module, FractalMean):",
        "        module.columns = self.columns",
    )
    return replace(made, setup=setup, lines=("self.columns.draw(x.device, training=self.training)", *made.lines))


def _placed(whole: Chain, shape: Shape, fit: Shape | None, path: str) -> list[_Placed]:
    placed = []
    for name, part in zip(part_names(whole.parts), whole.parts, strict=True):
        placed.append(_Placed(part, below(path, name), shape, fit))
        shape = flow(part, shape, fit).shape
    return placed


def _output(placed: Sequence[_Placed]) -> Shape:
    last = placed[-1]
    return flow(last.part, last.shape, last.fit).shape


def _groups(placed: list[_Placed]) -> list[list[_Placed]]:
    """The parts layer by layer."""
    groups, position = [], 0
    for layer in layers(Chain(*(one.part for one in placed))):
        groups.append(placed[position : position + len(layer.parts)])
        position += len(layer.parts)
    return groups


def _stages(scope: _Scope, placed: list[_Placed], whole: Chain, input: Shape) -> str:
    """The forward of a network without cells: stem and head line by line, each stage a layer."""
    position, value = 0, "x"
    for stage in outline(whole, input):
        row: list[list[_Placed]] = []
        for block in (repeat for folded in stage.blocks for repeat in folded.repeats):
            here = placed[position : position + len(block.parts)]
            position += len(block.parts)
            if stage.name in ("stem", "head") or isinstance(block.parts[0], Exit):
                value = _follow(scope, here, _variable(scope, "x", _layer(scope, row, value)), "x", root=True)
                row = []
            else:
                row.append(here)
        value = _layer(scope, row, value)
    return value


def _layer(scope: _Scope, row: list[list[_Placed]], value: str) -> str:
    """What blocks in a row make of a value, as a layer; the value itself where there are none."""
    if not row:
        return value
    made = _row([_unit(block) for block in row], "layer", [one for block in row for one in block])
    value = _variable(scope, "x", value)
    return _assign(scope, "x", f"{scope.layer('layer', made)}({value})")


def _variable(scope: _Scope, target: str, value: str) -> str:
    """A variable that holds a value: its own, or else the target."""
    return value if value.isidentifier() else _assign(scope, target, value)


def _assign(scope: _Scope, target: str, value: str) -> str:
    if value != target:
        scope.lines.append(f"{target} = {value}")
    return target


def _unit(placed: list[_Placed]) -> Module:
    """A block as one module: a row of its leaves, or where it has branches a module with a forward."""
    return _leaves(placed) if all(isinstance(one.part, LEAVES) for one in placed) else _block(placed)


def _leaves(placed: list[_Placed]) -> Module:
    """Leaves as one module."""
    calls = [_call(one) for one in placed]
    if len(calls) == 1:
        return calls[0]
    groups = _groups(placed)
    word = kind(Chain(*(one.part for one in placed))) if len(groups) > 1 else "".join(map(_initials, calls))
    return _row(calls, word, placed)


def _row(parts: Sequence[Module], word: str, placed: Sequence[_Placed]) -> Row:
    return Row(tuple(parts), word, placed[0].shape[0], _output(placed)[0])


def _initials(made: Call) -> str:
    """What a layer is called in the name of a class, as in ConvBNReLU."""
    return {"conv": "Conv", "bn": "BN"}.get(made.word) or made.function.rpartition(".")[2].removesuffix("2d")


def _call(one: _Placed) -> Call:
    assert isinstance(one.part, LEAVES)
    return call(one.part, one.shape, one.fit, one.path)  # type: ignore[arg-type]


def _module(placed: list[_Placed], word: str = "branch") -> Module:
    """A branch as one module; `word` names its class where nothing better does."""
    rows = [_unit(group) for group in _groups(placed)]
    if len(rows) == 1:
        return rows[0]
    return _row(rows, "separable" if any(is_depthwise(one.part) for one in placed) else word, placed)


def _block(placed: list[_Placed]) -> Block:
    scope = _Scope()
    scope.lines.append(f"return {_follow(scope, placed, 'x', 'x')}")
    input, output = placed[0].shape, _output(placed)
    whole = Chain(*(one.part for one in placed))
    word = "squeeze excitation" if all(map(gates, whole.parts)) else kind(whole)
    return scope.block(word, ("x",), input[0], output[0])


def _follow(scope: _Scope, placed: list[_Placed], value: str, target: str, *, root: bool = False) -> str:
    """Write parts line by line, a line a layer, on the variable `target`; the last layer is left as an expression."""
    for i, group in enumerate(_groups(placed)):
        if i:
            value = _variable(scope, target, value)
        for one in group:
            value = _part(scope, one, value, target, root=root)
    return value


def _part(scope: _Scope, one: _Placed, value: str, target: str, *, root: bool) -> str:
    match one.part:
        case Branches() as part:
            value = _variable(scope, target, value)
            if value != "x" and not root and sum(map(_computes, part.branches)) == 1:
                return f"{scope.layer(_field(part), _block([one]))}({value})"
            return _joined(scope, part, one, value)
        case Graph() as part:
            block = _graph(part, [one.shape] * len(part.inputs), one.path)
            value = _variable(scope, target, value)
            return f"{scope.layer('cell', block)}({', '.join([value] * len(block.reads))})"
        case Cells(cells=cells):
            value = _variable(scope, target, value)
            return _cells(scope, cells, one, value, root=root)
        case Exit():
            if not root:
                raise PartError("an exit that leaves nas stands on the network's main way", path=one.path)
            value = _variable(scope, target, value)
            head = _placed(one.part.head, one.shape, None, one.path)
            scope.exits = True
            scope.lines += [
                "if self.training:",
                f"    exits.append({scope.layer('exit', _module(head, 'exit'))}({value}))",
            ]
            return value
        case Fork():
            raise AssertionError("the join around a fork takes its branches")
        case _:
            return expression(one.part, value) or f"{scope.layer(_call(one).word, _call(one))}({value})"


def _field(part: Branches) -> str:
    """What a join inside a branch is called as a layer."""
    return "se" if part.join == "multiply" else part.join


def _computes(branch: Chain) -> bool:
    """Whether a branch is more than its input passed on, chosen from, or fitted."""
    return not all(isinstance(part, Shortcut) or expression(part, "x") for part in branch.parts)


def _joined(scope: _Scope, part: Branches, one: _Placed, value: str) -> str:
    """The join of branches that read the variable `value`."""
    reading = [(branch, one.shape, value) for branch in part.branches]
    single = sum(map(_computes, part.branches)) == 1 and not any(map(_forks, part.branches))
    operands = _operands(scope, reading, part.join, one.path, "branch", single=single)
    if len(operands) > 1 and part.drop_path > 0:
        mean = Call("FractalMean", (Argument("p", part.drop_path, "p"),), f"{one.path}.mean", "mean")
        return f"{scope.layer('mean', mean)}({', '.join(operands)})"
    return _join(part.join, operands)


def _forks(branch: Chain) -> bool:
    return bool(branch.parts) and isinstance(branch.parts[-1], Fork)


def _join(join: str, operands: list[str]) -> str:
    if len(operands) == 1:
        return operands[0]
    match join:
        case "concat":
            return f"torch.cat([{', '.join(operands)}], 1)"
        case "multiply":
            return " * ".join(map(atom, operands))
        case "mean":
            return f"({' + '.join(operands)}) / {len(operands)}"
        case _:
            return " + ".join(operands)


def _operands(
    scope: _Scope, reading: list[tuple[Chain, Shape, str]], join: str, path: str, word: str, *, single: bool = False
) -> list[str]:
    """An expression for each tensor that a join takes; layers of shortcuts come after those of other branches."""
    fit = fit_shape([(branch, shape) for branch, shape, _ in reading], join, word)
    made: dict[int, list[str]] = {}
    for i, (branch, shape, value) in sorted(enumerate(reading, 1), key=lambda one: not _computes(one[1][0])):
        made[i] = _branch(scope, _placed(branch, shape, fit, below(path, f"{word}{i}")), value, word, single)
    return [operand for i in sorted(made) for operand in made[i]]


def _branch(scope: _Scope, placed: list[_Placed], value: str, word: str, single: bool) -> list[str]:
    if not placed:
        return [value]
    parts = Chain(*(one.part for one in placed))
    if not _computes(parts):
        for one in placed:
            value = _part(scope, one, value, value, root=False)
        return [value]
    if isinstance(parts.parts[-1], Fork):
        return _forked(scope, placed, value, word)
    if single:
        following = _NEXT.get(value, "z")
        return [_follow(scope, placed, value, following)]
    return [f"{scope.layer(word, _module(placed))}({value})"]


def _forked(scope: _Scope, placed: list[_Placed], value: str, word: str) -> list[str]:
    """The tensors of a branch that ends in a fork."""
    *before, last = placed
    assert isinstance(last.part, Fork)
    if before:
        layer = scope.layer(word, _module(before))
        value = _assign(scope, layer.removeprefix("self."), f"{layer}({value})")
    return [
        operand
        for i, branch in enumerate(last.part.branches, 1)
        for operand in _branch(
            scope, _placed(branch, last.shape, last.fit, below(last.path, f"branch{i}")), value, word, False
        )
    ]


def _graph(part: Graph, shapes: Sequence[Shape], path: str) -> Block:
    """A cell as a block that reads each of its inputs."""
    scope, shapes = _Scope(), list(shapes)
    count = len(shapes)
    reads = ("x",) if count == 1 else tuple(f"x{i}" for i in range(1, count + 1))
    values = list(reads)
    for i, step in enumerate(part.steps, 1):
        reading = [(edge.part, shapes[edge.source], values[edge.source]) for edge in step.edges]
        joined = _join(step.join, _operands(scope, reading, step.join, below(path, f"step{i}"), "edge"))
        values.append(_variable(scope, f"step{i}", joined))
        shapes.append(step_flow(step, shapes).shape)
    unread = graph_outputs(part)
    scope.lines.append(f"return {_join('concat', [values[j] for j in unread])}")
    smaller = shapes[-1][1:2] < min(shape[1:2] for shape in shapes[:count])
    word = "reduction cell" if smaller else "normal cell"
    return scope.block(word, reads, shapes[count - 1][0], sum(shapes[j][0] for j in unread))


def _cells(scope: _Scope, cells: tuple[Chain, ...], one: _Placed, value: str, *, root: bool) -> str:
    values, shapes = [value], [one.shape]
    for i, cell in enumerate(cells, 1):
        there, left = below(one.path, f"cell{i}"), values[-1]
        flows, shape = cell_flow(cell, shapes), shapes[-1]
        rest: list[_Placed] = []
        for name, part, made in zip(part_names(cell.parts), cell.parts, flows, strict=True):
            if part is cell.parts[0] and isinstance(part, Graph):
                reading = [max(0, len(values) - back) for back in cell_inputs(cell)]
                block = _graph(part, [shapes[j] for j in reading], below(there, name))
                left = _cell(scope, block, [values[j] for j in reading])
            else:
                rest.append(_Placed(part, below(there, name), shape, None))
            shape = made.shape
        left = _rest(scope, rest, left, root=root)
        values.append(left)
        shapes.append(shape)
    return values[-1]


def _rest(scope: _Scope, placed: list[_Placed], value: str, *, root: bool) -> str:
    """What follows a cell's graph, exits line by line and all else as a layer."""
    for _, run in groupby(placed, key=lambda one: isinstance(one.part, Exit)):
        here = list(run)
        if isinstance(here[0].part, Exit):
            value = _follow(scope, here, value, value, root=root)
        else:
            value = _cell(scope, _module(here), [value])
    return value


def _cell(scope: _Scope, module: Module, values: list[str]) -> str:
    """The variable that holds what a cell makes of others."""
    layer = scope.layer("cell", module)
    return _assign(scope, layer.removeprefix("self."), f"{layer}({', '.join(values)})")
