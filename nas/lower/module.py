"""The torch module of a network: its leaves under their paths, run by a flat loop over its program."""

from collections import OrderedDict
from collections.abc import Callable, Generator
from typing import Any, assert_never, cast

import torch
from torch import Tensor, nn

from nas.arch.cost import Shape, cost, shortcut_stride
from nas.arch.fields import pair, same_padding, sides
from nas.arch.nodes import (
    Act,
    Chunk,
    Conv,
    Dropout,
    DropPath,
    Flatten,
    GlobalPool,
    Leaf,
    Linear,
    LocalResponseNorm,
    Network,
    Norm,
    Pool,
    RadialBasis,
    Ratio,
    Scale,
    Shift,
    Shortcut,
    Shuffle,
    Subsample,
    TableConv,
    chain,
)
from nas.lower import layers
from nas.lower.program import Instruction, Program, last_reads, lower, reads

Steps = list[tuple[Callable[..., Tensor], tuple[int, ...], int, tuple[int, ...]]]
"""What is called, the registers it reads, the one it writes, and those that are free after it."""

_ACTS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "relu6": layers.ReLU6,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "lecun_tanh": layers.LecunTanh,
    "silu": nn.SiLU,
    "gelu": nn.GELU,
    "hard_sigmoid": nn.Hardsigmoid,
    "hard_swish": nn.Hardswish,
}
_IN_PLACE = nn.ReLU | nn.ReLU6  # the others keep a copy of their input for the backward pass
_FEW_MAPS = 8
"""With fewer, torch's convolution of pixels at a stride is not to be trusted; see `PixelConv2d`."""
_KEEPS_NO_OUTPUT = Conv | Norm | Linear | TableConv


def build(network: Network, input: Shape) -> "NetworkModule":
    """A torch module of `network` for images of shape `input`, (channels, height, width).

    Its parameters are named by their paths, `add3.branch2.conv1.weight`. Called with (n, channels, height, width) it
    returns logits (n, classes). In training a network with exits returns (logits, [logits of each exit]), to be
    weighted by `exit_weights`; in evaluation the heads of the exits do not run. Weights are drawn from torch's global
    generator.

    Raises:
        HoleError, ShapeError: as `nas.cost`.
    """
    cost(network, input)
    return NetworkModule(lower(chain(network), tuple(input)))


