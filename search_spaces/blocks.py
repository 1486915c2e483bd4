"""The building blocks as functions from numbers to parts; wherever a number or a part may stand, a hole may."""

from collections.abc import Callable
from itertools import cycle

from nas.arch.fields import Padding, Size
from nas.arch.nodes import (
    DEPTHWISE,
    Act,
    Branches,
    Chain,
    Chunk,
    Conv,
    Dropout,
    Flatten,
    Fork,
    GlobalPool,
    Linear,
    Norm,
    Part,
    Pool,
    Ratio,
    Repeat,
    Scale,
    Scope,
    Shortcut,
    Shuffle,
    Width,
)
from nas.arch.rewrite import squeeze_excite as squeeze_excite


def conv_act(
    out: Width, kernel: Size = 1, *, stride: Size = 1, groups: int | Ratio = 1, padding: Padding = "same"
) -> Chain:
    """Convolution with biases, ReLU: the layer of the networks before batch normalization."""
    return Chain(Conv(out, kernel, stride=stride, groups=groups, padding=padding, bias=True), Act())


def conv_norm(
    out: Width,
    kernel: Size = 1,
    *,
    stride: Size = 1,
    groups: int | Ratio = 1,
    padding: Padding = "same",
    eps: float = 1e-5,
) -> Chain:
    """Convolution without biases, batch normalization."""
    return Chain(Conv(out, kernel, stride=stride, groups=groups, padding=padding), Norm(eps=eps))


def conv_norm_act(
    out: Width,
    kernel: Size = 1,
    *,
    stride: Size = 1,
    groups: int | Ratio = 1,
    padding: Padding = "same",
    eps: float = 1e-5,
    act: str = "relu",
) -> Chain:
    """Convolution without biases, batch normalization, activation."""
    return Chain(conv_norm(out, kernel, stride=stride, groups=groups, padding=padding, eps=eps), Act(act))


def norm_act_conv(out: Width, kernel: Size = 1, *, stride: Size = 1) -> Chain:
    """Batch normalization, ReLU, convolution: the order of pre-activation and dense layers."""
    return Chain(Norm(), Act(), Conv(out, kernel, stride=stride))


def stage(block: Callable[[int], Chain], depth: int, *, stride: int) -> Chain:
    """`depth` blocks, the first made with the stride and the others with 1."""
    return Chain(Scope("first", block(stride)), Repeat("next", block(1), depth - 1))


def classifier(classes: int) -> Chain:
    """Global average pool, linear layer."""
    return Chain(GlobalPool(), Flatten(), Linear(classes))


def hidden_classifier(classes: int) -> Chain:
    """Two hidden layers of 4096 with dropout, linear layer: the head of AlexNet and VGG."""
    hidden = Chain(Linear(4096), Act(), Dropout())
    return Chain(Flatten(), hidden, hidden, Linear(classes))


def mlpconv(*widths: Width, kernel: Size, stride: Size = 1, padding: Padding = "same") -> Chain:
    """k×k convolution to the first width, 1×1 convolutions to the others: a perceptron slid over the map (NiN)."""
    first, *others = widths
    return Chain(conv_act(first, kernel, stride=stride, padding=padding), *map(conv_act, others))


def fire(squeeze: Width, one: Width, three: Width) -> Chain:
    """1×1 convolution to few channels, then 1×1 and 3×3 convolutions of them side by side (SqueezeNet)."""
    return Chain(conv_act(squeeze), Branches(conv_act(one), conv_act(three, 3), join="concat"))


def residual(body: Part, *, shortcut: str = "projection") -> Chain:
    """The sum x + body(x), ReLU; where the shape changes, x goes through a shortcut of that kind."""
    return Chain(Branches(Shortcut(shortcut), body), Act())


def linear_residual(body: Part) -> Chain:
    """The sum x + body(x), the body keeping the shape."""
    return Chain(Branches(Chain(), body))


def basic(width: Width, *, kernel: Size = 3, stride: Size = 1) -> Chain:
    """Body of a basic residual block: two k×k convolutions."""
    return Chain(conv_norm_act(width, kernel, stride=stride), conv_norm(width, kernel))


def bottleneck(
    inner: Width, out: Width, *, kernel: Size = 3, strides: tuple[int, int] = (1, 1), groups: int = 1
) -> Chain:
    """Body of a bottleneck block: 1×1 to `inner`, k×k in `groups`, 1×1 to `out`; `strides` of the first two."""
    return Chain(
        conv_norm_act(inner, stride=strides[0]),
        conv_norm_act(inner, kernel, stride=strides[1], groups=groups),
        conv_norm(out),
    )


