"""LeNet: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998."""

from nas.arch.named import Named
from nas.arch.nodes import Act, Chain, Conv, Flatten, Linear, Network, Pool, RadialBasis, Subsample, TableConv
from search_spaces.blocks import conv_act

C3 = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),
    (0, 1, 2, 3, 4, 5),
)
"""Table I: the maps of S2 that each map of C3 reads."""


def lenet5(classes: int = 10) -> Network:
    """LeNet-5 as published, on 1×32×32 (28×28 digits with a border).

    Departs from the paper in the fixed codes of the output layer: they are drawn at random, where the paper has 7×12
    pictures of the ASCII characters, so that characters that look alike have codes that are alike.
    The connections that the paper counts are the MACs, those of the output layer among them, and besides a connection
    for every bias that is added and, in the subsampling, for every element that is summed.
    """
    squash = Act("lecun_tanh")
    return Chain(
        Chain(Conv(6, 5, padding=0, bias=True), squash, Subsample(), squash),
        Chain(TableConv(C3, 5), squash, Subsample(), squash),
        Chain(Conv(120, 5, padding=0, bias=True), squash),
        Chain(Flatten(), Linear(84), squash, RadialBasis(classes)),
    )


def lenet5_modern(classes: int = 10) -> Network:
    """LeNet-5 as textbooks build it today, on 1×32×32.

    Departs from the paper: ReLU, max pooling without parameters, C3 reads all maps, a linear output.
    """
    return Chain(
        Chain(conv_act(6, 5, padding=0), Pool("max", 2)),
        Chain(conv_act(16, 5, padding=0), Pool("max", 2)),
        Chain(conv_act(120, 5, padding=0), Flatten()),
        Chain(Linear(84), Act(), Linear(classes)),
    )


def lenet_caffe(classes: int = 10) -> Network:
    """The LeNet of Caffe's MNIST example, on 1×28×28.

    Not a network of the paper: two wide convolutions that read all maps, max pooling, no activation before the hidden
    linear layer, and a linear output.
    """
    return Chain(
        Chain(Conv(20, 5, padding=0, bias=True), Pool("max", 2)),
        Chain(Conv(50, 5, padding=0, bias=True), Pool("max", 2)),
        Chain(Flatten(), Linear(500), Act(), Linear(classes)),
    )


NETWORKS = (
    Named("lenet5", lenet5, (1, 32, 32), 10, 1998, "Proc. IEEE 86(11)"),
    Named("lenet5_modern", lenet5_modern, (1, 32, 32), 10, 1998, "Proc. IEEE 86(11)"),
    Named("lenet_caffe", lenet_caffe, (1, 28, 28), 10, 2014, "BVLC/caffe:examples/mnist"),
)
