"""AlexNet: Krizhevsky, Sutskever, Hinton, "ImageNet classification with deep convolutional neural networks", 2012."""

from nas.arch.named import Named
from nas.arch.nodes import Act, Chain, Dropout, Flatten, Linear, LocalResponseNorm, Network, Pool
from search_spaces.blocks import conv_act

_POOL = Pool("max", 3, stride=2)


def alexnet(classes: int = 1000) -> Network:
    """AlexNet in two groups, on 3×227×227.

    Published: 60 million parameters. Counted: 60,965,224 parameters, 724,406,816 MACs, as in Caffe's `bvlc_alexnet`.
    Error on ImageNet, centre crop: 42.9 % top-1, 19.8 % top-5 (Caffe's replication).
    Departs from the paper: it says 224, but its 55×55 maps need 227. The response normalization divides alpha by the
    size of its window, as Caffe and PyTorch do and the paper's formula does not.
    """
    return Chain(
        Chain(conv_act(96, 11, stride=4, padding=0), LocalResponseNorm(), _POOL),
        Chain(conv_act(256, 5, groups=2), LocalResponseNorm(), _POOL),
        Chain(conv_act(384, 3), conv_act(384, 3, groups=2), conv_act(256, 3, groups=2), _POOL),
        Chain(Flatten(), Linear(4096), Act(), Dropout(), Linear(4096), Act(), Dropout(), Linear(classes)),
    )


def alexnet_one_tower(classes: int = 1000) -> Network:
    """AlexNet in one tower, on 3×224×224: Krizhevsky, "One weird trick for parallelizing …", 2014, arXiv:1404.5997.

    Counted: 61,100,840 parameters, 714,188,480 MACs, as in torchvision's `alexnet`.
    Error on ImageNet, centre crop: 43.48 % top-1, 20.93 % top-5 (torchvision's weights).
    Without response normalization, as in torchvision; its adaptive pool is the identity at this size and left out.
    Other libraries build a conv4 of 384 channels under this name.
    """
    return Chain(
        Chain(conv_act(64, 11, stride=4, padding=2), _POOL),
        Chain(conv_act(192, 5), _POOL),
        Chain(conv_act(384, 3), conv_act(256, 3), conv_act(256, 3), _POOL),
        Chain(Flatten(), Dropout(), Linear(4096), Act(), Dropout(), Linear(4096), Act(), Linear(classes)),
    )


NETWORKS = (
    Named("alexnet", alexnet, (3, 227, 227), 1000, 2012, "NIPS 2012"),
    Named("alexnet_one_tower", alexnet_one_tower, (3, 224, 224), 1000, 2014, "arXiv:1404.5997"),
)
