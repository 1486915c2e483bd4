"""What a network computes, said once more: straight from the tree, in plain torch, nothing in place, nothing reused.

The weights are those of a built module, found by their paths; the rest is written from the definitions of the parts.
"""

from collections.abc import Callable
from functools import reduce
from math import ceil
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from nas.arch.fields import pair, sides
from nas.arch.nodes import (
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
    Norm,
    Part,
    Pool,
    RadialBasis,
    Ratio,
    Scale,
    Shift,
    Shortcut,
    Shuffle,
    Subsample,
    TableConv,
)
from nas.arch.paths import part_names
from tests.paths import parts_within

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": lambda x: x.where(x > 0, 0),
    "relu6": lambda x: x.where(x > 0, 0).clamp(max=6),
    "sigmoid": lambda x: 1 / (1 + (-x).exp()),
    "tanh": torch.tanh,
    "lecun_tanh": lambda x: 1.7159 * torch.tanh(2 * x / 3),
    "silu": lambda x: x / (1 + (-x).exp()),
    "gelu": lambda x: x * (1 + torch.erf(x / 2**0.5)) / 2,
    "hard_sigmoid": lambda x: (x + 3).clamp(0, 6) / 6,
    "hard_swish": lambda x: x * (x + 3).clamp(0, 6) / 6,
}


class Outcome(NamedTuple):
    """What a network makes of a batch, and the logits of its exits, in order."""

    output: Tensor
    exits: list[Tensor]


def run(network: Chain, module: nn.Module, x: Tensor) -> Outcome:
    """The outcome of `network` on a batch, with the weights of the module built from it and in the module's mode."""
    weights = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    interpreter = _Interpreter(weights, module.training, drawn_column(network) if module.training else None)
    (output,) = interpreter.chain(network, x, None, "")
    return Outcome(output, interpreter.exits)


