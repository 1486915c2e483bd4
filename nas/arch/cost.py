"""Shapes, parameters, MACs, activations and peak memory of a network, exact and without torch.

Conventions, in one place:

- params: learned numbers; biases and norm scales and shifts count, running statistics and fixed codes do not.
- macs: multiply-accumulates of convolutions and linear layers for one image; bias, norm, pooling, activation and the
  products of a join do not count.
- activations: elements written by convolutions and linear layers (Radosavovic et al. 2020, arXiv:2003.13678).
- memory: bytes of float32 that live at once, at most, in inference on one image: branches run in order, a tensor is
  freed after its last reader, activations work in place where nobody else reads their input. Weights do not count.

With graphs and cells, memory is an upper bound: their steps are not freed as early as they could be.

An `Exit` costs apart, and does not run in inference: params and macs are those of the way from the input to the output.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple, assert_never

from nas.arch.fields import Padding, Size, pair, sides
from nas.arch.nodes import (
    LEAVES,
    Act,
    Branches,
    Cells,
    Chain,
    Choice,
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
    Repeat,
    Scale,
    Scope,
    Shift,
    Shortcut,
    Shuffle,
    Step,
    Subsample,
    TableConv,
    chain,
    is_open,
)
from nas.arch.paths import below, part_names
from nas.errors import HoleError, ShapeError

Shape = tuple[int, ...]
"""(channels, height, width), or (features,) once flat; batch left out."""

_BYTES = 4


@dataclass(frozen=True, slots=True)
class Cost:
    """What a network costs on one image; the module's docstring says what counts."""

    output: Shape
    params: int
    macs: int
    activations: int
    memory: int
    exit_params: int = 0
    exit_macs: int = 0


class Flow(NamedTuple):
    """What happens to a shape in a part; `peak` and `held` are elements living at once, the input freed or kept."""

    shape: Shape
    params: int
    macs: int
    activations: int
    peak: int
    held: int
    exit_params: int = 0
    exit_macs: int = 0
    forked: tuple[Shape, ...] | None = None
    """The shapes that leave a chain which ends in a `Fork`."""


def cost(network: Network, input: Shape) -> Cost:
    """The cost of `network` on one image of shape `input`, (channels, height, width).

    Raises:
        HoleError: a hole is left in it.
        ShapeError: two branches disagree, or a part cannot read its input; with the path and both shapes.
    """
    if is_open(network):
        raise HoleError("only a network has a cost, got a space", hint="realize it first, or ask for its cost range")
    made = flow(chain(network), tuple(input), None)
    _unforked(made)
    return Cost(
        made.shape, made.params, made.macs, made.activations, _BYTES * made.peak, made.exit_params, made.exit_macs
    )


_MEMO: dict[tuple[Part, Shape, Shape | None], Flow] = {}
_MEMO_LIMIT = 200_000
_LEAVES = frozenset(LEAVES)


def flow(part: Part, shape: Shape, fit: Shape | None) -> Flow:
    """What `part` makes of `shape`; `fit` is the shape of the enclosing join.

    Parts made of parts are remembered, so that mutants share the work; a leaf is as quickly counted as looked up.
    """
    if type(part) in _LEAVES:
        return _flow(part, shape, fit)
    key = (part, shape, fit)
    made = _MEMO.get(key)
    if made is None:
        made = _flow(part, shape, fit)
        if len(_MEMO) >= _MEMO_LIMIT:
            _MEMO.clear()
        _MEMO[key] = made
    return made


def forget() -> None:
    """Empty the memory of `flow`, as a benchmark of the cold cost needs it."""
    _MEMO.clear()
    _graph.cache_clear()