def preact_keep(body: Part) -> Chain:
    """Pre-activation unit that keeps the shape: x + body(relu(norm(x)))."""
    return linear_residual(Chain(Norm(), Act(), body))


def preact_change(body: Part) -> Chain:
    """Pre-activation unit that changes the shape: with y = relu(norm(x)), a 1×1 convolution of y + body(y)."""
    return Chain(Norm(), Act(), Branches(Shortcut("conv"), body))


def preact_basic(width: Width, *, kernel: Size = 3, stride: Size = 1, dropout: float = 0.0) -> Chain:
    """Body of a basic pre-activation unit: two k×k convolutions, dropout before the second if there is any."""
    between = (Dropout(dropout),) if dropout != 0 else ()
    return Chain(Conv(width, kernel, stride=stride), Norm(), Act(), *between, Conv(width, kernel))


def preact_bottleneck(inner: Width, out: Width, *, kernel: Size = 3, stride: Size = 1) -> Chain:
    """Body of a bottleneck pre-activation unit: 1×1 to `inner`, k×k with the stride, 1×1 to `out`."""
    return Chain(Conv(inner), norm_act_conv(inner, kernel, stride=stride), norm_act_conv(out))


def fractal(unit: Part, columns: int, *, drop_path: float = 0.0) -> Part:
    """f(1) is the unit; f(C+1) is f(C) twice in a row beside the unit, its join left to the one around it."""
    if columns == 1:
        return unit
    half = fractal(unit, columns - 1, drop_path=drop_path)
    return Fork(Chain(fractal_join(half, drop_path=drop_path), half), unit)


def fractal_join(paths: Part, *, drop_path: float = 0.0) -> Chain:
    """The mean of the paths of a fork; a single path needs none."""
    return Chain(Branches(paths, join="mean", drop_path=drop_path) if isinstance(paths, Fork) else paths)


def concat(*branches: Part) -> Chain:
    """What the branches make of one input, channel after channel."""
    return Chain(Branches(*branches, join="concat"))


def inception(
    one: int,
    reduce3: int,
    three: int,
    reduce5: int,
    five: int,
    pooled: int,
    *,
    conv: Callable[..., Part] = conv_act,
    largest: int = 5,
) -> Chain:
    """1×1, 3×3 and 5×5 convolutions and a max pool side by side; numbers in the order of GoogLeNet's table."""
    return concat(
        conv(one),
        Chain(conv(reduce3), conv(three, 3)),
        Chain(conv(reduce5), conv(five, largest)),
        Chain(Pool("max", 3, stride=1, padding=1), conv(pooled)),
    )


def inception_double(
    one: int,
    reduce: int,
    single: int,
    reduce_double: int,
    double: int,
    pooled: int,
    *,
    pool: Part,
    conv: Callable[..., Part] = conv_norm_act,
    kernel: int = 3,
) -> Chain:
    """1×1, k×k and twice 3×3 convolutions and a pool side by side; numbers in the order of BN-Inception's table."""
    return concat(
        conv(one),
        Chain(conv(reduce), conv(single, kernel)),
        Chain(conv(reduce_double), conv(double, 3), conv(double, 3)),
        Chain(pool, conv(pooled)),
    )


def inception_conv(width: Width, kernel: Size = 1, *, stride: Size = 1, padding: Padding = "same") -> Chain:
    """The layer of the Inception networks from v3 on."""
    return conv_norm_act(width, kernel, stride=stride, padding=padding, eps=1e-3)


def unpadded(width: Width, *, stride: Size = 2) -> Chain:
    """A 3×3 convolution that stays inside the map."""
    return inception_conv(width, 3, stride=stride, padding=0)


def factorized(kernel: int, *widths: Width, column_first: bool = False) -> Chain:
    """A 1×k and a k×1 convolution by turns, one for each width; `column_first` begins with k×1."""
    row, column = (1, kernel), (kernel, 1)
    turns = cycle((column, row) if column_first else (row, column))
    return Chain(*(inception_conv(width, turn) for width, turn in zip(widths, turns, strict=False)))


def forked(width: Width) -> Fork:
    """A 1×3 and a 3×1 convolution side by side: the end of a branch whose join takes both."""
    return Fork(inception_conv(width, (1, 3)), inception_conv(width, (3, 1)))


def reduction(*branches: Part) -> Chain:
    """Branches that halve the map without padding, and beside them a max pool that does."""
    return concat(*branches, Pool("max", 3, stride=2))


