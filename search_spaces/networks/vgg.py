"""VGG: Simonyan, Zisserman, "Very deep convolutional networks for large-scale image recognition", arXiv:1409.1556."""

from functools import partial

from nas.arch.named import Family, Named
from nas.arch.nodes import Act, Chain, Conv, Network, Norm, Pool
from nas.errors import PartError
from search_spaces.blocks import conv_act, hidden_classifier

_DEPTHS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
"""Columns A, B, D and E of Table 1: convolutions in each stage, by the number of layers with weights."""


def vgg(depth: int, norm: bool, classes: int = 1000) -> Network:
    """VGG, a column of Table 1, on 3×224×224; with `norm`, batch normalization after every convolution.

    Columns A-LRN and C of the table have no name here. Errors in the paper are lower than those of others for the same
    network: it tests densely, the linear layers turned into convolutions. Batch normalization is not in the paper; the
    biases of the convolutions stay beside it, as in torchvision, where other libraries drop them.
    """
    conv = _biased_conv_norm_act if norm else partial(conv_act, kernel=3)
    stages = (
        Chain(*[conv(width)] * times, Pool("max", 2))
        for width, times in zip((64, 128, 256, 512, 512), _DEPTHS[depth], strict=True)
    )
    return Chain(*stages, hidden_classifier(classes))


def _biased_conv_norm_act(width: int) -> Chain:
    return Chain(Conv(width, 3, bias=True), Norm(), Act())


def _member(depth: str, norm: str) -> Named:
    name = f"vgg{depth}{norm}"
    if int(depth) not in _DEPTHS:
        raise PartError(f"the depth of a VGG is {', '.join(map(str, _DEPTHS))}, got {depth}", path=name)
    return Named(name, partial(vgg, int(depth), norm == "_bn"), (3, 224, 224), 1000, 2014, "arXiv:1409.1556")


NETWORKS = tuple(_member(str(depth), norm) for norm in ("", "_bn") for depth in _DEPTHS)
FAMILIES = (Family("vggDEPTH", r"vgg(\d+)((?:_bn)?)", _member),)
