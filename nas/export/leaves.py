"""A leaf as a constructor's call, or where nothing is learned and nothing depends on training, as an expression."""

from dataclasses import replace
from typing import assert_never

from nas.arch.cost import Shape, shortcut_stride
from nas.arch.fields import pair, sides
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
from nas.export.tree import REQUIRED, Argument, Call

_ACT_MODULES = {
    "relu": "nn.ReLU",
    "relu6": "nn.ReLU6",
    "sigmoid": "nn.Sigmoid",
    "tanh": "nn.Tanh",
    "lecun_tanh": "LecunTanh",
    "silu": "nn.SiLU",
    "gelu": "nn.GELU",
    "hard_sigmoid": "nn.Hardsigmoid",
    "hard_swish": "nn.Hardswish",
}
_ACT_FUNCTIONS = {
    "relu": "F.relu({})",
    "relu6": "F.relu6({})",
    "sigmoid": "torch.sigmoid({})",
    "tanh": "torch.tanh({})",
    "lecun_tanh": "1.7159 * torch.tanh({} * (2 / 3))",
    "silu": "F.silu({})",
    "gelu": "F.gelu({})",
    "hard_sigmoid": "F.hardsigmoid({})",
    "hard_swish": "F.hardswish({})",
}
_SHORTCUTS = {
    "projection": "projection",
    "conv": "conv_shortcut",
    "zero_pad": "ZeroPad",
    "pooled_zero_pad": "PooledZeroPad",
}


def expression(part: Part, value: str) -> str | None:
    """What `part` makes of the expression `value`; None where it takes a layer."""
    match part:
        case Act(kind=kind):
            return _ACT_FUNCTIONS[kind].format(atom(value) if kind == "lecun_tanh" else value)
        case Flatten():
            pooled = atom(value).removesuffix(", keepdim=True)")
            return f"{pooled})" if pooled != atom(value) else f"{pooled}.flatten(1)"
        case GlobalPool(kind=kind):
            return f"{atom(value)}.{'mean' if kind == 'avg' else 'amax'}((2, 3), keepdim=True)"
        case Shuffle(groups=groups):
            return f"F.channel_shuffle({value}, {groups})"
        case Chunk(index=index, of=of):
            return f"{atom(value)}.chunk({of}, 1)[{index}]"
        case Scale(factor=factor):
            return f"{factor!r} * {atom(value)}"
    return None


def atom(value: str) -> str:
    """An expression that can be multiplied or called upon: in brackets where it is a sum or product."""
    depth = 0
    for character in value:
        depth += (character in "([") - (character in ")]")
        if character == " " and not depth:
            return f"({value})"
    return value


def call(part: Leaf, shape: Shape, fit: Shape | None, path: str) -> Call:
    """The call that makes the layer of a leaf which reads `shape`, inside a join of shape `fit`."""

    def made(word: str, function: str, *arguments: Argument, around: str = "{}") -> Call:
        return Call(function, arguments, path, word, around)

    channels = _positional("inputs", shape[0], "channels")
    match part:
        case Conv():
            return _conv(part, shape, fit, path)
        case Norm():
            return _norm(part, shape, path)
        case Act(kind=kind):
            return made("act", _ACT_MODULES[kind])
        case Pool():
            return _pool(part, path)
        case GlobalPool(kind=kind):
            size = _positional("output_size", 1, "size")
            return made("pool", "nn.AdaptiveAvgPool2d" if kind == "avg" else "nn.AdaptiveMaxPool2d", size)
        case Flatten():
            return made("flatten", "nn.Flatten")
        case Linear(out=out, bias=bias):
            return made("fc", "nn.Linear", channels, _width(out), Argument("bias", bias, "bias", True))
        case Dropout(p=p):
            return made("dropout", "nn.Dropout", _positional("p", p, "p"))
        case DropPath(p=p, by=by):
            return made("drop_path", "DropPath" if by == "sample" else "DropPathOfBatch", _positional("p", p, "p"))
        case Shuffle(groups=groups):
            return made("shuffle", "nn.ChannelShuffle", _positional("groups", groups, "shuffle"))
        case Chunk(index=index, of=of):
            return made("chunk", "Chunk", _positional("index", index, "index"), _positional("of", of, "of"))
        case Shift(rows=rows, columns=columns):
            return made("shift", "Shift", _positional("rows", rows, "shift"), _positional("columns", columns, "shift"))
        case Scale(factor=factor):
            return made("scale", "Scale", _positional("factor", factor, "factor"))
        case Shortcut():
            assert fit is not None
            return _shortcut(part, shape, fit, path)
        case LocalResponseNorm(size=size, alpha=alpha, beta=beta, bias=bias):
            named = (("alpha", alpha, 1e-4), ("beta", beta, 0.75), ("k", bias, 1.0))
            keywords = (Argument(name, value, name, default) for name, value, default in named)
            return made("lrn", "nn.LocalResponseNorm", _positional("size", part.size, "size"), *keywords)
        case TableConv(table=table, kernel=kernel):
            arguments = (_positional("table", table, "table"), _positional("kernel", pair(kernel), "kernel"))
            return made("conv", "TableConv2d", channels, *arguments)
        case Subsample(kernel=kernel):
            return made("subsample", "Subsample2d", channels, _positional("kernel", kernel, "kernel"))
        case RadialBasis(out=out):
            return made("rbf", "RadialBasis", channels, _width(out))
        case _:
            assert_never(part)