class _Interpreter:
    def __init__(self, weights: dict[str, Tensor], training: bool, column: int | None) -> None:
        self.weights, self.training, self.column = weights, training, column
        self.exits: list[Tensor] = []

    def weight(self, path: str, name: str) -> Any:
        return self.weights.get(f"{path}.{name}")

    def chain(self, network: Chain, x: Tensor, fit: torch.Size | None, path: str) -> list[Tensor]:
        """The tensors that leave a chain: several where it ends in a fork."""
        left = [x]
        for name, part in zip(part_names(network.parts), network.parts, strict=True):
            (x,) = left
            left = self.part(part, x, fit, f"{path}.{name}" if path else name)
        return left

    def part(self, part: Part, x: Tensor, fit: torch.Size | None, path: str) -> list[Tensor]:
        match part:
            case Branches(branches=branches, join=join, drop_path=drop_path):
                reading = [(branch, x, f"{path}.branch{i}") for i, branch in enumerate(branches, 1)]
                return [self.joined(reading, join, drop_path)]
            case Fork(branches=branches):
                return [y for i, b in enumerate(branches, 1) for y in self.chain(b, x, fit, f"{path}.branch{i}")]
            case Graph(inputs=inputs):
                return [self.graph(part, [x] * len(inputs), path)]
            case Cells():
                return [self.cells(part, x, path)]
            case Exit(head=head):
                if self.training:
                    self.exits += self.chain(head, x, None, path)
                return [x]
            case _:
                return [self.leaf(part, x, fit, path)]

    def joined(self, branches: list[tuple[Chain, Tensor, str]], join: str, drop_path: float = 0.0) -> Tensor:
        fit = self.fit(branches)
        operands = [left for branch, x, path in branches for left in self.chain(branch, x, fit, path)]
        if self.training and drop_path > 0 and len(operands) > 1:
            operands = self.kept(operands, drop_path)
        match join:
            case "concat":
                return torch.cat(operands, 1)
            case "add":
                return torch.stack(operands).sum(0)
            case "mean":
                return torch.stack(operands).mean(0)
            case _:
                return reduce(torch.mul, operands)

    def kept(self, operands: list[Tensor], drop_path: float) -> list[Tensor]:
        """What a join keeps of its operands; those it drops stay in the graph, with gradients of zero."""
        chances, spare = torch.rand(len(operands)).tolist(), int(torch.randint(len(operands), ()))
        kept = {i for i, chance in enumerate(chances) if chance >= drop_path} or {spare}
        if self.column is not None and self.column < len(operands):
            kept = {self.column}
        nothing = sum(0 * operand for i, operand in enumerate(operands) if i not in kept)
        return [operand + nothing for i, operand in enumerate(operands) if i in kept]

    def fit(self, branches: list[tuple[Chain, Tensor, str]]) -> torch.Size | None:
        """The shape of the largest tensor that reaches a join from a branch which says its shape itself."""
        fixed = [branch for branch in branches if not fits_itself(branch[0])]
        if len(fixed) == len(branches):
            return None
        with torch.random.fork_rng(), torch.no_grad():
            aside = _Interpreter(self.weights, self.training, self.column)
            shapes = [left.shape for chain, x, path in fixed for left in aside.chain(chain, x, None, path)]
        return max(shapes, key=lambda shape: shape[1:].numel())

    def graph(self, part: Graph, values: list[Tensor], path: str) -> Tensor:
        values, read = list(values), set()
        count = len(values)
        for i, step in enumerate(part.steps, 1):
            edges = enumerate(step.edges, 1)
            reading = [(edge.part, values[edge.source], f"{path}.step{i}.edge{j}") for j, edge in edges]
            values.append(self.joined(reading, step.join))
            read |= {edge.source for edge in step.edges}
        return torch.cat([value for i, value in enumerate(values) if i >= count and i not in read], 1)

    def cells(self, part: Cells, x: Tensor, path: str) -> Tensor:
        outputs = [x]
        for i, cell in enumerate(part.cells, 1):
            x = outputs[-1]
            for position, (name, one) in enumerate(zip(part_names(cell.parts), cell.parts, strict=True)):
                here = f"{path}.cell{i}.{name}"
                if position == 0 and isinstance(one, Graph):  # which may read several cells back
                    x = self.graph(one, [outputs[max(0, len(outputs) - back)] for back in one.inputs], here)
                else:
                    (x,) = self.part(one, x, None, here)
            outputs.append(x)
        return outputs[-1]

    def leaf(self, part: Part, x: Tensor, fit: torch.Size | None, path: str) -> Tensor:
        weight, bias = self.weight(path, "weight"), self.weight(path, "bias")
        match part:
            case Conv(groups=groups):
                return conv(part, x, weight, bias, groups.of(x.shape[1]) if isinstance(groups, Ratio) else groups)
            case TableConv(table=table):
                return table_conv(table, x, weight, bias)
            case Linear():
                return F.linear(x, weight, bias)
            case RadialBasis():
                return -torch.stack([((x - code) ** 2).sum(1) for code in self.weights[f"{path}.codes"]], 1)
            case Norm(kind=kind, groups=groups, eps=eps):
                return self.normed(x, path, eps) if kind == "batch" else F.group_norm(x, groups, weight, bias, eps)
            case LocalResponseNorm(size=size, alpha=alpha, beta=beta, bias=k):
                return response_normed(x, size, alpha, beta, k)
            case Act(kind=kind):
                return ACTIVATIONS[kind](x)
            case Pool():
                return pooled(part, x)
            case Subsample(kernel=k):
                windows = x.unfold(2, k, k).unfold(3, k, k).sum((4, 5))
                return windows * self.weights[f"{path}.coefficient"] + bias
            case GlobalPool(kind=kind):
                flat = x.flatten(2)
                return (flat.mean(2) if kind == "avg" else flat.max(2).values)[:, :, None, None]
            case Flatten():
                return x.reshape(len(x), -1)
            case Dropout(p=p):
                return F.dropout(x, p, self.training)
            case DropPath(p=p, by=by):
                return self.dropped(x, p) if by == "sample" else self.dropped_together(x, p)
            case Shuffle(groups=groups):
                per_group = x.shape[1] // groups
                order = [group * per_group + i for i in range(per_group) for group in range(groups)]
                return x[:, order]
            case Chunk(index=index, of=of):
                size = x.shape[1] // of
                return x[:, [index * size + i for i in range(size)]]
            case Shift(rows=rows, columns=columns):
                return shifted(x, rows, columns)
            case Scale(factor=factor):
                return x * factor
            case Shortcut():
                assert fit is not None
                return self.shortcut(part, x, fit, path)
            case _:
                raise AssertionError(f"{part!r} is not a leaf")

    def normed(self, x: Tensor, path: str, eps: float) -> Tensor:
        if self.training:
            axes = [axis for axis in range(x.ndim) if axis != 1]
            mean, var = x.mean(axes), x.var(axes, unbiased=False)
        else:
            mean, var = self.weights[f"{path}.running_mean"], self.weights[f"{path}.running_var"]
        spread = (1, -1, *(1 for _ in x.shape[2:]))
        made = (x - mean.view(spread)) / (var.view(spread) + eps).sqrt()
        weight, bias = self.weight(path, "weight"), self.weight(path, "bias")
        made = made if weight is None else made * weight.view(spread)
        return made if bias is None else made + bias.view(spread)

    def dropped(self, x: Tensor, p: float) -> Tensor:
        if not self.training or p == 0:
            return x
        return x * x.new_empty(len(x), *(1 for _ in x.shape[1:])).bernoulli_(1 - p) / (1 - p)

    def dropped_together(self, x: Tensor, p: float) -> Tensor:
        if not self.training:
            return (1 - p) * x
        return x if torch.empty((), dtype=x.dtype).bernoulli_(1 - p) else 0 * x

    def shortcut(self, part: Shortcut, x: Tensor, fit: torch.Size, path: str) -> Tensor:
        if x.shape == fit:
            return x
        stride = (ceil(x.shape[2] / fit[2]), ceil(x.shape[3] / fit[3]))
        match part.kind:
            case "projection" | "conv":
                said = Conv(fit[1], part.kernel, stride=stride)
                if part.kind == "conv":
                    return conv(said, x, self.weight(path, "weight"), None, 1)
                return self.normed(conv(said, x, self.weight(path, "conv1.weight"), None, 1), f"{path}.norm1", 1e-5)
            case "zero_pad":
                x = x[:, :, :: stride[0], :: stride[1]]
            case _:
                x = pooled(Pool("avg", stride, ceil=True), x)
        return torch.cat([x, x.new_zeros(len(x), fit[1] - x.shape[1], *fit[2:])], 1)


