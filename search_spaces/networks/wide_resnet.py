"""Wide ResNet: Zagoruyko, Komodakis, "Wide residual networks", 2016, arXiv:1605.07146."""

from functools import partial

from nas.arch.named import Family, Named
from nas.arch.nodes import Chain, Conv, Network
from nas.errors import PartError
from search_spaces.blocks import bottleneck, preact_basic, residual
from search_spaces.networks.preact import preact
from search_spaces.networks.resnet import resnet


def wide_resnet(depth: int, width: int, classes: int = 10, *, dropout: float = 0.0) -> Network:
    """WRN-depth-width of Table 1, on 3×32×32: three stages of (depth - 4) / 6 basic pre-activation units B(3,3).

    Where the shape changes, the pre-activation comes before the fork and the shortcut is a 1×1 convolution of it, as in
    the authors' code; without biases but in the linear layer. A dropout, none in the paper's main tables, 0.3 in the
    authors' networks with dropout, stands between the convolutions of a unit, after the ReLU.
    """
    body = partial(preact_basic, dropout=dropout)
    return preact(Conv(16, 3), body, 16 * width, ((depth - 4) // 6,) * 3, classes, widens=width > 1)


def wrn50_2(classes: int = 1000) -> Network:
    """WRN-50-2-bottleneck, on 3×224×224: ResNet-50 with twice the channels in its 3×3 convolutions, and there only.

    Not a pre-activation network: blocks, stem and the stride in the 3×3 convolution are those of `resnet50`.
    """

    def block(width: int, stride: int) -> Chain:
        return residual(bottleneck(2 * width, 4 * width, strides=(1, stride)))

    return resnet(block, (3, 4, 6, 3), classes)


def _member(depth: str, width: str) -> Named:
    name = f"wrn-{depth}-{width}"
    if int(depth) < 10 or int(depth) % 6 != 4:
        raise PartError(f"the depth of a Wide ResNet is 6n+4, and at least 10, got {depth}", path=name)
    return Named(name, partial(wide_resnet, int(depth), int(width)), (3, 32, 32), 10, 2016, "arXiv:1605.07146")


NETWORKS = (
    _member("16", "4"),
    _member("16", "8"),
    _member("22", "8"),
    _member("28", "10"),
    _member("28", "12"),
    _member("40", "1"),
    _member("40", "2"),
    _member("40", "4"),
    _member("40", "8"),
    Named("wrn50_2", wrn50_2, (3, 224, 224), 1000, 2016, "arXiv:1605.07146"),
)
FAMILIES = (Family("wrn-DEPTH-WIDTH", r"wrn-([1-9]\d{0,3})-([1-9]\d{0,2})", _member),)
