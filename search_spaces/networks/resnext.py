"""ResNeXt: Xie et al., "Aggregated residual transformations for deep neural networks", 2016, arXiv:1611.05431.

On 3×224×224. Errors are on ImageNet, centre crop, top-1, from the authors' README. The stride of a block is in its 3×3
convolution, as in the authors' code.
"""

from nas.arch.named import Named
from nas.arch.nodes import Chain, Network
from search_spaces.blocks import bottleneck, residual
from search_spaces.networks.resnet import resnet


def _resnext(depths: tuple[int, ...], groups: int, group_width: int, classes: int) -> Network:
    def block(width: int, stride: int) -> Chain:
        inner = width * group_width // 64 * groups
        return residual(bottleneck(inner, 4 * width, strides=(1, stride), groups=groups))

    return resnet(block, depths, classes)


def resnext50_32x4d(classes: int = 1000) -> Network:
    """ResNeXt-50 with 32 groups, of 4 channels in the first stage, Table 1.

    Counted: 25,028,904 parameters, 4,230,479,872 MACs, as in torchvision. Error: 22.2 %.
    """
    return _resnext((3, 4, 6, 3), 32, 4, classes)


def resnext101_32x4d(classes: int = 1000) -> Network:
    """ResNeXt-101 with 32 groups, of 4 channels in the first stage.

    Published: 44 million parameters. Counted: 44,177,704 parameters, 7,969,996,800 MACs. Error: 21.2 %.
    """
    return _resnext((3, 4, 23, 3), 32, 4, classes)


def resnext101_64x4d(classes: int = 1000) -> Network:
    """ResNeXt-101 with 64 groups, of 4 channels in the first stage.

    Counted: 83,455,272 parameters, 15,460,270,080 MACs, as in torchvision. Error: 20.4 %.
    """
    return _resnext((3, 4, 23, 3), 64, 4, classes)


NETWORKS = (
    Named("resnext50_32x4d", resnext50_32x4d, (3, 224, 224), 1000, 2016, "arXiv:1611.05431"),
    Named("resnext101_32x4d", resnext101_32x4d, (3, 224, 224), 1000, 2016, "arXiv:1611.05431"),
    Named("resnext101_64x4d", resnext101_64x4d, (3, 224, 224), 1000, 2016, "arXiv:1611.05431"),
)
