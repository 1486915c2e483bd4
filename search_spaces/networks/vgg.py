"""VGG: Simonyan, Zisserman, "Very deep convolutional networks for large-scale image recognition", arXiv:1409.1556.

All on 3×224×224. Parameters and MACs are those of torchvision. Errors are on ImageNet, centre crop, top-1 and top-5;
the paper's own are lower: it tests densely, its linear layers turned into convolutions. The forms with batch
normalization are not in the paper; they keep the biases of the convolutions, as in torchvision.
"""

from collections.abc import Callable

from nas.arch.named import Named
from nas.arch.nodes import Act, Chain, Conv, Dropout, Flatten, Linear, Network, Norm, Part, Pool
from search_spaces.blocks import conv_act

_A, _B, _D, _E = (1, 1, 2, 2, 2), (2, 2, 2, 2, 2), (2, 2, 3, 3, 3), (2, 2, 4, 4, 4)
"""Columns of Table 1: convolutions in each stage."""


def _vgg(depths: tuple[int, ...], classes: int, *, conv: Callable[[int, int], Part] = conv_act) -> Network:
    stages = (
        Chain(*[conv(width, 3)] * depth, Pool("max", 2))
        for width, depth in zip((64, 128, 256, 512, 512), depths, strict=True)
    )
    hidden = Chain(Linear(4096), Act(), Dropout())
    return Chain(*stages, Flatten(), hidden, hidden, Linear(classes))


def _biased_conv_norm_act(out: int, kernel: int) -> Chain:
    return Chain(Conv(out, kernel, bias=True), Norm(), Act())


def vgg11(classes: int = 1000) -> Network:
    """VGG-11, column A of Table 1.

    Published: 133 million parameters. Counted: 132,863,336 parameters, 7,609,090,048 MACs.
    Error: 30.98 % and 11.37 % (torchvision's weights).
    """
    return _vgg(_A, classes)


def vgg13(classes: int = 1000) -> Network:
    """VGG-13, column B of Table 1.

    Published: 133 million parameters. Counted: 133,047,848 parameters, 11,308,466,176 MACs.
    Error: 30.07 % and 10.75 % (torchvision's weights).
    """
    return _vgg(_B, classes)


def vgg16(classes: int = 1000) -> Network:
    """VGG-16, column D of Table 1.

    Published: 138 million parameters. Counted: 138,357,544 parameters, 15,470,264,320 MACs.
    Error: 28.5 % and 9.9 % (the authors' weights, tested by He et al.).
    """
    return _vgg(_D, classes)


def vgg19(classes: int = 1000) -> Network:
    """VGG-19, column E of Table 1.

    Published: 144 million parameters. Counted: 143,667,240 parameters, 19,632,062,464 MACs.
    Error: 28.7 % and 9.9 % (the authors' weights, tested with MatConvNet).
    """
    return _vgg(_E, classes)


def vgg11_bn(classes: int = 1000) -> Network:
    """VGG-11 with batch normalization.

    Counted: 132,868,840 parameters, 7,609,090,048 MACs. Error: 29.63 % and 10.19 % (torchvision's weights).
    """
    return _vgg(_A, classes, conv=_biased_conv_norm_act)


def vgg13_bn(classes: int = 1000) -> Network:
    """VGG-13 with batch normalization.

    Counted: 133,053,736 parameters, 11,308,466,176 MACs.
    """
    return _vgg(_B, classes, conv=_biased_conv_norm_act)


def vgg16_bn(classes: int = 1000) -> Network:
    """VGG-16 with batch normalization.

    Counted: 138,365,992 parameters, 15,470,264,320 MACs. Error: 26.64 % and 8.48 % (torchvision's weights).
    Other libraries drop the biases of the convolutions (138,361,768 parameters).
    """
    return _vgg(_D, classes, conv=_biased_conv_norm_act)


def vgg19_bn(classes: int = 1000) -> Network:
    """VGG-19 with batch normalization.

    Counted: 143,678,248 parameters, 19,632,062,464 MACs. Error: 25.78 % and 8.16 % (torchvision's weights).
    """
    return _vgg(_E, classes, conv=_biased_conv_norm_act)


NETWORKS = (
    Named("vgg11", vgg11, (3, 224, 224), 1000, 2014, "arXiv:1409.1556"),
    Named("vgg13", vgg13, (3, 224, 224), 1000, 2014, "arXiv:1409.1556"),
    Named("vgg16", vgg16, (3, 224, 224), 1000, 2014, "arXiv:1409.1556"),
    Named("vgg19", vgg19, (3, 224, 224), 1000, 2014, "arXiv:1409.1556"),
    Named("vgg11_bn", vgg11_bn, (3, 224, 224), 1000, 2014, "arXiv:1409.1556"),
    Named("vgg13_bn", vgg13_bn, (3, 224, 224), 1000, 2014, "arXiv:1409.1556"),
    Named("vgg16_bn", vgg16_bn, (3, 224, 224), 1000, 2014, "arXiv:1409.1556"),
    Named("vgg19_bn", vgg19_bn, (3, 224, 224), 1000, 2014, "arXiv:1409.1556"),
)
