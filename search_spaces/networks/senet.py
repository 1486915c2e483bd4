"""SENet: Hu, Shen, Albanie, Sun, Wu, "Squeeze-and-excitation networks", 2017, arXiv:1709.01507."""

from nas.arch.nodes import Chain, Network
from search_spaces.blocks import bottleneck, residual, squeeze_excite
from search_spaces.networks.resnet import resnet


def _se_bottleneck(width: int, stride: int) -> Chain:
    return residual(Chain(bottleneck(width, 4 * width, strides=(stride, 1)), squeeze_excite(16)))


def se_resnet50(classes: int = 1000) -> Network:
    """SE-ResNet-50, Table 1, on 3×224×224.

    Counted: 28,088,024 parameters, 3,860,488,192 MACs, as in the authors' released network.
    Error on ImageNet, centre crop: 22.37 % top-1, 6.36 % top-5 (the authors' README, trained longer than in the paper).
    The stride is in the first 1×1 convolution, as in the ResNet paper; timm's `seresnet50` has it in the 3×3.
    """
    return resnet(_se_bottleneck, (3, 4, 6, 3), classes)
