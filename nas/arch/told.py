"""A network in the words of a paper's table: a line for each block of its outline."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from nas.arch.cost import Shape, flow
from nas.arch.kinds import blocks, core, gates, is_depthwise, is_shortcut, kind
from nas.arch.nodes import (
    DEPTHWISE,
    Act,
    Branches,
    Cells,
    Chain,
    Chunk,
    Conv,
    Dropout,
    DropPath,
    Exit,
    Flatten,
    Fork,
    GlobalPool,
    Graph,
    Linear,
    LocalResponseNorm,
    Network,
    Norm,
    Part,
    Pool,
    RadialBasis,
    Ratio,
    Scale,
    Shift,
    Shortcut,
    Shuffle,
    Step,
    Subsample,
    TableConv,
    chain,
)
from nas.arch.outline import Block, Stage, outline
from nas.arch.paths import subchains
from nas.arch.rewrite import rewrite
from nas.arch.scales import Layer, has_scales, layers_of_scales
from nas.arch.text import compact

_SHORTCUTS = {
    "projection": "projected",
    "conv": "projected",
    "zero_pad": "zero-padded",
    "pooled_zero_pad": "pooled and zero-padded",
}
_ENDS = ("stem", "head")
_ACTS = {"lecun_tanh": "scaled tanh", "relu": "ReLU", "relu6": "ReLU6"}


@dataclass(frozen=True, slots=True)
class Line:
    """One block in words; `stage` is empty where the line before is of the same one."""

    stage: str
    words: str
    output: Shape
    params: int
    macs: int


def told(network: Network, input: Shape) -> list[Line]:
    """The network on images of shape `input`, a line for each block."""
    stages = outline(network, input)
    if has_scales(stages):
        return list(_of_scales(stages))
    before: set[str] = set()
    return [line for stage in stages for line in _lines(stage, before)]


def _lines(stage: Stage, before: set[str]) -> Iterator[Line]:
    for i, block in enumerate(stage.blocks):
        yield Line("" if i else stage.name, _block(block, before), block.output, block.params, block.macs)


def _of_scales(stages: tuple[Stage, ...]) -> Iterator[Line]:
    """Lines of a network with maps of several sizes; a stage of it ends with an exit, or with the head."""
    middle = [block for stage in stages if stage.name not in _ENDS for block in stage.blocks]
    yield from (line for stage in stages if stage.name == "stem" for line in _lines(stage, set()))
    number, named = 1, False
    for run in layers_of_scales(middle):
        several = [block for layer in run for block in layer]
        params, macs = sum(block.params for block in several), sum(block.macs for block in several)
        yield Line("" if named else f"stage {number}", _layers(run), several[-1].output, params, macs)
        named = several[-1].kind != "exit"
        number += not named
    yield from (line for stage in stages if stage.name == "head" for line in _lines(stage, set()))


def _layers(run: list[Layer]) -> str:
    """A run of layers of the same scales, each told by its coarsest cell."""
    first = run[0]
    if len(first) == 1 and not isinstance(core(first[0].repeats[0])[0], Graph):
        return _block(first[0], set())
    times = sum(layer[0].times for layer in run)
    sizes = ", ".join(_window(block.output[1:]) for block in first)
    scales = f"{len(first)} scales, {sizes}; the coarsest" if len(first) > 1 else f"1 scale, {sizes}"
    return f"{f'{times} layers' if times > 1 else 'layer'} of {scales}: {_inside(first[-1].repeats[0])}"


def between(network: Network) -> str:
    """The kinds of normalization and activation that stand between the layers."""
    found: dict[str, None] = {}
    for part in _everything(chain(network)):
        match part:
            case Norm(kind=word):
                found[f"{word} normalization"] = None
            case LocalResponseNorm():
                found["response normalization"] = None
            case Act(kind=word):
                found[_ACTS.get(word, word.replace("_", " "))] = None
    return ", ".join(found)


def _everything(whole: Chain) -> Iterator[Part]:
    """Every part but those of squeeze-and-excitation."""
    for part in whole.parts:
        yield part
        for _, inner in () if gates(part) else subchains(part):
            yield from _everything(inner)


def _block(block: Block, before: set[str]) -> str:
    """A line of the table; `before` holds the cells already told in full."""
    last = block.repeats[-1]
    times = f"{block.times} x " if block.times > 1 else ""
    if block.plain:
        return f"{times}{_plain(last)}"
    inside = _inside(last)
    if isinstance(graph := core(last)[0], Graph):
        wide = _common_width(graph)
        again = inside in before
        before.add(inside)
        return f"{times}{block.kind}{f', {wide} wide' if wide else ''}{', as above' if again else f', {inside}'}"
    notes = _notes(block)
    return f"{times}{block.kind}{inside}{f' ({notes})' if notes else ''}"


def _plain(parts: Chain) -> str:
    """A layer that stands for itself, with its noun."""
    match core(parts)[0]:
        case Conv(kernel=kernel) as conv if is_depthwise(conv):
            said = ", ".join([f"{_window(kernel)} depthwise convolution", *_details(conv)])
        case Conv(out=out, kernel=kernel) as conv:
            said = ", ".join([f"{_window(kernel)} convolution", _width(out), *_details(conv)])
        case TableConv(table=table, kernel=kernel):
            said = f"{_window(kernel)} convolution, {len(table)}, each of some maps only"
        case part:
            said = _word(part)
    return ", ".join([said, *_beside(parts)])


def _inside(parts: Chain) -> str:
    """What a block of an inner structure is made of."""
    match core(parts):
        case (Branches() as joined,):
            return "; ".join([_joined(joined), *_beside(parts)])
        case (Graph() as graph,):
            return _cell(graph)
        case (Exit(head=head),):
            said = f": {_sequence(head)}"
        case several:
            said = f": {', '.join(filter(None, map(_word, several)))}"
    return ", ".join([said, *_beside(parts)])


def _beside(parts: Chain) -> list[str]:
    """What stands around what computes and is worth a word."""
    computes = core(parts)
    return [_word(part) for part in parts.parts if part not in computes and _word(part)]


def _sequence(parts: Chain) -> str:
    """A chain within a block, equal blocks in a row told once."""
    said = []
    for phrase, run in groupby(filter(None, map(_phrase, blocks(parts)))):
        times = sum(1 for _ in run)
        said.append(f"{times} x {phrase}" if times > 1 else phrase)
    return ", ".join(said)


def _phrase(parts: Chain) -> str:
    """A block within a block."""
    word = kind(parts)
    if word == "separable":
        depthwise, pointwise = core(parts)
        assert isinstance(depthwise, Conv)
        assert isinstance(pointwise, Conv)
        said = _spaced(f"separable {_window(depthwise.kernel)}", _width(pointwise.out), *_details(depthwise))
        return ", ".join([said, *_beside(parts)])
    return ", ".join(filter(None, map(_word, parts.parts)))


def _joined(joined: Branches) -> str:
    """The branches of a join; shortcuts go without saying."""
    bodies = [_sequence(branch) for branch in joined.branches if not is_shortcut(branch)]
    said = " | ".join(body or "nothing" for body in bodies)
    return f", {len(bodies)} branches: {said}" if len(bodies) > 1 and joined.join == "concat" else f": {said}"


def _word(part: Part) -> str:
    """A part in a word or two; "" for what goes without saying."""
    match part:
        case Conv() if is_depthwise(part):
            return _spaced(_window(part.kernel), "depthwise", _width(part.out), *_details(part))
        case Conv(out=out, kernel=kernel):
            return _spaced(_window(kernel), _width(out), *_details(part))
        case TableConv(table=table, kernel=kernel):
            return f"{_window(kernel)} {len(table)}, each of some maps only"
        case Linear(out=out):
            return f"linear {out}"
        case RadialBasis(out=out):
            return f"distance to {out} fixed codes"
        case Pool(kind=word, kernel=kernel, stride=stride):
            moves = stride not in (1, kernel)
            return _spaced(_POOLS[word], "pool", _window(kernel), f"stride {_number(stride)}" if moves else "")
        case GlobalPool(kind=word):
            return f"global {_POOLS[word]} pool"
        case Subsample(kernel=kernel):
            return f"trainable subsampling {_window(kernel)}"
        case LocalResponseNorm():
            return "response normalization"
        case Dropout(p=p):
            return f"dropout {p:g}"
        case Scale(factor=factor):
            return f"times {factor:g}" if factor != 1 else ""
        case Chunk(index=index, of=of):
            return f"part {index + 1} of {of}"
        case Shift(rows=rows, columns=columns):
            return f"shift by {rows}x{columns}"
        case Shuffle(groups=groups):
            return f"shuffle of {groups}"
        case Branches() if gates(part):
            return f"SE{_squeeze(part)}"
        case Branches(branches=branches) if any(map(is_shortcut, branches)) and part.join == "add":
            bodies = (_sequence(branch) for branch in branches if not is_shortcut(branch))
            return f"({' + '.join(bodies)} + shortcut)"
        case Branches() | Fork():
            return f"({' | '.join(_sequence(branch) or 'nothing' for branch in part.branches)})"
        case Graph():
            return f"(cell{_cell(part)})"
        case Cells(cells=cells):
            return f"{len(cells)} cells"
        case Exit(head=head):
            return f"exit ({_sequence(head)})"
        case Chain():
            return _sequence(part)
        case Norm() | Act() | Flatten() | DropPath() | Shortcut():
            return ""
        case _:
            return compact(part)


_POOLS = {"max": "max", "avg": "average"}


def _squeeze(gate: Branches) -> str:
    """By how much squeeze-and-excitation narrows in between."""
    widths = (part.out for branch in gate.branches for part in branch.parts if isinstance(part, Conv))
    return next((f" {width.numerator}/{width.denominator}" for width in widths if isinstance(width, Ratio)), "")


def _spaced(*words: str) -> str:
    return " ".join(filter(None, words))


def _window(kernel: Any) -> str:
    height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
    return f"{height}x{width}"


def _width(out: Any) -> str:
    match out:
        case Ratio(numerator=1, denominator=1):
            return ""
        case Ratio(numerator=numerator, denominator=1):
            return f"x{numerator}"
        case Ratio(numerator=numerator, denominator=denominator):
            return f"x{numerator}/{denominator}"
        case "fit":
            return "to fit"
    return str(out)


def _details(conv: Conv) -> list[str]:
    """What is not as usual about a convolution."""
    grouped = not is_depthwise(conv) and conv.groups != 1
    return [
        *([f"in {conv.groups} groups"] if grouped else []),
        *([f"stride {_number(conv.stride)}"] if conv.stride != 1 else []),
        *([f"dilation {_number(conv.dilation)}"] if conv.dilation != 1 else []),
    ]


def _number(size: Any) -> str:
    return str(size) if isinstance(size, int) else _window(size)


def _notes(block: Block) -> str:
    """How the first repetition differs from the others, and what its shortcut does."""
    first, last = block.repeats[0], block.repeats[-1]
    said = []
    strides = _strides(first)
    if block.times > 1 and strides != _strides(last):
        said += [f"stride {_number(stride)}" for stride in strides]
    if _shortcuts(last) and not _shortcuts(first):
        said.append("no shortcut")
    fitted = _fitted(first, block.input)
    said += [f"{fitted} shortcut"] if fitted else []
    notes = f"{'first: ' if block.times > 1 else ''}{', '.join(said)}" if said else ""
    paths = [part.p for repeat in block.repeats for part in _everything(repeat) if isinstance(part, DropPath)]
    drops = f"drop-path {paths[0]:.2g}{f' to {paths[-1]:.2g}' if paths[-1] != paths[0] else ''}" if paths else ""
    return "; ".join(filter(None, (notes, drops)))


def _strides(parts: Chain) -> tuple[Any, ...]:
    """The strides other than 1 in a block, each once."""
    return tuple(dict.fromkeys(p.stride for p in _everything(parts) if isinstance(p, Conv) and p.stride != 1))


def _shortcuts(parts: Chain) -> bool:
    return any(isinstance(p, Branches) and any(map(is_shortcut, p.branches)) for p in parts.parts)


def _fitted(parts: Chain, input: Shape) -> str:
    """The word for a shortcut that has to change the shape of what it passes on."""
    for part in parts.parts:
        match part:
            case Branches(branches=branches) if flow(parts, input, None).shape != input:
                kinds = [inner.kind for branch in branches for inner in branch.parts if isinstance(inner, Shortcut)]
                return _SHORTCUTS[kinds[0]] if kinds else ""
    return ""


def _common_width(graph: Graph) -> int | None:
    """The width of all convolutions in the blocks of a cell, if it is the same."""
    parts = (
        part for step in graph.steps if not _prepares(step, graph) for edge in step.edges for part in edge.part.parts
    )
    widths = {p.out for p in _everything(Chain(*parts)) if isinstance(p, Conv) and isinstance(p.out, int)}
    return widths.pop() if len(widths) == 1 else None


def _prepares(step: Step, graph: Graph) -> bool:
    """Whether a step only fits an input for the blocks that follow."""
    return len(graph.steps) > 1 and len(step.edges) == 1 and step.edges[0].source < len(graph.inputs)


def _cell(graph: Graph) -> str:
    """A cell: its blocks over "a", "b", ..., what it reads; one width and the strides go without saying."""
    inputs = len(graph.inputs)
    names = {i: "abcdefgh"[i % 8] for i in range(inputs)}
    read = " and ".join(names.values())
    wide = _common_width(graph)
    said: list[str] = []
    for position, step in enumerate(graph.steps, inputs):
        first = step.edges[0]
        if _prepares(step, graph):
            names[position] = names[first.source]
        elif len(step.edges) > 1 or first.part.parts:
            said.append(_step(step, names, wide))
            names[position] = f"block {len(said)}"
    count = "1 block" if len(said) == 1 else f"{len(said)} blocks"
    return f"{count} over earlier output{'s' if inputs > 1 else ''} {read}: {' | '.join(said)}"


def _step(step: Step, names: dict[int, str], wide: int | None) -> str:
    def usual(part: Part) -> Part:
        match part:
            case Conv(out=out) if out == wide:
                return replace(part, out=DEPTHWISE, stride=1)
            case Conv() | Pool():
                return replace(part, stride=1)
        return part

    said = [(_sequence(rewrite(edge.part, usual)), names[edge.source]) for edge in step.edges]
    return (" + " if step.join == "add" else " & ").join(
        f"{words} of {name}" if words else name for words, name in said
    )
