"""ResNet: He, Zhang, Ren, Sun, "Deep residual learning for image recognition", 2015, arXiv:1512.03385."""

from collections.abc import Callable, Iterable
from functools import partial

from nas.arch.nodes import Chain, Network, Pool
from search_spaces.blocks import basic, bottleneck, classifier, conv_norm_act, residual, stage


def resnet(block: Callable[[int, int], Chain], depths: Iterable[int], classes: int) -> Network:
    """The skeleton for ImageNet: a stage of `block(width, stride)` for each depth, widths doubling from 64."""
    stages = (stage(partial(block, 64 << i), depth, stride=2 if i else 1) for i, depth in enumerate(depths))
    return Chain(conv_norm_act(64, 7, stride=2), Pool("max", 3, stride=2, padding=1), *stages, classifier(classes))


def cifar_resnet(depth: int, classes: int) -> Network:
    """The networks for 32×32 images: 6n+2 layers in three stages of n blocks; shortcuts without parameters."""

    def block(width: int, stride: int) -> Chain:
        return residual(basic(width, stride=stride), shortcut="zero_pad")

    stages = (stage(partial(block, 16 << i), (depth - 2) // 6, stride=2 if i else 1) for i in range(3))
    return Chain(conv_norm_act(16, 3), *stages, classifier(classes))


def _basic(width: int, stride: int) -> Chain:
    return residual(basic(width, stride=stride))


def _bottleneck(width: int, stride: int) -> Chain:
    return residual(bottleneck(width, 4 * width, strides=(1, stride)))


def resnet18(classes: int = 1000) -> Network:
    """ResNet-18, Table 1, on 3×224×224.

    Counted: 11,689,512 parameters, 1,814,073,344 MACs, as in torchvision.
    Error on ImageNet, centre crop: 30.24 % top-1, 10.92 % top-5 (torchvision's weights).
    Shortcuts that change the shape are projections (the paper's option B).
    """
    return resnet(_basic, (2, 2, 2, 2), classes)


def resnet50(classes: int = 1000) -> Network:
    """ResNet-50, Table 1, on 3×224×224.

    Counted: 25,557,032 parameters, 4,089,184,256 MACs, as in torchvision.
    Error on ImageNet, centre crop: 24.01 % top-1, 7.02 % top-5 (fb.resnet.torch).
    Departs from the paper: the stride is in the 3×3 convolution, as it is used today, not in the first 1×1, which
    would make 3,857,973,248 MACs.
    """
    return resnet(_bottleneck, (3, 4, 6, 3), classes)


def resnet20(classes: int = 10) -> Network:
    """ResNet-20 for CIFAR-10, Section 4.2, on 3×32×32.

    Published: 0.27 million parameters, 8.75 % error. Counted: 269,722 parameters, 40,551,040 MACs.
    Many libraries use projections as shortcuts (272,474 parameters); the paper's have no parameters.
    """
    return cifar_resnet(20, classes)
