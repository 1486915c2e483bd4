"""ResNeXt: Xie et al., "Aggregated residual transformations for deep neural networks", 2016, arXiv:1611.05431."""

from nas.arch.nodes import Chain, Network
from search_spaces.blocks import bottleneck, residual
from search_spaces.networks.resnet import resnet


def _resnext(depths: tuple[int, ...], groups: int, group_width: int, classes: int) -> Network:
    def block(width: int, stride: int) -> Chain:
        inner = width * group_width // 64 * groups
        return residual(bottleneck(inner, 4 * width, strides=(1, stride), groups=groups))

    return resnet(block, depths, classes)


def resnext50_32x4d(classes: int = 1000) -> Network:
    """ResNeXt-50 with 32 groups of 4 channels, Table 1, on 3×224×224.

    Counted: 25,028,904 parameters, 4,230,479,872 MACs, as in torchvision.
    Error on ImageNet, centre crop: 22.2 % top-1 (the authors' README).
    The stride is in the 3×3 convolution, as in the authors' code.
    """
    return _resnext((3, 4, 6, 3), 32, 4, classes)
