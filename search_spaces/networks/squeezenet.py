"""SqueezeNet: Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters …", arXiv:1602.07360.

The authors' Caffe models, on 3×227×227. As other libraries have them they read 3×224×224 and never pad the last map,
which makes no difference to the parameters and makes the MACs fewer.
"""

from nas.arch.named import Named
from nas.arch.nodes import Act, Chain, Conv, Dropout, Flatten, GlobalPool, Network, Pool
from search_spaces.blocks import conv_act, fire

_POOL = Pool("max", 3, stride=2, ceil=True)


def squeezenet1_0(classes: int = 1000) -> Network:
    """SqueezeNet 1.0, Table 1, without bypasses.

    The last 1×1 convolution pads its 13×13 map to 15×15, as the authors' model does: the border holds nothing but the
    biases.
    """
    return Chain(
        Chain(conv_act(96, 7, stride=2, padding=0), _POOL),
        Chain(fire(16, 64, 64), fire(16, 64, 64), fire(32, 128, 128), _POOL),
        Chain(fire(32, 128, 128), fire(48, 192, 192), fire(48, 192, 192), fire(64, 256, 256), _POOL),
        Chain(fire(64, 256, 256), Dropout()),
        Chain(Conv(classes, padding=1, bias=True), Act(), GlobalPool(), Flatten()),
    )


def squeezenet1_1(classes: int = 1000) -> Network:
    """SqueezeNet 1.1, of the authors' repository: a smaller first convolution, earlier pooling, no padded border."""
    return Chain(
        Chain(conv_act(64, 3, stride=2, padding=0), _POOL),
        Chain(fire(16, 64, 64), fire(16, 64, 64), _POOL),
        Chain(fire(32, 128, 128), fire(32, 128, 128), _POOL),
        Chain(fire(48, 192, 192), fire(48, 192, 192), fire(64, 256, 256), fire(64, 256, 256), Dropout()),
        Chain(conv_act(classes), GlobalPool(), Flatten()),
    )


NETWORKS = (
    Named("squeezenet1_0", squeezenet1_0, (3, 227, 227), 1000, 2016, "arXiv:1602.07360"),
    Named("squeezenet1_1", squeezenet1_1, (3, 227, 227), 1000, 2016, "arXiv:1602.07360"),
)
