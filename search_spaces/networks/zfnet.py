"""ZFNet: Zeiler, Fergus, "Visualizing and understanding convolutional networks", 2013, arXiv:1311.2901.

AlexNet with a smaller first kernel and stride, in one group, on 3×224×224. The maps of Figure 3 (110, 55, 26, 13, 13,
6) need a padding of 1 in the first convolution, none in the second, and poolings that round up. The contrast
normalization across maps is AlexNet's response normalization with its constants, of which the paper gives none; it
comes after the pooling, as in the figure.
"""

from nas.arch.named import Named
from nas.arch.nodes import Chain, LocalResponseNorm, Network, Pool
from search_spaces.blocks import conv_act, hidden_classifier


def _zfnet(widths: tuple[int, int, int], classes: int) -> Chain:
    pool = Pool("max", 3, stride=2, ceil=True)
    return Chain(
        Chain(conv_act(96, 7, stride=2, padding=1), pool, LocalResponseNorm()),
        Chain(conv_act(256, 5, stride=2, padding=0), pool, LocalResponseNorm()),
        Chain(*(conv_act(width, 3) for width in widths), pool),
        hidden_classifier(classes),
    )


def zfnet(classes: int = 1000) -> Network:
    """ZFNet, Figure 3."""
    return _zfnet((384, 384, 256), classes)


def zfnet_b(classes: int = 1000) -> Network:
    """ZFNet with wider convolutions in layers 3 to 5, model (b) of Table 2."""
    return _zfnet((512, 1024, 512), classes)


NETWORKS = (
    Named("zfnet", zfnet, (3, 224, 224), 1000, 2013, "arXiv:1311.2901"),
    Named("zfnet_b", zfnet_b, (3, 224, 224), 1000, 2013, "arXiv:1311.2901"),
)
