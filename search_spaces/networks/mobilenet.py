"""MobileNet v2: Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", 2018, arXiv:1801.04381.

Table 2, on 3×224×224; the first block (t = 1) has no expansion. Parameters and MACs are those of torchvision, whose
are the rounding of widths, the last convolution that is never narrower than 1280, and the dropout of 0.2. Errors are
on ImageNet, centre crop, top-1 and top-5, of TF-slim's weights.
"""

from nas.arch.named import Named
from nas.arch.nodes import Chain, Dropout, Flatten, GlobalPool, Linear, Network, Part, Ratio, Repeat
from search_spaces.blocks import conv_norm_act, inverted, linear_residual, linear_separable

_TABLE_2 = ((6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Rows 3 to 8: expansion t, channels c, repeats n, stride s."""


def _mobilenet_v2(scale: float, classes: int) -> Network:
    def row(t: int, c: int, n: int, s: int) -> Part:
        width = _rounded(c * scale)
        return Chain(
            inverted(Ratio(t), width, stride=s),
            Repeat("next", linear_residual(inverted(Ratio(t), width)), n - 1),
        )

    return Chain(
        conv_norm_act(_rounded(32 * scale), 3, stride=2, act="relu6"),
        linear_separable(_rounded(16 * scale)),
        *(row(t, c, n, s) for t, c, n, s in _TABLE_2),
        conv_norm_act(_rounded(1280 * max(1.0, scale)), act="relu6"),
        Chain(GlobalPool(), Flatten(), Dropout(0.2), Linear(classes)),
    )


def _rounded(channels: float) -> int:
    """The nearest multiple of 8 that is at least 8 and loses at most a tenth."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * channels else nearest + 8


def mobilenet_v2(classes: int = 1000) -> Network:
    """MobileNet v2 of width 1.0.

    Published: 3.4 million parameters, 300 million MACs, 28.0 % top-1 error.
    Counted: 3,504,872 parameters, 300,774,272 MACs. Error: 28.2 % and 9.0 %.
    """
    return _mobilenet_v2(1.0, classes)


def mobilenet_v2_050(classes: int = 1000) -> Network:
    """MobileNet v2 of width 0.5.

    Counted: 1,968,680 parameters, 97,131,840 MACs. Error: 34.6 % and 13.6 %.
    """
    return _mobilenet_v2(0.5, classes)


def mobilenet_v2_075(classes: int = 1000) -> Network:
    """MobileNet v2 of width 0.75.

    Counted: 2,636,424 parameters, 209,069,792 MACs. Error: 30.2 % and 10.4 %.
    """
    return _mobilenet_v2(0.75, classes)


def mobilenet_v2_140(classes: int = 1000) -> Network:
    """MobileNet v2 of width 1.4.

    Published: 6.9 million parameters, 585 million MACs, 25.3 % top-1 error.
    Counted: 6,108,776 parameters, 582,195,824 MACs. Error: 25.0 % and 7.5 %.
    No public implementation has the published number of parameters.
    """
    return _mobilenet_v2(1.4, classes)


NETWORKS = (
    Named("mobilenet_v2-0.5", mobilenet_v2_050, (3, 224, 224), 1000, 2018, "arXiv:1801.04381"),
    Named("mobilenet_v2-0.75", mobilenet_v2_075, (3, 224, 224), 1000, 2018, "arXiv:1801.04381"),
    Named("mobilenet_v2", mobilenet_v2, (3, 224, 224), 1000, 2018, "arXiv:1801.04381"),
    Named("mobilenet_v2-1.4", mobilenet_v2_140, (3, 224, 224), 1000, 2018, "arXiv:1801.04381"),
)
