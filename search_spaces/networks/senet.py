"""SENet: Hu, Shen, Albanie, Sun, Wu, "Squeeze-and-excitation networks", 2017, arXiv:1709.01507.

On 3×224×224. Parameters and MACs are those of the authors' released networks; errors are on ImageNet, centre crop,
top-1 and top-5, from their README (trained longer than in the paper).
"""

from nas.arch.named import Named
from nas.arch.nodes import Chain, Network
from search_spaces.blocks import bottleneck, residual, squeeze_excite
from search_spaces.networks.resnet import resnet


def _bottleneck_v1(width: int, stride: int) -> Chain:
    return residual(Chain(bottleneck(width, 4 * width, strides=(stride, 1)), squeeze_excite()))


def _resnext_32x4d(width: int, stride: int) -> Chain:
    return residual(Chain(bottleneck(2 * width, 4 * width, strides=(1, stride), groups=32), squeeze_excite()))


def se_resnet50(classes: int = 1000) -> Network:
    """SE-ResNet-50, Table 1.

    Counted: 28,088,024 parameters, 3,860,488,192 MACs. Error: 22.37 % and 6.36 %.
    The stride is in the first 1×1 convolution, as in the ResNet paper; timm's `seresnet50` has it in the 3×3.
    """
    return resnet(_bottleneck_v1, (3, 4, 6, 3), classes)


def se_resnet101(classes: int = 1000) -> Network:
    """SE-ResNet-101.

    Counted: 49,326,872 parameters, 7,574,937,600 MACs. Error: 21.75 % and 5.72 %.
    The stride is in the first 1×1 convolution.
    """
    return resnet(_bottleneck_v1, (3, 4, 23, 3), classes)


def se_resnext50_32x4d(classes: int = 1000) -> Network:
    """SE-ResNeXt-50 32x4d, Table 1.

    Counted: 27,559,896 parameters, 4,232,994,816 MACs. Error: 20.97 % and 5.54 %.
    The stride is in the 3×3 convolution.
    """
    return resnet(_resnext_32x4d, (3, 4, 6, 3), classes)


NETWORKS = (
    Named("se_resnet50", se_resnet50, (3, 224, 224), 1000, 2017, "arXiv:1709.01507"),
    Named("se_resnet101", se_resnet101, (3, 224, 224), 1000, 2017, "arXiv:1709.01507"),
    Named("se_resnext50_32x4d", se_resnext50_32x4d, (3, 224, 224), 1000, 2017, "arXiv:1709.01507"),
)
