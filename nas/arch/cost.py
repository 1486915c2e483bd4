"""Shapes, parameters, MACs, activations and peak memory of a network, exact and without torch.

Conventions, in one place:

- params: learned numbers; biases and norm scales and shifts count, running statistics and fixed codes do not.
- macs: multiply-accumulates of convolutions and linear layers for one image; bias, norm, pooling, activation and the
  products of a join do not count.
- activations: elements written by convolutions and linear layers (Radosavovic et al. 2020, arXiv:2003.13678).
- memory: bytes of float32 that live at once, at most, in inference on one image: branches run in order, a tensor is freed
  after its last reader, activations work in place where nobody else reads their input. Weights do not count.

An `Exit` costs apart: params and macs are those of the way from the input to the output.
"""

from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple, assert_never

from nas.arch.fields import Padding, Size, pair, sides
from nas.arch.nodes import (
    Act,
    Branches,
    Cells,
    Chain,
    Choice,
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


class Forked(tuple[Shape, ...]):
    """The shapes that leave a chain which ends in a `Fork`."""

    __slots__ = ()


def cost(network: Network, input: Shape) -> Cost:
    """The cost of `network` on one image of shape `input`, (channels, height, width).

    Raises:
        HoleError: a hole is left in it.
        ShapeError: two branches disagree, or a part cannot read its input; with the path and both shapes.
    """
    if is_open(network):
        raise HoleError("only a network has a cost, got a space", hint="realize it first, or ask for its cost range")
    made = flow(chain(network), tuple(input), None)
    if isinstance(made.shape, Forked):
        raise ShapeError("a Fork belongs at the end of a branch, got one at the end of the network")
    return Cost(
        made.shape, made.params, made.macs, made.activations, _BYTES * made.peak, made.exit_params, made.exit_macs
    )


_MEMO: dict[tuple[Part, Shape, Shape | None], Flow] = {}
_MEMO_LIMIT = 200_000


def flow(part: Part, shape: Shape, fit: Shape | None) -> Flow:
    """What `part` makes of `shape`; `fit` is the shape of the enclosing join. Remembered, so mutants share the work."""
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


def _flow(part: Part, shape: Shape, fit: Shape | None) -> Flow:
    match part:
        case Conv():
            return _conv(part, shape, fit)
        case Norm(kind=kind, groups=groups, scale=scale, shift=shift):
            channels, size = _channels(part, shape), prod(shape)
            if kind == "group" and channels % groups:
                raise ShapeError(f"the channels are a multiple of the norm's groups, got {channels} and {groups}")
            return Flow(shape, channels * (scale + shift), 0, 0, 2 * size, 2 * size)
        case Act() | Dropout() | DropPath() | Scale():
            size = prod(shape)
            return Flow(shape, 0, 0, 0, size, 2 * size)
        case Chain(parts=parts):
            return _chain(parts, shape, fit)
        case Branches(branches=branches, join=join):
            return _join([(branch, shape) for branch in branches], join, "branch", prod(shape))
        case Pool(kernel=kernel, stride=stride, padding=padding, ceil=ceil):
            channels, *size = _map(part, shape)
            out = (channels, *_slide(size, kernel, stride, padding, 1, ceil=ceil))
            return _free(shape, out)
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
        case Shortcut():
            return _shortcut(part, shape, fit)
        case Exit(head=head):
            made, size = flow(head, shape, None), prod(shape)
            return Flow(
                shape, 0, 0, 0, max(made.held, size), max(made.held, size), made.params + made.exit_params,
                made.macs + made.exit_macs,
            )  # fmt: skip
        case LocalResponseNorm():
            _map(part, shape)
            return _free(shape, shape)
        case TableConv(table=table, kernel=kernel):
            channels, *size = _map(part, shape)
            if max(map(max, table)) >= channels:
                raise ShapeError(f"the table names input maps up to {max(map(max, table))}, got {channels} maps")
            height, width = _slide(size, kernel, 1, 0, 1)
            links, taps = sum(map(len, table)), prod(pair(kernel))
            out = (len(table), height, width)
            return Flow(out, links * taps + len(table), links * taps * height * width, prod(out),
                        *_both(prod(shape) + prod(out)))  # fmt: skip
        case Subsample(kernel=kernel):
            channels, *size = _map(part, shape)
            return _free(shape, (channels, *_slide(size, kernel, kernel, 0, 1)), params=2 * channels)
        case RadialBasis(out=out):
            if len(shape) != 1:
                raise ShapeError(f"RadialBasis reads a flat input, got {shape}", hint="put Flatten() before it")
            return Flow((out,), 0, shape[0] * out, out, *_both(shape[0] + out))
        case Graph():
            return _graph(part, (shape,) * len(part.inputs))
        case Cells(cells=cells):
            return _cells(cells, shape)
        case Fork(branches=branches):
            flows = [flow(branch, shape, fit) for branch in branches]
            joined = (
                _join([(branch, shape) for branch in branches], "concat", "branch", prod(shape))
                if branches
                else _free(shape, shape)
            )
            return joined._replace(shape=Forked(f.shape for f in flows))
        case Repeat() | Scope() | Choice():
            raise HoleError("only a network has a cost, got a space")
        case _:
            assert_never(part)


def _chain(parts: tuple[Part, ...], shape: Shape, fit: Shape | None) -> Flow:
    params = macs = activations = exit_params = exit_macs = 0
    size = held = peak = prod(shape)
    kept = 0
    memo = _MEMO.get
    for position, part in enumerate(parts):
        made = memo((part, shape, fit))
        if made is None:
            try:
                made = flow(part, shape, fit)
            except ShapeError as error:
                raise _under(error, part_names(parts)[position]) from None
        shape, more_params, more_macs, more_activations, its_peak, its_held, more_exit_params, more_exit_macs = made
        params += more_params
        macs += more_macs
        activations += more_activations
        exit_params += more_exit_params
        exit_macs += more_exit_macs
        if its_peak > peak:
            peak = its_peak
        alive = kept + its_peak if kept else its_held
        if alive > held:
            held = alive
        kept = size
    return Flow(shape, params, macs, activations, peak, held, exit_params, exit_macs)


def _conv(part: Conv, shape: Shape, fit: Shape | None) -> Flow:
    channels, *size = _map(part, shape)
    if isinstance(part.out, int):
        out = part.out
    elif isinstance(part.out, Ratio):
        out = part.out.of(channels)
    else:
        out = _fitted(fit)[0]
    groups = part.groups.of(channels) if isinstance(part.groups, Ratio) else part.groups
    if channels % groups or out % groups:
        raise ShapeError(
            f"the channels in and out are multiples of the groups, got {channels} and {out} in {groups} groups"
        )
    height, width = _slide(size, part.kernel, part.stride, part.padding, part.dilation)
    taps = prod(pair(part.kernel)) * (channels // groups)
    written = out * height * width
    both = prod(shape) + written
    return Flow((out, height, width), out * taps + out * part.bias, written * taps, written, both, both)


def _shortcut(part: Shortcut, shape: Shape, fit: Shape | None) -> Flow:
    target = _fitted(fit)
    if shape == target:
        size = prod(shape)
        return Flow(shape, 0, 0, 0, size, size)
    stride = shortcut_stride(shape, target)
    match part.kind:
        case "projection":
            made = Chain(Conv(target[0], part.kernel, stride=stride), Norm())
            return flow(made, shape, None)
        case "conv":
            return flow(Conv(target[0], part.kernel, stride=stride), shape, None)
        case _ if target[0] < shape[0]:
            raise ShapeError(
                f"a zero-padded shortcut cannot lose channels, got {shape} to fit to {target}", hint='use "projection"'
            )
        case _:
            return _free(shape, target)


def shortcut_stride(shape: Shape, target: Shape) -> tuple[int, int]:
    """The stride that brings the map of `shape` to that of `target`."""
    if len(shape) != 3 or len(target) != 3:
        raise ShapeError(f"a shortcut fits maps to each other, got {shape} to fit to {target}")
    strides = tuple(-(-a // b) for a, b in zip(shape[1:], target[1:], strict=True))
    if any(-(-a // s) != b for a, b, s in zip(shape[1:], target[1:], strides, strict=True)):
        raise ShapeError(f"no stride fits a shortcut of {shape} to {target}")
    return strides[0], strides[1]


def _join(branches: list[tuple[Chain, Shape]], join: str, word: str, size: int) -> Flow:
    shapes, flows = joined(branches, join, word)
    shape = join_shape([s for group in shapes for s in group], join)
    keeps = any(not branch.parts for branch, _ in branches)
    outs = peak = held = 0
    for position, ((branch, _), made, group) in enumerate(zip(branches, flows, shapes, strict=True)):
        last = position == len(branches) - 1
        peak = max(peak, outs + (made.peak if last and not keeps else made.held))
        held = max(held, outs + made.held)
        outs += sum(map(prod, group)) if branch.parts else 0
    total = outs + (prod(shape) if join == "concat" or not outs else 0)
    return Flow(
        shape,
        sum(f.params for f in flows),
        sum(f.macs for f in flows),
        sum(f.activations for f in flows),
        max(peak, total + size * keeps),
        max(held, total + size),
        sum(f.exit_params for f in flows),
        sum(f.exit_macs for f in flows),
    )


def joined(branches: list[tuple[Chain, Shape]], join: str, word: str) -> tuple[list[tuple[Shape, ...]], list[Flow]]:
    """For each branch the shapes that reach the join, and its flow."""
    fit = fit_shape(branches, join, word)
    flows = [_branch_flow(branch, shape, fit, f"{word}{i}") for i, (branch, shape) in enumerate(branches, 1)]
    return [_shapes(made) for made in flows], flows


def fit_shape(branches: list[tuple[Chain, Shape]], join: str, word: str) -> Shape | None:
    """The shape that branches which fit themselves fit to: the largest of the others'."""
    if join == "concat":
        return None
    fixed = [(branch, shape, f"{word}{i}") for i, (branch, shape) in enumerate(branches, 1) if not needs_fit(branch)]
    shapes = [made for branch, shape, at in fixed for made in _shapes(_branch_flow(branch, shape, None, at))]
    return max(shapes, key=prod) if shapes else None


def _branch_flow(branch: Chain, shape: Shape, fit: Shape | None, at: str) -> Flow:
    try:
        return flow(branch, shape, fit if needs_fit(branch) else None)
    except ShapeError as error:
        raise _under(error, at) from None


def _shapes(made: Flow) -> tuple[Shape, ...]:
    return made.shape if isinstance(made.shape, Forked) else (made.shape,)


_NEEDS_FIT: dict[Part, bool] = {}


def needs_fit(part: Part) -> bool:
    """Whether the part takes its shape from the join around it."""
    answer = _NEEDS_FIT.get(part)
    if answer is None:
        match part:
            case Shortcut():
                answer = True
            case Conv(out=out):
                answer = out == "fit"
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
            if small != large and small != (large[0], 1, 1):
                raise ShapeError(f"multiply needs equal shapes or one value a channel, got {first} and {other}")
            first = large
        elif other != first:
            raise ShapeError(
                f"{join} needs equal shapes, got {first} and {other}",
                hint="use a Shortcut, which fits itself, or join with concat",
            )
    return (sum(s[0] for s in shapes), *first[1:]) if join == "concat" else first


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
        peak = max(peak, waiting + (made.peak if len(sources) == 1 else made.held))
        totals = [a + b for a, b in zip(totals, (*made[1:4], *made[6:]), strict=True)]
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
        totals = [a + sum(f[k] for f in flows) for a, k in zip(totals, (1, 2, 3, 6, 7), strict=True)]
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
                made = flow(part, shape, None)
        except ShapeError as error:
            raise _under(error, part_names(cell.parts)[position]) from None
        flows.append(made)
        shape = made.shape
    return flows


def cell_inputs(cell: Chain) -> tuple[int, ...]:
    """How many cells back the inputs of a cell lie."""
    return cell.parts[0].inputs if cell.parts and isinstance(cell.parts[0], Graph) else (1,)


def _slide(
    size: list[int], kernel: Size, stride: Any, padding: Padding, dilation: Size, *, ceil: bool = False
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


def _channels(part: Part, shape: Shape) -> int:
    if len(shape) not in (1, 3):
        raise ShapeError(f"{type(part).__name__} reads a map or a flat input, got {shape}")
    return shape[0]


def _map(part: Part, shape: Shape) -> Shape:
    if len(shape) != 3:
        raise ShapeError(f"{type(part).__name__} reads a map (channels, height, width), got {shape}")
    return shape


def _fitted(fit: Shape | None) -> Shape:
    if fit is None:
        raise ShapeError(
            "a width or shortcut that fits itself needs a sibling branch to fit to, got none",
            hint="put it in a branch of add, mean or multiply beside one that says its width",
        )
    return fit


def _under(error: ShapeError, segment: str) -> ShapeError:
    return ShapeError(error.rule, path=below(segment, error.path), hint=error.hint)
