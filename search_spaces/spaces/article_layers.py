"""The layers of the space `article`: what its stages are made of, with holes for every number.

A stage decides once, for all its layers: biases or none, normalization or none and how, and which activation. Widths
and depths are drawn by their logarithm, so that a random network is small as often as it is large.
"""

from typing import Any

from nas.arch.fields import Padding, Size
from nas.arch.holes import shared, span
from nas.arch.nodes import (
    ACTS,
    DEPTHWISE,
    Act,
    Chain,
    Choice,
    Conv,
    Dropout,
    DropPath,
    LocalResponseNorm,
    Norm,
    Part,
    Pool,
    Ratio,
    Repeat,
    Subsample,
    Width,
    pick,
)
from search_spaces.blocks import squeeze_excite

STAGE = "stage"
"""The scope in which what all layers of a stage have in common is decided."""

WIDEST = 2**13
MOST_BLOCKS = 600
_MOST_GROUPS = 128


def width(name: str = "width") -> Any:
    """A number of channels or features."""
    return span(name, 1, WIDEST, log=True)


def share(name: str = "share", most: int = 512) -> Any:
    """A number of channels of one group."""
    return span(name, 1, most, log=True)


def groups(name: str = "groups") -> Any:
    """A number of groups; widths that are cut into them are multiples of it."""
    return span(name, 1, _MOST_GROUPS, log=True)


def odd(name: str, most: int = 15) -> Any:
    """The side of a kernel that has a middle, small ones the most often."""
    return 2 * span(name, 1, (most + 1) // 2, log=True) - 1


def halves() -> Any:
    """The stride of a block that may halve the map, and mostly does not."""
    return span("stride", 1, 2, log=True)


def several(name: str, part: Part, *, most: int = MOST_BLOCKS, some: int = 12) -> Choice:
    """`part` one to `most` times: many times, some, a few or one, so that long rows are rarer than short ones."""
    counts = {
        "many": span("count", 1, most, log=True),
        "some": span("count", 1, min(some, most)),
        "few": span("count", 1, min(3, most)),
        "one": 1,
    }
    rows = tuple(Repeat(name, Chain(part), count) for count in counts.values())
    return Choice(f"{name}s", tuple(counts), rows)


def more(name: str, part: Part, *, most: int = MOST_BLOCKS) -> Choice:
    """`part` as many times as `several` says, or not at all."""
    rows = several(name, part, most=most)
    return Choice(rows.name, (*rows.labels, "none"), (*rows.parts, Chain()))


def maybe(name: str, part: Part) -> Choice:
    """`part` or nothing."""
    return Choice(name, ("on", "off"), (part, Chain()))


def together(choice: Choice) -> Choice:
    """The same choice, made once for all of a stage."""
    return Choice(choice.name, choice.labels, choice.parts, STAGE)


# What a stage decides for its layers.


def _shared(hole: Any) -> Any:
    return shared(STAGE, hole)


BIAS = _shared(pick("bias", False, True))
_NORM = Norm(eps=pick("eps", 1e-5, 1e-3), scale=pick("scale", True, False), shift=pick("shift", True, False))
NORM = together(maybe("norm", _NORM))
ACT = Act(_shared(pick("act", *ACTS)))


def conv(
    out: Width, kernel: Size = 1, *, stride: Size = 1, groups: int | Ratio = 1, padding: Padding = "same"
) -> Chain:
    """Convolution and the stage's normalization."""
    return Chain(Conv(out, kernel, stride=stride, groups=groups, padding=padding, bias=BIAS), NORM)


def conv_act(
    out: Width, kernel: Size = 1, *, stride: Size = 1, groups: int | Ratio = 1, padding: Padding = "same"
) -> Chain:
    """Convolution, the stage's normalization and activation."""
    return Chain(conv(out, kernel, stride=stride, groups=groups, padding=padding), ACT)


def depthwise(kernel: Size, *, stride: Size = 1, padding: Padding = "same", maps: Ratio = DEPTHWISE) -> Conv:
    """Depthwise convolution; `maps` says how many maps it makes of each."""
    return Conv(maps, kernel, stride=stride, groups=DEPTHWISE, padding=padding, bias=BIAS)


def opening(out: Width) -> Any:
    """The convolution that a stage may begin with: it strides, and keeps the map at stride 1 or pads it as it will."""
    stride = span("stride", 1, 4, log=True)
    return pick(
        "opening",
        even=Conv(out, odd("kernel"), stride=stride, bias=BIAS),
        framed=Conv(out, span("side", 1, 11), stride=stride, padding=span("padding", 0, 5), bias=BIAS),
    )


# Single layers.


def percent(name: str) -> Any:
    """A number from 0 to 1, to two places."""
    return span(name, 0, 100) / 100


def dropout(name: str = "dropout") -> Choice:
    """A dropout or none."""
    return maybe(name, Dropout(percent("p")))


RESPONSE = LocalResponseNorm(
    span("size", 1, 15),
    alpha=pick("alpha", 1e-5, 1e-4, 1e-3),
    beta=span("quarters", 1, 4) / 4,
    bias=span("k", 1, 4),
)
SQUEEZE = squeeze_excite(span("reduction", 1, 64))
SE = maybe("se", SQUEEZE)
_DROPPED = span("dropped", 0, 1000) / _shared(span("drops", 1000, 2000))
"""Every fraction of up to 2,000 parts is one of these."""

_DROP_PATH = DropPath(_DROPPED, by=pick("by", "sample", "batch"))
TAIL = pick(
    "tail",
    none=Chain(),
    se=SQUEEZE,
    drop_path=_DROP_PATH,
    se_drop_path=Chain(SQUEEZE, _DROP_PATH),
    drop_path_se=Chain(_DROP_PATH, SQUEEZE),
)
"""What may end the learned branch of a residual block."""


def smaller() -> Any:
    """A pool, or LeNet's subsampling with its activation."""
    return pick("smaller", pool=pool(), subsample=Chain(Subsample(span("side", 2, 3)), ACT))


def pool() -> Any:
    """A pool inside the map, whose stride is at most 2 less than its kernel, or one that pads it on all sides."""
    step = span("stride", 1, 3)
    inside = step + span("overlap", 1, 3, log=True) - 1
    half = span("half", 1, 3)
    ceil, counts = pick("ceil", False, True), pick("count_include_pad", True, False)
    return pick(
        "pool",
        max=Pool("max", inside, stride=step, ceil=ceil),
        mean=Pool("avg", inside, stride=step, ceil=ceil),
        padded_max=Pool("max", 2 * half + 1, stride=step, padding=half),
        padded_mean=Pool("avg", 2 * half + 1, stride=step, padding=half, count_include_pad=counts),
    )
