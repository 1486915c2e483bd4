"""LeNet-5: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998."""

from nas.arch.named import Named
from nas.arch.nodes import Act, Chain, Conv, Flatten, Linear, Network, Pool, RadialBasis, Subsample, TableConv
from search_spaces.blocks import conv_act

_C3 = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),
    (0, 1, 2, 3, 4, 5),
)
"""Table I: the maps of S2 that each map of C3 reads."""


def lenet5(classes: int = 10) -> Network:
    """LeNet-5 as published, on 1×32×32 (28×28 digits with a border).

    Published: 60,000 learned parameters, 340,908 connections.
    Counted: 60,000 parameters; 326,520 MACs, the 840 of the fixed output codes among them.
    The paper counts biases and the additions of the subsampling as connections.
    """
    squash = Act("lecun_tanh")
    return Chain(
        Chain(Conv(6, 5, padding=0, bias=True), squash, Subsample(), squash),
        Chain(TableConv(_C3, 5), squash, Subsample(), squash),
        Chain(Conv(120, 5, padding=0, bias=True), squash),
        Chain(Flatten(), Linear(84), squash, RadialBasis(classes)),
    )


def lenet5_modern(classes: int = 10) -> Network:
    """LeNet-5 as textbooks build it today, on 1×32×32.

    Counted: 61,706 parameters, 416,520 MACs.
    Departs from the paper: ReLU, max pooling without parameters, C3 reads all maps, a linear output.
    """
    return Chain(
        Chain(conv_act(6, 5, padding=0), Pool("max", 2)),
        Chain(conv_act(16, 5, padding=0), Pool("max", 2)),
        Chain(conv_act(120, 5, padding=0), Flatten()),
        Chain(Linear(84), Act(), Linear(classes)),
    )


NETWORKS = (
    Named("lenet5", lenet5, (1, 32, 32), 10, 1998, "Proc. IEEE 86(11)"),
    Named("lenet5_modern", lenet5_modern, (1, 32, 32), 10, 1998, "Proc. IEEE 86(11)"),
)
