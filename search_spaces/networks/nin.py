"""NiN: Lin, Chen, Yan, "Network in network", 2013, arXiv:1312.4400.

There is no linear layer: the last convolution makes a map of each class, and its mean, after a ReLU, is the logit.
Widths and kernels are those of the authors' Caffe models; poolings round up, as in them.
"""

from nas.arch.named import Named
from nas.arch.nodes import Chain, Dropout, Flatten, GlobalPool, Network, Pool
from search_spaces.blocks import mlpconv


def nin_cifar(classes: int = 10) -> Network:
    """NiN for CIFAR, three mlpconv layers, on 3×32×32; the second pooling is the mean."""
    return Chain(
        Chain(mlpconv(192, 160, 96, kernel=5), Pool("max", 3, stride=2, ceil=True), Dropout()),
        Chain(mlpconv(192, 192, 192, kernel=5), Pool("avg", 3, stride=2, ceil=True), Dropout()),
        Chain(mlpconv(192, 192, classes, kernel=3), GlobalPool(), Flatten()),
    )


def nin_imagenet(classes: int = 1000) -> Network:
    """NiN for ImageNet, four mlpconv layers, on 3×224×224; it is not in the paper."""
    pool = Pool("max", 3, stride=2, ceil=True)
    return Chain(
        Chain(mlpconv(96, 96, 96, kernel=11, stride=4, padding=0), pool),
        Chain(mlpconv(256, 256, 256, kernel=5), pool),
        Chain(mlpconv(384, 384, 384, kernel=3), pool, Dropout()),
        Chain(mlpconv(1024, 1024, classes, kernel=3), GlobalPool(), Flatten()),
    )


NETWORKS = (
    Named("nin_cifar", nin_cifar, (3, 32, 32), 10, 2013, "arXiv:1312.4400"),
    Named("nin_imagenet", nin_imagenet, (3, 224, 224), 1000, 2014, "arXiv:1312.4400"),
)
