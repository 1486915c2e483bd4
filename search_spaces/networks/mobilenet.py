"""MobileNet: Howard et al., 2017, arXiv:1704.04861; MobileNet v2: Sandler et al., 2018, arXiv:1801.04381.

Both come in widths, which multiply the channels, and in resolutions, which change no weight.

v1 is Table 1. Its last depthwise convolution is printed with stride 2; the sizes of the maps say 1, and so does the
authors' code (TF-slim's `mobilenet_v1.py`). The activation is the paper's ReLU; the code clips it at 6, and drops one
feature in a thousand before the linear layer. No width is below 8, as in the code.

v2 is Table 2; the first block (t = 1) has no expansion. As in torchvision and the authors' code, widths are rounded to
multiples of 8, and the last convolution is never narrower than 1280; the dropout of 0.2 is torchvision's. Nobody's
implementation has the parameters that the paper prints for width 1.4.
"""

from collections.abc import Callable
from functools import partial

from nas.arch.named import Family, Named
from nas.arch.nodes import Chain, Dropout, Flatten, GlobalPool, Linear, Network, Part, Ratio, Repeat
from nas.errors import PartError
from search_spaces.blocks import classifier, conv_norm_act, inverted, linear_residual, linear_separable, separable

_V1 = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))
"""Table 1 of v1 after the first convolution: channels, stride."""

_V2 = ((6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Rows 3 to 8 of Table 2 of v2: expansion t, channels c, repeats n, stride s."""


def mobilenet_v1(width: float, classes: int) -> Network:
    """A convolution and 13 separable ones."""

    def scaled(channels: int) -> int:
        return max(8, int(channels * width))

    separables = (separable(scaled(channels), stride=stride) for channels, stride in _V1)
    return Chain(conv_norm_act(scaled(32), 3, stride=2), *separables, classifier(classes))


def mobilenet_v2(width: float, classes: int) -> Network:
    """A convolution, 17 inverted residual blocks, a wide 1×1 convolution."""

    def row(t: int, c: int, n: int, s: int) -> Part:
        channels = _rounded(c * width)
        return Chain(
            inverted(Ratio(t), channels, stride=s),
            Repeat("next", linear_residual(inverted(Ratio(t), channels)), n - 1),
        )

    return Chain(
        conv_norm_act(_rounded(32 * width), 3, stride=2, act="relu6"),
        linear_separable(_rounded(16 * width)),
        *(row(*numbers) for numbers in _V2),
        conv_norm_act(_rounded(1280 * max(1.0, width)), act="relu6"),
        Chain(GlobalPool(), Flatten(), Dropout(0.2), Linear(classes)),
    )


def _rounded(channels: float) -> int:
    """The nearest multiple of 8 that is at least 8 and loses at most a tenth."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * channels else nearest + 8


def _member(
    stem: str,
    make: Callable[[float, int], Network],
    year: int,
    paper: str,
    width: str = "1.0",
    resolution: str | None = None,
) -> Named:
    scale, side = float(width), int(resolution or 224)
    if scale == 0 or side < 32:
        raise PartError(f"a MobileNet has a width above 0 and a resolution of at least 32, got {width} and {side}")
    name = stem if (scale, side) == (1, 224) else f"{stem}-{scale}" + (f"-{side}" if side != 224 else "")
    return Named(name, partial(make, scale), (3, side, side), 1000, year, paper)


_v1 = partial(_member, "mobilenet_v1", mobilenet_v1, 2017, "arXiv:1704.04861")
_v2 = partial(_member, "mobilenet_v2", mobilenet_v2, 2018, "arXiv:1801.04381")
_NUMBERS = r"-(\d+(?:\.\d+)?)(?:-(\d+))?"

FAMILIES = (
    Family("mobilenet_v1-WIDTH-RESOLUTION", "mobilenet_v1" + _NUMBERS, _v1),
    Family("mobilenet_v2-WIDTH-RESOLUTION", "mobilenet_v2" + _NUMBERS, _v2),
)

NETWORKS = (
    _v1(),
    *(_v1("1.0", resolution) for resolution in ("192", "160", "128")),
    *(_v1("0.75", resolution) for resolution in (None, "192", "128")),
    *(_v1("0.5", resolution) for resolution in (None, "192", "160", "128")),
    *(_v1("0.25", resolution) for resolution in (None, "192", "160")),
    *map(_v2, ("0.5", "0.75", "1.0", "1.4")),
)