class NetworkModule(nn.Module):
    """What `build` returns."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.exit_weights = tuple(weight for _, weight in program.exits)
        joins = [len(instruction.sources) for instruction in program.instructions if instruction.drop_path > 0]
        self._columns = layers.Columns(max(joins)) if joins else None
        calls = [self._call(instruction) for instruction in program.instructions]
        everything = list(zip(program.instructions, calls, strict=True))
        trunk = [(instruction, call) for instruction, call in everything if not instruction.of_exit]
        self._output, self._exits = program.output, tuple(register for register, _ in program.exits)
        written = {instruction.target: i for i, instruction in enumerate(program.instructions, 1)}
        self._ready = tuple(written.get(register, 0) for register in self._exits)
        _work_in_place(everything, {self._output, *self._exits})
        self._trunk = _steps(trunk, {self._output})
        self._whole = _steps(everything, {self._output, *self._exits})
        self._size = 1 + max((instruction.target for instruction in program.instructions), default=0)

    def forward(self, x: Tensor) -> Any:
        """(n, channels, height, width) to (n, classes); with exits in training (logits, [logits, …])."""
        if self.training and self._exits:
            values = self._run(self._whole, self._begun(x))
            return values[self._output], [values[register] for register in self._exits]
        return self._run(self._trunk, self._begun(x))[self._output]

    def anytime(self, x: Tensor) -> Generator[Tensor, Tensor | None, None]:
        """The logits of each exit, then the output, each computed when it is asked for.

        Where not all samples are to go on, send which do, as indices or a mask; the logits that follow are theirs.
        """
        values = self._begun(x)
        done = 0
        for register, ready in (*zip(self._exits, self._ready, strict=True), (self._output, len(self._whole))):
            self._run(self._whole[done:ready], values)
            done = max(done, ready)
            staying = yield values[register]
            if staying is not None:
                values = [value if value is None else value[staying] for value in values]

    @property
    def trunk(self) -> Steps:
        """What leads to the output."""
        return self._trunk

    @property
    def output(self) -> int:
        """The register of the output."""
        return self._output

    def keep(self, steps: Steps) -> None:
        """Run these steps from now on, and have no layers but theirs; exits go."""
        self._trunk = self._whole = steps
        self._exits, self._ready, self.exit_weights = (), (), ()
        used = {part for call, *_ in steps if isinstance(call, nn.Module) for part in call.modules()}
        for room in list(self.modules()):
            for name, part in list(room.named_children()):
                if not used & set(part.modules()):
                    delattr(room, name)

    def _begun(self, x: Tensor) -> list[Any]:
        """The registers of a new pass."""
        if self._columns:
            self._columns.draw(x.device, training=self.training)
        return [x, *[None] * (self._size - 1)]

    def _run(self, steps: Steps, values: list[Any]) -> list[Any]:
        for call, sources, target, freed in steps:
            if len(sources) == 1:
                values[target] = call(values[sources[0]])
            else:
                values[target] = call(*[values[source] for source in sources])
            for register in freed:
                values[register] = None
        return values

    def _call(self, instruction: Instruction) -> "nn.Module | _Join":
        if isinstance(instruction.what, str):
            return _Join(instruction.what, instruction.drop_path, self._columns)
        made = leaf(cast(Leaf, instruction.what), instruction.shape, instruction.fit)
        *scopes, name = instruction.path.split(".")
        room: nn.Module = self
        for scope in scopes:
            if scope not in room._modules:
                room.add_module(scope, nn.Module())
            room = room._modules[scope]  # type: ignore[assignment]
        room.add_module(name, made)
        return made


class _Join:
    def __init__(self, kind: str, drop_path: float, columns: layers.Columns | None) -> None:
        self.kind, self.drop_path, self.columns = kind, drop_path, columns
        self.into: int | None = None
        """Which operand a sum may be added into."""

    def __call__(self, *operands: Tensor) -> Tensor:
        if self.drop_path > 0 and self.columns and self.columns.drop:
            return self.columns.mean(operands, self.drop_path)
        match self.kind:
            case "concat":
                return torch.cat(operands, 1)
            case "multiply":
                product = operands[0] * operands[1]
                for operand in operands[2:]:
                    product = product * operand
                return product
            case _:
                if self.into is None:
                    total = operands[0] + operands[1]
                    rest = operands[2:]
                else:
                    total = operands[self.into]
                    rest = (*operands[: self.into], *operands[self.into + 1 :])
                for operand in rest:
                    total += operand
                return total if self.kind == "add" else total.mul_(1 / len(operands))


def _steps(pairs: list[tuple[Instruction, Any]], outputs: set[int]) -> Steps:
    freed = last_reads([instruction for instruction, _ in pairs], outputs)
    return [
        (call, instruction.sources, instruction.target, over)
        for (instruction, call), over in zip(pairs, freed, strict=True)
    ]


def _work_in_place(pairs: list[tuple[Instruction, Any]], outputs: set[int]) -> None:
    """Let activations and sums overwrite registers that nobody else reads and no backward pass needs."""
    readers = reads([instruction for instruction, _ in pairs])
    writers = {instruction.target: instruction.what for instruction, _ in pairs}

    def free(register: int) -> bool:
        writer = writers.get(register)
        safe = isinstance(writer, _KEEPS_NO_OUTPUT) or writer in ("add", "mean", "concat")
        return safe and readers[register] == 1 and register not in outputs

    for instruction, call in pairs:
        if isinstance(call, _IN_PLACE):
            call.inplace = free(instruction.sources[0])
        elif isinstance(call, _Join) and call.kind in ("add", "mean"):
            shapes_agree = (i for i, register in enumerate(instruction.sources) if free(register))
            call.into = next(shapes_agree, None)


def leaf(part: Leaf, shape: Shape, fit: Shape | None) -> nn.Module:
    """The torch module of a leaf that reads `shape`, inside a join of shape `fit`."""
    match part:
        case Conv():
            return _conv(part, shape[0], fit)
        case Norm(kind=kind, groups=groups, eps=eps, scale=scale, shift=shift):
            made: nn.Module
            if kind == "group":
                made = nn.GroupNorm(groups, shape[0], eps)
            else:
                made = (nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d)(shape[0], eps)
            return layers.norm(made, scale=scale, shift=shift)
        case Act(kind=kind):
            return _ACTS[kind]()
        case Pool():
            return _pool(part)
        case GlobalPool(kind=kind):
            return layers.GlobalAvgPool2d() if kind == "avg" else nn.AdaptiveMaxPool2d(1)
        case Flatten():
            return nn.Flatten()
        case Linear(out=out, bias=bias):
            return nn.Linear(shape[0], out, bias=bias)
        case Dropout(p=p):
            return nn.Dropout(p)
        case DropPath(p=p, by=by):
            return layers.DropPath(p) if by == "sample" else layers.DropPathOfBatch(p)
        case Shuffle(groups=groups):
            return layers.Shuffle(groups)
        case Chunk(index=index, of=of):
            return layers.Chunk(index, of)
        case Shift(rows=rows, columns=columns):
            return layers.Shift(rows, columns)
        case Scale(factor=factor):
            return layers.Scale(factor)
        case Shortcut():
            assert fit is not None
            return _shortcut(part, shape, fit)
        case LocalResponseNorm(size=size, alpha=alpha, beta=beta, bias=k):
            return nn.LocalResponseNorm(size, alpha, beta, k)
        case TableConv(table=table, kernel=kernel):
            return layers.TableConv2d(shape[0], table, pair(kernel))
        case Subsample(kernel=kernel):
            return layers.Subsample2d(shape[0], kernel)
        case RadialBasis(out=out):
            return layers.RadialBasis(shape[0], out)
        case _:
            assert_never(part)


def _conv(part: Conv, channels: int, fit: Shape | None) -> layers.Conv2d:
    if part.out == "fit":
        assert fit is not None
        out = fit[0]
    else:
        out = part.out.of(channels) if isinstance(part.out, Ratio) else part.out
    groups = part.groups.of(channels) if isinstance(part.groups, Ratio) else part.groups
    options = {"stride": pair(part.stride), "dilation": pair(part.dilation), "groups": groups, "bias": part.bias}
    top, bottom, left, right = sides(part.padding)
    if channels < _FEW_MAPS and part.kernel == 1 and part.stride != 1 and part.padding == 0:
        return layers.PixelConv2d(channels, out, 1, **options)  # type: ignore[arg-type]
    if (top, left) == (bottom, right):
        return layers.Conv2d(channels, out, pair(part.kernel), padding=(top, left), **options)  # type: ignore[arg-type]
    return layers.PaddedConv2d(channels, out, pair(part.kernel), sides=(left, right, top, bottom), **options)  # type: ignore[arg-type]


def _pool(part: Pool) -> nn.Module:
    assert part.stride is not None
    kernel, stride = pair(part.kernel), pair(part.stride)
    top, bottom, left, right = sides(part.padding)
    even = (top, left) == (bottom, right) and 2 * top <= kernel[0] and 2 * left <= kernel[1]
    padding = (top, left) if even else 0
    pool: nn.MaxPool2d | nn.AvgPool2d
    if part.kind == "max":
        pool = nn.MaxPool2d(kernel, stride, padding, ceil_mode=part.ceil)
    else:
        pool = nn.AvgPool2d(kernel, stride, padding, part.ceil, part.count_include_pad)
    return pool if even else layers.PaddedPool2d(pool, (left, right, top, bottom), counted=part.count_include_pad)


def _shortcut(part: Shortcut, shape: Shape, fit: Shape) -> nn.Module:
    stride = shortcut_stride(shape, fit)
    match part.kind:
        case "zero_pad" | "pooled_zero_pad":
            return layers.ZeroPad(fit[0], stride, pooled=part.kind == "pooled_zero_pad")
        case _:
            padding = same_padding(part.kernel, 1)
            conv = _conv(Conv(fit[0], part.kernel, stride=stride, padding=padding), shape[0], fit)
            if part.kind == "conv":
                return conv
            return nn.Sequential(OrderedDict(conv1=conv, norm1=nn.BatchNorm2d(fit[0])))