def _positional(name: str, value: object, role: str) -> Argument:
    return Argument(name, value, role, REQUIRED)


def _width(out: int) -> Argument:
    return _positional("outputs", out, "channels")


def _conv(part: Conv, shape: Shape, fit: Shape | None, path: str) -> Call:
    out = fit[0] if part.out == "fit" and fit else part.out.of(shape[0]) if isinstance(part.out, Ratio) else part.out
    groups = part.groups.of(shape[0]) if isinstance(part.groups, Ratio) else part.groups
    top, bottom, left, right = sides(part.padding)
    even = (top, left) == (bottom, right)
    padding = Argument("padding", part.padding, "padding", 0)
    return Call(
        "nn.Conv2d" if even else "PaddedConv2d",
        (
            _positional("inputs", shape[0], "channels"),
            _positional("outputs", out, "channels"),
            _positional("kernel", part.kernel, "kernel"),
            Argument("stride", part.stride, "stride", 1),
            padding if even else Argument("sides", (left, right, top, bottom), "sides", ()),
            Argument("dilation", part.dilation, "dilation", 1),
            Argument("groups", groups, "groups", 1),
            Argument("bias", part.bias, "bias", True),
        ),
        path,
        "conv",
    )


def _norm(part: Norm, shape: Shape, path: str) -> Call:
    channels = _positional("channels", shape[0], "channels")
    eps = Argument("eps", part.eps, "eps", 1e-5)
    groups: tuple[Argument, ...]
    if part.kind == "group":
        function, groups = "nn.GroupNorm", (_positional("groups", part.groups, "norm"),)
    else:
        function, groups = f"nn.BatchNorm{2 if len(shape) == 3 else 1}d", ()
    around = "{}" if part.scale and part.shift else f"norm({{}}, scale={part.scale}, shift={part.shift})"
    return Call(function, (*groups, channels, eps), path, "norm" if part.kind == "group" else "bn", around)


def _pool(part: Pool, path: str) -> Call:
    top, bottom, left, right = sides(part.padding)
    kernel = pair(part.kernel)
    even = (top, left) == (bottom, right) and 2 * top <= kernel[0] and 2 * left <= kernel[1]
    arguments = [
        _positional("kernel", part.kernel, "kernel"),
        Argument("stride", None if part.stride == part.kernel else part.stride, "stride", None),
        Argument("padding", part.padding if even else 0, "padding", 0),
        Argument("ceil_mode", part.ceil, "ceil", False),
    ]
    if part.kind == "avg":
        arguments.append(Argument("count_include_pad", part.count_include_pad, "counted", True))
    padded = f"PaddedPool2d({{}}, {(left, right, top, bottom)}, counted={part.count_include_pad})"
    function = "nn.MaxPool2d" if part.kind == "max" else "nn.AvgPool2d"
    return Call(function, tuple(arguments), path, "pool", "{}" if even else padded)


def _shortcut(part: Shortcut, shape: Shape, fit: Shape, path: str) -> Call:
    down, across = (1, 1) if shape == fit else shortcut_stride(shape, fit)
    stride = Argument("stride", down if down == across else (down, across), "stride", 1)
    widths = (_positional("inputs", shape[0], "channels"), _width(fit[0]))
    if part.kind in ("zero_pad", "pooled_zero_pad"):
        return Call(_SHORTCUTS[part.kind], (*widths, stride), path, "downsample")
    renamed = (("conv1", "0"), ("norm1", "1")) if part.kind == "projection" else ()
    if shape != fit and any(side % 2 == 0 for side in pair(part.kernel)):
        made = call(Conv(fit[0], part.kernel, stride=(down, across)), shape, None, path)
        around = f"nn.Sequential({{}}, nn.BatchNorm2d({fit[0]}))" if renamed else "{}"
        return replace(made, word="downsample", around=around, renamed=renamed)
    kernel = Argument("kernel", part.kernel, "kernel", 1)
    return Call(_SHORTCUTS[part.kind], (*widths, stride, kernel), path, "downsample", renamed=renamed)