def drawn_column(network: Chain) -> int | None:
    """The column drawn for a pass over the network: as often as not None; nothing is drawn where no join drops."""
    dropping = [part for part in parts_within(network) if isinstance(part, Branches) and part.drop_path > 0]
    columns = max((ways(part) for part in dropping), default=1)
    if columns == 1:
        return None
    column = int(torch.randint(2 * columns, ()))
    return column if column < columns else None


def ways(part: Part) -> int:
    """How many tensors leave the branches of a join or fork, or a chain."""
    match part:
        case Branches(branches=branches) | Fork(branches=branches):
            return sum(map(ways, branches))
        case Chain(parts=(*_, Fork() as fork)):
            return ways(fork)
        case _:
            return 1


def fits_itself(part: Part) -> bool:
    """Whether the part takes its shape from the join around it."""
    match part:
        case Shortcut():
            return True
        case Conv(out=out):
            return out == "fit"
        case Chain(parts=inner) | Fork(branches=inner):
            return any(map(fits_itself, inner))
        case _:
            return False


def conv(part: Conv, x: Tensor, weight: Any, bias: Any, groups: int) -> Tensor:
    """Convolution after padding by hand."""
    top, bottom, left, right = sides(part.padding)
    padded = F.pad(x, (left, right, top, bottom))
    return F.conv2d(padded, weight, bias, pair(part.stride), 0, pair(part.dilation), groups)


def table_conv(table: tuple[tuple[int, ...], ...], x: Tensor, weight: Any, bias: Any) -> Tensor:
    """Each output map convolved apart from the input maps it reads; the links' kernels come in the table's order."""
    maps: list[Tensor] = []
    first = 0
    for sources in table:
        kernels = weight[first : first + len(sources)]
        maps.append(F.conv2d(x[:, sources], kernels[None]))
        first += len(sources)
    return torch.cat(maps, 1) + bias[:, None, None]


def response_normed(x: Tensor, size: int, alpha: float, beta: float, k: float) -> Tensor:
    """Each channel over what it and its neighbours respond."""
    sums = [(x[:, max(0, i - size // 2) : i + (size - 1) // 2 + 1] ** 2).sum(1) for i in range(x.shape[1])]
    return x / (k + alpha / size * torch.stack(sums, 1)) ** beta


def shifted(x: Tensor, rows: int, columns: int) -> Tensor:
    """Each pixel from the one so many rows below and columns to the right, where there is one, else a zero of it."""
    made = 0 * x
    height, width = x.shape[2:]
    for i in range(height - rows):
        for j in range(width - columns):
            made[:, :, i, j] = x[:, :, i + rows, j + columns]
    return made


def pooled(part: Pool, x: Tensor) -> Tensor:
    """Pooling, window by window."""
    (height, width), (down, across) = pair(part.kernel), pair(part.stride)  # type: ignore[arg-type]
    top, bottom, left, right = sides(part.padding)
    rows = [
        [
            _window(part, x, (tall, tall + height, bottom), (wide, wide + width, right))
            for wide in starts(x.shape[3], width, across, left, right, round_up=part.ceil)
        ]
        for tall in starts(x.shape[2], height, down, top, bottom, round_up=part.ceil)
    ]
    return torch.stack([torch.stack(row, 2) for row in rows], 2)


def starts(length: int, kernel: int, stride: int, before: int, after: int, *, round_up: bool) -> list[int]:
    """Where windows start: as long as they fit; rounding up, one more if it reads pixels that no other does."""
    found = list(range(-before, length + after - kernel + 1, stride))
    following = found[-1] + stride if found else -before
    uncovered = not found or found[-1] + kernel < length + after
    return [*found, following] if round_up and uncovered and following < length else found


def _window(part: Pool, x: Tensor, rows: tuple[int, int, int], columns: tuple[int, int, int]) -> Tensor:
    (top, bottom, below), (left, right, beside) = rows, columns
    height, width = x.shape[2:]
    inside = x[:, :, max(0, top) : bottom, max(0, left) : right].flatten(2)
    if part.kind == "max":
        return inside.max(2).values
    counted = (min(bottom, height + below) - top) * (min(right, width + beside) - left)
    return inside.sum(2) / (counted if part.count_include_pad else inside.shape[2])
