"""AlexNet: Krizhevsky, Sutskever, Hinton, "ImageNet classification with deep convolutional neural networks", 2012.

Poolings round up, as in Caffe; for `alexnet` that makes no difference. The response normalization divides alpha by the
size of its window, as Caffe and PyTorch do and the paper's formula does not; k is the paper's 2, where Caffe's is 1.
"""

from nas.arch.named import Named
from nas.arch.nodes import Act, Chain, Dropout, Flatten, Linear, LocalResponseNorm, Network, Pool
from search_spaces.blocks import conv_act, hidden_classifier


def _alexnet(classes: int, *, groups: int) -> Chain:
    pool = Pool("max", 3, stride=2, ceil=True)
    return Chain(
        Chain(conv_act(96, 11, stride=4, padding=0), LocalResponseNorm(), pool),
        Chain(conv_act(256, 5, groups=groups), LocalResponseNorm(), pool),
        Chain(conv_act(384, 3), conv_act(384, 3, groups=groups), conv_act(256, 3, groups=groups), pool),
        hidden_classifier(classes),
    )


def alexnet(classes: int = 1000) -> Network:
    """AlexNet in two groups, on 3×227×227, as Caffe's `bvlc_alexnet`: the paper says 224, its 55×55 maps need 227."""
    return _alexnet(classes, groups=2)


def alexnet_ungrouped(classes: int = 1000) -> Network:
    """AlexNet with the paper's widths in one group, on 3×224×224.

    Departs from the paper: every convolution reads all maps, and the first map is 54×54.
    """
    return _alexnet(classes, groups=1)


def alexnet_one_tower(classes: int = 1000) -> Network:
    """AlexNet in one tower, on 3×224×224: Krizhevsky, "One weird trick for parallelizing …", 2014, arXiv:1404.5997.

    Without response normalization, as in torchvision; its adaptive pool is the identity at this size and left out.
    Other libraries build a conv4 of 384 channels under this name.
    """
    pool = Pool("max", 3, stride=2)
    return Chain(
        Chain(conv_act(64, 11, stride=4, padding=2), pool),
        Chain(conv_act(192, 5), pool),
        Chain(conv_act(384, 3), conv_act(256, 3), conv_act(256, 3), pool),
        Chain(Flatten(), Dropout(), Linear(4096), Act(), Dropout(), Linear(4096), Act(), Linear(classes)),
    )


NETWORKS = (
    Named("alexnet", alexnet, (3, 227, 227), 1000, 2012, "NIPS 2012"),
    Named("alexnet_ungrouped", alexnet_ungrouped, (3, 224, 224), 1000, 2012, "NIPS 2012"),
    Named("alexnet_one_tower", alexnet_one_tower, (3, 224, 224), 1000, 2014, "arXiv:1404.5997"),
)