def _flow(part: Part, shape: Shape, fit: Shape | None) -> Flow:
    match part:
        case Branches(branches=branches, join=join):
            return _join([(branch, shape) for branch in branches], join, "branch", prod(shape))
        case Shortcut():
            return _shortcut(part, shape, fit)
        case Chain(parts=parts):
            return _chain(parts, shape, fit)
        case Conv():
            return _conv(part, shape, fit)
        case Norm():
            size = prod(shape)
            return Flow(shape, _learned(part, shape), 0, 0, 2 * size, 2 * size)
        case Act():
            size = prod(shape)
            return Flow(shape, 0, 0, 0, size, 2 * size)
        case Dropout() | DropPath() | Scale():
            size = prod(shape)
            return Flow(shape, 0, 0, 0, size, 2 * size)
        case Pool(kernel=kernel, stride=stride, padding=padding, ceil=ceil):
            maps, area = _map(part, shape)
            return _free(shape, (maps, *_slide(area, kernel, stride, padding, 1, ceil=ceil)))
        case GlobalPool():
            return _free(shape, (_map(part, shape)[0], 1, 1))
        case Flatten():
            size = prod(shape)
            return Flow((size,), 0, 0, 0, size, size)
        case Linear(out=out, bias=bias):
            if len(shape) != 1:
                raise ShapeError(f"Linear reads a flat input, got {shape}", hint="put Flatten() before it")
            return Flow((out,), shape[0] * out + out * bias, shape[0] * out, out, *_both(shape[0] + out))
        case Shuffle(groups=groups):
            if _map(part, shape)[0] % groups:
                raise ShapeError(f"the channels are a multiple of the shuffle's groups, got {shape[0]} and {groups}")
            return _free(shape, shape)
        case Chunk(of=of):
            if shape[0] % of:
                raise ShapeError(f"the channels are a multiple of the chunks, got {shape[0]} and {of}")
            return _free(shape, (shape[0] // of, *shape[1:]))
        case Shift():
            _map(part, shape)
            return _free(shape, shape)
        case Exit(head=head):
            made, size = _unforked(flow(head, shape, None)), prod(shape)
            params, macs = made.params + made.exit_params, made.macs + made.exit_macs
            return Flow(shape, 0, 0, 0, size, size, params, macs)
        case LocalResponseNorm():
            _map(part, shape)
            return _free(shape, shape)
        case TableConv(table=table, kernel=kernel):
            maps, area = _map(part, shape)
            if max(map(max, table)) >= maps:
                raise ShapeError(f"the table names input maps up to {max(map(max, table))}, got {maps} maps")
            height, width = _slide(area, kernel, 1, 0, 1)
            links, taps = sum(map(len, table)), prod(pair(kernel))
            written = len(table) * height * width
            return Flow(
                (len(table), height, width),
                links * taps + len(table),
                links * taps * height * width,
                written,
                *_both(prod(shape) + written),
            )
        case Subsample(kernel=kernel):
            maps, area = _map(part, shape)
            return _free(shape, (maps, *_slide(area, kernel, kernel, 0, 1)), params=2 * maps)
        case RadialBasis(out=out):
            if len(shape) != 1:
                raise ShapeError(f"RadialBasis reads a flat input, got {shape}", hint="put Flatten() before it")
            return Flow((out,), 0, shape[0] * out, out, *_both(shape[0] + out))
        case Graph():
            return _graph(part, (shape,) * len(part.inputs))
        case Cells(cells=cells):
            return _cells(cells, shape)
        case Fork(branches=branches):
            flows = [_branch_flow(branch, shape, fit, "branch", i) for i, branch in enumerate(branches)]
            forked = tuple(left for made in flows for left in made.forked or (made.shape,))
            return _gathered([(branch, shape) for branch in branches], flows, prod(shape), 0, shape)._replace(
                forked=forked
            )
        case Repeat() | Scope() | Choice():
            raise HoleError("only a network has a cost, got a space")
        case _:
            assert_never(part)


def _chain(parts: tuple[Part, ...], shape: Shape, fit: Shape | None) -> Flow:
    params = macs = activations = exit_params = exit_macs = 0
    size = here = held = peak = prod(shape)
    forked = None
    for position, part in enumerate(parts):
        kind = type(part)
        if kind is Act:  # the three commonest parts are counted on the spot
            its_peak, its_held = here, 2 * here
        elif kind is Norm:
            try:
                params += _learned(part, shape)  # type: ignore[arg-type]
            except ShapeError as error:
                raise _under(error, part_names(parts)[position]) from None
            its_peak = its_held = 2 * here
        else:
            try:
                made = _conv(part, shape, fit) if kind is Conv else flow(part, shape, fit)  # type: ignore[arg-type]
            except ShapeError as error:
                raise _under(error, part_names(parts)[position]) from None
            shape, its_params, its_macs, its_activations, its_peak, its_held, its_exit_params, its_exit_macs, forked = (
                made
            )
            if forked is not None and position + 1 < len(parts):
                raise ShapeError("a Fork ends its branch, got parts after it", path=part_names(parts)[position])
            params += its_params
            macs += its_macs
            activations += its_activations
            exit_params += its_exit_params
            exit_macs += its_exit_macs
            here = prod(shape)
        if its_peak > peak:
            peak = its_peak
        alive = size + its_peak if position else its_held
        if alive > held:
            held = alive
    return Flow(shape, params, macs, activations, peak, held, exit_params, exit_macs, forked)


def _learned(part: Norm, shape: Shape) -> int:
    """The learned numbers of a normalization."""
    if part.kind == "group" and shape[0] % part.groups:
        raise ShapeError(f"the channels are a multiple of the norm's groups, got {shape[0]} and {part.groups}")
    return shape[0] * (part.scale + part.shift)


def _conv(part: Conv, shape: Shape, fit: Shape | None) -> Flow:
    if len(shape) != 3:
        _map(part, shape)
    channels, height, width = shape
    out, groups, kernel, stride = part.out, part.groups, part.kernel, part.stride
    taps, size = channels, channels * height * width
    if type(out) is not int:
        out = out.of(channels) if isinstance(out, Ratio) else _fitted(fit)[0]
    if groups != 1:
        groups = groups.of(channels) if isinstance(groups, Ratio) else groups
        if channels % groups or out % groups:
            raise ShapeError(
                f"the channels in and out are multiples of the groups, got {channels} and {out} in {groups} groups"
            )
        taps //= groups
    if kernel != 1 or stride != 1 or part.padding != 0:
        height, width = _slide((height, width), kernel, stride, part.padding, part.dilation)
        taps *= kernel * kernel if type(kernel) is int else prod(pair(kernel))
    written = out * height * width
    params = out * (taps + 1) if part.bias else out * taps
    return Flow((out, height, width), params, written * taps, written, size + written, size + written)


def _shortcut(part: Shortcut, shape: Shape, fit: Shape | None) -> Flow:
    target = _fitted(fit)
    if shape == target:
        size = prod(shape)
        return Flow(shape, 0, 0, 0, size, size)
    stride = shortcut_stride(shape, target)
    if part.kind in ("projection", "conv"):
        made = _conv(shortcut_conv(target[0], part.kernel, stride), shape, None)
        return made if part.kind == "conv" else _normalized(made)
    if target[0] < shape[0]:
        raise ShapeError(
            f"a zero-padded shortcut cannot lose channels, got {shape} to fit to {target}", hint='use "projection"'
        )
    return _free(shape, target)


def _normalized(made: Flow) -> Flow:
    """A convolution and the batch norm after it."""
    size = prod(made.shape)
    params = made.params + 2 * made.shape[0]
    peak = max(made.peak, 2 * size)
    return Flow(made.shape, params, made.macs, made.activations, peak, made.held + size)


@lru_cache(maxsize=4096)
def shortcut_conv(out: int, kernel: Size, stride: Size) -> Conv:
    """The convolution of a projecting shortcut."""
    return Conv(out, kernel, stride=stride)


def shortcut_stride(shape: Shape, target: Shape) -> tuple[int, int]:
    """The stride that brings the map of `shape` to that of `target`."""
    if len(shape) != 3 or len(target) != 3:
        raise ShapeError(f"a shortcut fits maps to each other, got {shape} to fit to {target}")
    (_, height, width), (_, low, narrow) = shape, target
    down, across = -(-height // low), -(-width // narrow)
    if -(-height // down) != low or -(-width // across) != narrow:
        raise ShapeError(f"no stride fits a shortcut of {shape} to {target}")
    return down, across


def _join(branches: list[tuple[Chain, Shape]], join: str, word: str, size: int) -> Flow:
    flows = _fitted_flows(branches, join, word)[1]
    shape = join_shape([left for made in flows for left in made.forked or (made.shape,)], join)
    return _gathered(branches, flows, size, prod(shape) if join == "concat" else 0, shape)


def _gathered(branches: list[tuple[Chain, Shape]], flows: list[Flow], size: int, new: int, shape: Shape) -> Flow:
    """Branches that read inputs of `size` elements one after the other, and are joined into `new` elements more."""
    params = macs = activations = exit_params = exit_macs = 0
    outs = peak = held = 0
    keeps, last_peak = False, 0
    for (branch, _), made in zip(branches, flows, strict=True):
        out, its_params, its_macs, its_activations, its_peak, its_held, its_exit_params, its_exit_macs, forked = made
        params += its_params
        macs += its_macs
        activations += its_activations
        exit_params += its_exit_params
        exit_macs += its_exit_macs
        peak, last_peak = held, outs + its_peak
        if outs + its_held > held:
            held = outs + its_held
        if branch.parts:
            outs += prod(out) if forked is None else sum(map(prod, forked))
        else:
            keeps = True
    total = outs + (new or (0 if outs else prod(shape)))
    most = max(held, total + size)
    peak = most if keeps else max(peak, last_peak, total)
    return Flow(shape, params, macs, activations, peak, most, exit_params, exit_macs)


def fit_shape(branches: list[tuple[Chain, Shape]], join: str, word: str) -> Shape | None:
    """The shape that branches which fit themselves fit to: the largest of the others'."""
    return _fitted_flows(branches, join, word)[0]


def _fitted_flows(branches: list[tuple[Chain, Shape]], join: str, word: str) -> tuple[Shape | None, list[Flow]]:
    """That shape, and the flow of each branch: first of those that say their shape, then of those that fit to it."""
    flows: list[Any] = [None] * len(branches)
    fit: Shape | None = None
    fitting = []
    for position, (branch, shape) in enumerate(branches):
        if needs_fit(branch):
            fitting.append(position)
            continue
        made = flows[position] = _branch_flow(branch, shape, None, word, position)
        for left in made.forked or (made.shape,):
            if fit is None or prod(left) > prod(fit):
                fit = left
    if join == "concat":
        fit = None
    for position in fitting:
        flows[position] = _branch_flow(*branches[position], fit, word, position)
    return fit, flows


def _branch_flow(branch: Chain, shape: Shape, fit: Shape | None, word: str, position: int) -> Flow:
    try:
        return _chain(branch.parts, shape, fit)
    except ShapeError as error:
        raise _under(error, f"{word}{position + 1}") from None


_NEEDS_FIT: dict[Part, bool] = {}


def needs_fit(part: Part) -> bool:
    """Whether the part takes its shape from the join around it."""
    answer = _NEEDS_FIT.get(part)
    if answer is None:
        match part:
            case Shortcut():
                answer = True
            case Conv(out=out):
                answer = bool(out == "fit")
            case Chain(parts=parts):
                answer = any(map(needs_fit, parts))
            case Fork(branches=branches):
                answer = any(map(needs_fit, branches))
            case _:
                answer = False
        if len(_NEEDS_FIT) >= _MEMO_LIMIT:
            _NEEDS_FIT.clear()
        _NEEDS_FIT[part] = answer
    return answer


def join_shape(shapes: list[Shape], join: str) -> Shape:
    """The shape of several tensors joined."""
    if not shapes:
        raise ShapeError("a join needs at least one branch, got none")
    first = shapes[0]
    for other in shapes[1:]:
        if join == "concat":
            if other[1:] != first[1:] or len(other) != len(first):
                raise ShapeError(
                    f"concat needs maps of one size, got {first} and {other}",
                    hint="give the branches the same strides and padding",
                )
        elif join == "multiply":
            small, large = sorted((first, other), key=prod)
            if small != large and (len(large) != 3 or small != (large[0], 1, 1)):
                raise ShapeError(f"multiply needs equal shapes or one value a channel, got {first} and {other}")
            first = large
        elif other != first:
            raise ShapeError(
                f"{join} needs equal shapes, got {first} and {other}",
                hint="use a Shortcut, which fits itself, or join with concat",
            )
    return (sum(s[0] for s in shapes), *first[1:]) if join == "concat" else first


@lru_cache(maxsize=1 << 16)
def _graph(part: Graph, inputs: tuple[Shape, ...]) -> Flow:
    shapes: list[Shape] = list(inputs)
    count = len(inputs)
    last_read = {edge.source: i for i, step in enumerate(part.steps) for edge in step.edges}
    peak, totals = 0, [0, 0, 0, 0, 0]
    for i, step in enumerate(part.steps):
        sources = {edge.source for edge in step.edges}
        waiting = sum(
            prod(shape)
            for j, shape in enumerate(shapes)
            if j not in sources and (last_read.get(j, -1) > i or (j >= count and j not in last_read))
        )
        try:
            made = step_flow(step, shapes)
        except ShapeError as error:
            raise _under(error, f"step{i + 1}") from None
        read_on = len(sources) > 1 or any(last_read[source] > i for source in sources)
        peak = max(peak, waiting + (made.held if read_on else made.peak))
        totals = [a + b for a, b in zip(totals, (*made[1:4], *made[6:8]), strict=True)]
        shapes.append(made.shape)
    unread = graph_outputs(part)
    try:
        shape = join_shape([shapes[j] for j in unread], "concat")
    except ShapeError as error:
        raise _under(error, "output") from None
    peak = max(peak, 2 * prod(shape) if len(unread) > 1 else prod(shape))
    held = peak + sum(map(prod, set(inputs)))
    return Flow(shape, totals[0], totals[1], totals[2], peak, held, totals[3], totals[4])


def step_flow(step: Step, shapes: list[Shape]) -> Flow:
    """What a step makes of the shapes of a graph's inputs and earlier steps."""
    size = sum(prod(shapes[source]) for source in {edge.source for edge in step.edges})
    return _join([(edge.part, shapes[edge.source]) for edge in step.edges], step.join, "edge", size)


def graph_outputs(part: Graph) -> list[int]:
    """The steps nobody reads, as sources: what the graph concatenates."""
    read = {edge.source for step in part.steps for edge in step.edges}
    count = len(part.inputs)
    return [j for j in range(count, count + len(part.steps)) if j not in read]


def _cells(cells: tuple[Chain, ...], shape: Shape) -> Flow:
    outputs = [shape]
    peak, totals = prod(shape), [0, 0, 0, 0, 0]
    furthest = max((max(cell_inputs(cell)) for cell in cells), default=1)
    for i, cell in enumerate(cells):
        try:
            flows = cell_flow(cell, outputs)
        except ShapeError as error:
            raise _under(error, f"cell{i + 1}") from None
        waiting = sum(map(prod, outputs[-furthest:-1]))
        peak = max(peak, waiting + max((f.held for f in flows), default=0))
        totals = [sum(numbers) for numbers in zip(totals, *((*f[1:4], *f[6:8]) for f in flows), strict=True)]
        outputs.append(flows[-1].shape if flows else outputs[-1])
    return Flow(outputs[-1], totals[0], totals[1], totals[2], peak, peak + prod(shape), totals[3], totals[4])


def cell_flow(cell: Chain, outputs: list[Shape]) -> list[Flow]:
    """The flows of a cell's parts; what it begins with may be a `Graph` that reads several cells back."""
    flows: list[Flow] = []
    shape = outputs[-1]
    for position, part in enumerate(cell.parts):
        try:
            if position == 0 and isinstance(part, Graph):
                made = _graph(part, tuple(outputs[max(0, len(outputs) - back)] for back in part.inputs))
            else:
                made = _unforked(flow(part, shape, None))
        except ShapeError as error:
            raise _under(error, part_names(cell.parts)[position]) from None
        flows.append(made)
        shape = made.shape
    return flows


def cell_inputs(cell: Chain) -> tuple[int, ...]:
    """How many cells back the inputs of a cell lie."""
    return cell.parts[0].inputs if cell.parts and isinstance(cell.parts[0], Graph) else (1,)


def _slide(
    size: tuple[int, int], kernel: Size, stride: Any, padding: Padding, dilation: Size, *, ceil: bool = False
) -> tuple[int, int]:
    if type(kernel) is int and type(stride) is int and type(padding) is int and type(dilation) is int and not ceil:
        reach = dilation * (kernel - 1) + 1 - 2 * padding
        height, width = (size[0] - reach) // stride + 1, (size[1] - reach) // stride + 1
    else:
        top, bottom, left, right = sides(padding)
        height, width = (
            _slide_one(n, k, s, before, after, d, ceil)
            for n, k, s, before, after, d in zip(
                size, pair(kernel), pair(stride), (top, left), (bottom, right), pair(dilation), strict=True
            )
        )
    if height < 1 or width < 1:
        raise ShapeError(
            f"the window fits into the map, got a map of {tuple(size)}, kernel {kernel}, padding {padding}",
            hint="a larger input, more padding, or fewer strides before it",
        )
    return height, width


def _slide_one(n: int, kernel: int, stride: int, before: int, after: int, dilation: int, ceil: bool) -> int:
    room = n + before + after - dilation * (kernel - 1) - 1
    if not ceil:
        return room // stride + 1
    out = -(-room // stride) + 1
    return out - 1 if (out - 1) * stride >= n + before else out  # a window that starts in the padding is dropped


def _free(shape: Shape, out: Shape, params: int = 0) -> Flow:
    both = prod(shape) + prod(out)
    return Flow(out, params, 0, 0, both, both)


def _both(peak: int) -> tuple[int, int]:
    return peak, peak


def _map(part: Part, shape: Shape) -> tuple[int, tuple[int, int]]:
    """The channels of a map, and its size."""
    if len(shape) != 3:
        raise ShapeError(f"{type(part).__name__} reads a map (channels, height, width), got {shape}")
    return shape[0], (shape[1], shape[2])


def _fitted(fit: Shape | None) -> Shape:
    if fit is None:
        raise ShapeError(
            "a width or shortcut that fits itself needs a sibling branch to fit to, got none",
            hint="put it in a branch of add, mean or multiply beside one that says its width",
        )
    return fit


def _unforked(made: Flow) -> Flow:
    if made.forked is not None:
        raise ShapeError("a Fork belongs at the end of a branch of a join, got one where nothing joins it")
    return made


def _under(error: ShapeError, segment: str) -> ShapeError:
    return ShapeError(error.rule, path=below(segment, error.path), hint=error.hint)
