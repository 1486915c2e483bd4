"""GoogLeNet: Szegedy et al., "Going deeper with convolutions", 2014, arXiv:1409.4842. On 3×224×224."""

from functools import partial

from nas.arch.named import Named
from nas.arch.nodes import (
    Act,
    Chain,
    Dropout,
    Exit,
    Flatten,
    GlobalPool,
    Linear,
    LocalResponseNorm,
    Network,
    Pool,
)
from search_spaces.blocks import conv_act, conv_norm_act, inception

_POOL = Pool("max", 3, stride=2, ceil=True)


def googlenet(classes: int = 1000) -> Network:
    """GoogLeNet with its two auxiliary heads, Table 1.

    The constants of the response normalization are Caffe's; the paper does not give them.
    """
    norm = LocalResponseNorm(bias=1.0)
    head = Exit(
        Chain(
            Chain(Pool("avg", 5, stride=3), conv_act(128), Flatten()),
            Chain(Linear(1024), Act(), Dropout(0.7), Linear(classes)),
        ),
        weight=0.3,
    )
    return Chain(
        Chain(conv_act(64, 7, stride=2), _POOL, norm),
        Chain(conv_act(64), conv_act(192, 3), norm, _POOL),
        inception(64, 96, 128, 16, 32, 32),
        inception(128, 128, 192, 32, 96, 64),
        _POOL,
        inception(192, 96, 208, 16, 48, 64),
        head,
        inception(160, 112, 224, 24, 64, 64),
        inception(128, 128, 256, 24, 64, 64),
        inception(112, 144, 288, 32, 64, 64),
        head,
        inception(256, 160, 320, 32, 128, 128),
        _POOL,
        inception(256, 160, 320, 32, 128, 128),
        inception(384, 192, 384, 48, 128, 128),
        Chain(GlobalPool(), Flatten(), Dropout(0.4), Linear(classes)),
    )


def googlenet_bn(classes: int = 1000) -> Network:
    """GoogLeNet as torchvision builds it.

    Departs from the paper: batch normalization in place of biases and response normalization, 3×3 convolutions in place
    of 5×5, a 2×2 pool before the last two modules, a dropout of 0.2. Torchvision's auxiliary heads, which pool
    adaptively, are left out.
    """
    conv = partial(conv_norm_act, eps=0.001)
    module = partial(inception, conv=conv, largest=3)
    return Chain(
        Chain(conv(64, 7, stride=2), _POOL),
        Chain(conv(64), conv(192, 3), _POOL),
        module(64, 96, 128, 16, 32, 32),
        module(128, 128, 192, 32, 96, 64),
        _POOL,
        module(192, 96, 208, 16, 48, 64),
        module(160, 112, 224, 24, 64, 64),
        module(128, 128, 256, 24, 64, 64),
        module(112, 144, 288, 32, 64, 64),
        module(256, 160, 320, 32, 128, 128),
        Pool("max", 2, ceil=True),
        module(256, 160, 320, 32, 128, 128),
        module(384, 192, 384, 48, 128, 128),
        Chain(GlobalPool(), Flatten(), Dropout(0.2), Linear(classes)),
    )


NETWORKS = (
    Named("googlenet", googlenet, (3, 224, 224), 1000, 2014, "arXiv:1409.4842"),
    Named("googlenet_bn", googlenet_bn, (3, 224, 224), 1000, 2014, "arXiv:1409.4842"),
)
