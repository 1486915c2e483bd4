"""The same network for smaller images, with another number of classes, with or without a kind of block."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache

from nas.arch.cost import Shape, cell_flow, cost, flow
from nas.arch.fields import Size, pair
from nas.arch.nodes import (
    Act,
    Branches,
    Cells,
    Chain,
    Choice,
    Conv,
    Edge,
    Exit,
    Fork,
    GlobalPool,
    Graph,
    Linear,
    Network,
    Part,
    Pool,
    RadialBasis,
    Ratio,
    Repeat,
    Scope,
    Shuffle,
    Step,
    Subsample,
    chain,
)
from nas.errors import NasError, ShapeError

Rule = Callable[[Part], Part]

_SMALLEST_MAP = 4


class RewriteError(NasError):
    """A rewrite does not apply to a network."""


def rewrite(network: Network, rule: Rule) -> Chain:
    """`network`, or a space, with every part replaced by what `rule` says of it, the innermost first.

    An empty chain removes a part.
    """
    return rewrite_chains(network, lambda whole: Chain(*map(rule, whole.parts)))


def rewrite_chains(network: Network, rule: Callable[[Chain], Chain]) -> Chain:
    """`network` with every chain in it, the innermost first, replaced by what `rule` says of it: parts in a row."""
    return rule(Chain(*(_inside(part, lambda inner: rewrite_chains(inner, rule)) for part in chain(network).parts)))


def _inside(part: Part, each: Callable[[Chain], Chain]) -> Part:
    """A part with every chain that it holds replaced."""
    match part:
        case Branches(branches=branches, join=join, drop_path=drop_path):
            return Branches(*map(each, branches), join=join, drop_path=drop_path)
        case Fork(branches=branches):
            return Fork(*map(each, branches))
        case Cells(cells=cells):
            return Cells(*map(each, cells))
        case Graph(inputs=inputs, steps=steps):
            return Graph(inputs, tuple(_step(step, each) for step in steps))
        case Exit(head=head, weight=weight):
            return Exit(each(head), weight)
        case Repeat(name=name, part=inner, times=times):
            return Repeat(name, each(inner), times)
        case Scope(name=name, part=inner):
            return Scope(name, each(inner))
        case Choice(name=name, labels=labels, parts=parts, scope=scope):
            return Choice(name, labels, tuple(each(inner) for inner in parts), scope)
        case _:
            return part


def _step(step: Step, each: Callable[[Chain], Chain]) -> Step:
    return Step(*(Edge(each(edge.part), edge.source) for edge in step.edges), join=step.join)


# Blocks.


def squeeze_excite(reduction: int = 16) -> Branches:
    """The input times sigmoid(W₂ relu(W₁ mean(x))), squeezed to 1/`reduction` of its channels (arXiv:1709.01507)."""
    squeeze = Conv(Ratio(1, reduction), bias=True)
    excite = Conv("fit", bias=True)
    return Branches(Chain(), Chain(GlobalPool(), squeeze, Act("relu"), excite, Act("sigmoid")), join="multiply")


def with_se(network: Network, reduction: int = 16) -> Chain:
    """SE at the end of every residual branch, before the addition; without any, after every concatenation.

    Raises:
        RewriteError: the network has neither.
    """
    residual = rewrite(network, lambda part: _se_in_branch(part, reduction))
    made = residual if residual != chain(network) else rewrite(network, lambda part: _se_after(part, reduction))
    if made == chain(network):
        raise RewriteError("SE goes onto residual branches or concatenations that have none, got a network without")
    return made


def without_se(network: Network) -> Chain:
    """Every squeeze-and-excitation removed."""
    return rewrite(network, lambda part: Chain() if is_se(part) else part)


def without_shuffle(network: Network) -> Chain:
    """Every channel shuffle removed."""
    return rewrite(network, lambda part: Chain() if isinstance(part, Shuffle) else part)


def without_exits(network: Network) -> Chain:
    """Every exit removed: the network as it is used when training is over."""
    return rewrite(network, lambda part: Chain() if isinstance(part, Exit) else part)


def is_se(part: Part) -> bool:
    """Whether a part multiplies its input by something made of its global pool."""
    match part:
        case Branches(branches=branches, join="multiply"):
            return any(not branch.parts for branch in branches) and any(
                branch.parts and isinstance(branch.parts[0], GlobalPool) for branch in branches
            )
        case _:
            return False


def _se_in_branch(part: Part, reduction: int) -> Part:
    match part:
        case Branches(branches=branches, join="add"):
            return Branches(*(_with_se_at_end(branch, reduction) for branch in branches), join="add")
        case _:
            return part


def _with_se_at_end(branch: Chain, reduction: int) -> Chain:
    learns = any(isinstance(part, Conv) for part in branch.parts)
    return Chain(branch, squeeze_excite(reduction)) if learns and not any(map(is_se, branch.parts)) else branch


def _se_after(part: Part, reduction: int) -> Part:
    concat = isinstance(part, Branches) and part.join == "concat"
    return Chain(part, squeeze_excite(reduction)) if concat else part


# Classes.


def with_classes(network: Network, classes: int) -> Chain:
    """The same network for another number of classes: the last layer with weights, and that of every exit.

    Raises:
        RewriteError: no such layer stands at the end of the network.
    """
    whole = rewrite(
        network, lambda part: Exit(_last(part.head, classes), part.weight) if isinstance(part, Exit) else part
    )
    return _last(whole, classes)


def classes_of(network: Network) -> int:
    """How many classes a network tells apart: what its last layer with weights puts out; 0 for another end."""
    match _last_layer(chain(network)):
        case (_, Linear(out=int(out)) | Conv(out=int(out)) | RadialBasis(out=int(out))):
            return out
        case _:
            return 0


def _last(whole: Chain, classes: int) -> Chain:
    found = _last_layer(whole)
    if found is None:
        rule = "a network whose classes change ends in a Linear, Conv or RadialBasis layer, got another end"
        raise RewriteError(rule)
    position, layer = found
    return Chain(*whole.parts[:position], replace(layer, out=classes), *whole.parts[position + 1 :])


def _last_layer(whole: Chain) -> tuple[int, Linear | Conv | RadialBasis] | None:
    """The last layer with weights and where it stands; None where branches are joined after it."""
    for position in range(len(whole.parts) - 1, -1, -1):
        part = whole.parts[position]
        if isinstance(part, Linear | Conv | RadialBasis):
            return position, part
        if isinstance(part, Branches | Graph | Cells):
            break
    return None


# Small images.


def for_images(network: Network, input: Shape) -> Chain:
    """The network for images of shape `input`, with as many of its earliest stride-2 steps removed as they need.

    While the network cannot read the image, or its last map is smaller than 4 pixels, the earliest part of the main
    chain (or cell) that strides is made to stride half as far: a pooling layer that is left without a stride goes, a
    convolution stays, with the padding that keeps the map where that of its stride was uneven. Where later cells read
    past such a cell, they stride half as far there too. The head of an exit on the main chain that cannot read its map
    then is brought to it in the same way, not the network to the head. A network that reads the image as it is stays as
    it is.

    Raises:
        ShapeError: the network cannot read the image even without any stride.
    """
    return _fitted(chain(network), input, _SMALLEST_MAP)


def _fitted(whole: Chain, input: Shape, smallest: int) -> Chain:
    while (last := _last_map(made := _with_fitted_heads(whole, input), input)) < smallest:
        smaller = next(_less_striding(whole, input), None)
        if smaller is None:
            if last == 0:
                cost(made, input)
            break
        whole = smaller
    return made


def _with_fitted_heads(whole: Chain, input: Shape) -> Chain:
    """The chain, each of its exits with a head that can read its map, where strides are all that prevents it."""
    parts: list[Part] = []
    shape = input
    for position, part in enumerate(whole.parts):
        fitted = _with_fitted_head(part, shape) if isinstance(part, Exit) else part
        after = _after(fitted, shape)
        if after is None:
            return Chain(*parts, *whole.parts[position:])
        parts.append(fitted)
        shape = after
    return Chain(*parts)


@lru_cache(maxsize=1 << 12)
def _with_fitted_head(part: Exit, shape: Shape) -> Exit:
    if _after(part, shape) is None:
        with suppress(ShapeError):
            return Exit(_fitted(part.head, shape, 1), part.weight)
    return part


def _last_map(whole: Chain, input: Shape) -> int:
    """The side of the last map larger than one pixel; 0 where the network cannot read the image."""
    last = 1
    for shape in _shapes(whole, input):
        if shape is None:
            return 0
        if len(shape) == 3 and max(shape[1:]) > 1:
            last = min(shape[1:])
    return last


def _shapes(whole: Chain, input: Shape) -> Iterator[Shape | None]:
    """The shapes that leave the parts of the main chain, and cells in it; None, the last, where a part cannot read."""
    shape = input
    for part in whole.parts:
        after = _after(part, shape)
        if after is None:
            yield None
            return
        if isinstance(part, Cells):
            outputs = [shape]
            for cell in part.cells:
                flows = cell_flow(cell, outputs)
                outputs.append(flows[-1].shape if flows else outputs[-1])
            yield from outputs[1:]
        yield (shape := after)


def _less_striding(whole: Chain, input: Shape) -> Iterator[Chain]:
    """The network with one step less, the earliest first; a step whose removal tears branches apart is passed over."""
    shape: Shape | None = input
    for position, part in enumerate(whole.parts):
        for made in _halved_once(part):
            if shape is None or _after(made, shape) is not None:
                yield Chain(*whole.parts[:position], made, *whole.parts[position + 1 :])
        shape = shape and _after(part, shape)


def _halved_once(part: Part) -> Iterator[Part]:
    match part:
        case Exit():
            pass
        case Cells(cells=cells):
            for position, cell in enumerate(cells):
                if (made := _halved_inside(cell)) != cell:
                    later = (_nearer(after, distance) for distance, after in enumerate(cells[position + 1 :], 1))
                    yield Cells(*cells[:position], made, *later)
        case Pool(stride=stride) if stride is not None and _half(stride) == (1, 1) != pair(stride):
            yield Chain()
        case _:
            if (made := _halved_inside(part)) != Chain(part):
                yield made


@lru_cache(maxsize=1 << 12)
def _halved_inside(part: Part) -> Chain:
    return rewrite(part, _halved)


def _nearer(cell: Chain, distance: int) -> Chain:
    """The cell, striding half as far on what lies more than `distance` cells back."""
    match cell.parts:
        case (Graph(inputs=inputs, steps=steps), *rest):
            far = {source for source, back in enumerate(inputs) if back > distance}
            nearer = (
                Step(*(_halved_edge(edge) if edge.source in far else edge for edge in step.edges), join=step.join)
                for step in steps
            )
            return Chain(Graph(inputs, tuple(nearer)), *rest)
        case _:
            return cell


def _halved_edge(edge: Edge) -> Edge:
    return Edge(_halved_inside(edge.part), edge.source)


def _halved(part: Part) -> Part:
    """A part inside others that strides half as far; it stays in step with its siblings, so overlapping pools stay."""
    match part:
        case Conv(stride=stride, padding=(_, _, _, _)) if _half(stride) == (1, 1) != pair(stride):
            return replace(part, stride=1, padding="same")
        case Conv(stride=stride) if stride != 1:
            return replace(part, stride=_half(stride))
        case Pool(kernel=kernel, stride=stride) if stride is not None and stride != 1:
            return Chain() if kernel == stride else replace(part, stride=_half(stride))
        case Subsample(kernel=kernel) if kernel > 1:
            return Chain() if kernel <= 3 else Subsample(kernel // 2)
        case _:
            return part


def _half(stride: Size) -> tuple[int, int]:
    height, width = pair(stride)
    return max(1, height // 2), max(1, width // 2)


@lru_cache(maxsize=1 << 14)
def _after(part: Part, shape: Shape) -> Shape | None:
    """The shape that leaves a part of the main chain; None where it cannot read what it gets."""
    try:
        return flow(part, shape, None).shape
    except ShapeError:
        return None