def reduction_a(reduce: Width, middle: Width, last: Width, alone: Width) -> Chain:
    """35×35 to 17×17; the widths are k, l, m and n of Table 1 of the Inception-v4 paper (arXiv:1602.07261)."""
    return reduction(unpadded(alone), Chain(inception_conv(reduce), inception_conv(middle, 3), unpadded(last)))


def inception_stem() -> Chain:
    """The layers that Inception-v3 and both Inception-ResNets begin with: 299×299 to 192 maps of 71×71."""
    return Chain(
        Chain(unpadded(32), unpadded(32, stride=1), inception_conv(64, 3)),
        Pool("max", 3, stride=2),
        Chain(inception_conv(80), unpadded(192, stride=1)),
    )


def scaled_residual(body: Part, scale: float) -> Chain:
    """The sum x + scale · (W·body(x) + b); the 1×1 convolution W brings the body to the width of x."""
    return linear_residual(Chain(body, Conv("fit", bias=True), Scale(scale)))


def dense_layer(body: Part) -> Chain:
    """The input with what `body` makes of it appended."""
    return Chain(Branches(Chain(), body, join="concat"))


def dense_bottleneck(growth: int) -> Chain:
    """Body of a DenseNet-B layer: 1×1 to four times the growth, 3×3 to the growth."""
    return Chain(norm_act_conv(4 * growth), norm_act_conv(growth, 3))


def dense_transition(width: Width) -> Chain:
    """1×1 convolution to `width`, halving of the map by an average pool."""
    return Chain(norm_act_conv(width), Pool("avg", 2))


def separable(width: Width, *, kernel: Size = 3, stride: Size = 1, act: str = "relu") -> Chain:
    """k×k depthwise and 1×1 convolution, each with normalization and activation (MobileNet v1)."""
    return Chain(
        conv_norm_act(DEPTHWISE, kernel, stride=stride, groups=DEPTHWISE, act=act), conv_norm_act(width, act=act)
    )


def linear_separable(width: Width, *, kernel: Size = 3, stride: Size = 1) -> Chain:
    """k×k depthwise convolution with ReLU6 and 1×1 convolution without activation."""
    return Chain(conv_norm_act(DEPTHWISE, kernel, stride=stride, groups=DEPTHWISE, act="relu6"), conv_norm(width))


def inverted(expanded: Width, width: Width, *, kernel: Size = 3, stride: Size = 1) -> Chain:
    """Body of an inverted residual block: 1×1 to `expanded`, usually a `Ratio` above 1, k×k depthwise, 1×1 linear."""
    return Chain(conv_norm_act(expanded, act="relu6"), linear_separable(width, kernel=kernel, stride=stride))


def shuffle_body(
    inner: Width, out: Width, *, groups: int, first_groups: int, kernel: Size = 3, stride: Size = 1
) -> Chain:
    """Body of a ShuffleNet unit: grouped 1×1, channel shuffle, k×k depthwise, grouped 1×1."""
    return Chain(
        conv_norm_act(inner, groups=first_groups),
        Shuffle(groups),
        conv_norm(DEPTHWISE, kernel, stride=stride, groups=DEPTHWISE),
        conv_norm(out, groups=groups),
    )


def shuffle_keep(body: Part) -> Chain:
    """ShuffleNet unit that keeps the shape: x + body(x), ReLU."""
    return Chain(linear_residual(body), Act())


def shuffle_down(body: Part) -> Chain:
    """ShuffleNet unit that halves the map: the pooled input with what `body`, of stride 2, makes of it, ReLU."""
    return Chain(Branches(Pool("avg", 3, stride=2, padding=1), body, join="concat"), Act())


def split_body(width: Width, *, stride: int = 1) -> Chain:
    """Body of a ShuffleNet v2 unit: 1×1, 3×3 depthwise, 1×1."""
    return Chain(conv_norm_act(width), conv_norm(DEPTHWISE, 3, stride=stride, groups=DEPTHWISE), conv_norm_act(width))


def split_keep(body: Part) -> Chain:
    """ShuffleNet v2 unit that keeps the shape: half of the channels as they are, half through `body`, shuffled."""
    return Chain(Branches(Chunk(0), Chain(Chunk(1), body), join="concat"), Shuffle(2))


def split_down(width: Width) -> Chain:
    """ShuffleNet v2 unit that halves the map, to twice `width` channels: two branches on all channels, shuffled."""
    short = Chain(conv_norm(DEPTHWISE, 3, stride=2, groups=DEPTHWISE), conv_norm_act(width))
    return Chain(Branches(short, split_body(width, stride=2), join="concat"), Shuffle(2))
