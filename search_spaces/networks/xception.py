"""Xception: Chollet, "Xception: Deep learning with depthwise separable convolutions", 2016, arXiv:1610.02357.

As in the ports to PyTorch, pools at stride 2 are padded alike on all sides, where TensorFlow pads an even map at the
bottom and right alone, and norms add 1e-5 to the variance, where Keras adds 1e-3.
"""

from nas.arch.named import Named
from nas.arch.nodes import (
    DEPTHWISE,
    Act,
    Branches,
    Chain,
    Conv,
    Dropout,
    Flatten,
    GlobalPool,
    Linear,
    Network,
    Norm,
    Pool,
    Shortcut,
)
from search_spaces.blocks import conv_norm_act, linear_residual


def _separable(width: int) -> Chain:
    """3×3 depthwise and 1×1 convolution with nothing between them, normalization."""
    return Chain(Conv(DEPTHWISE, 3, groups=DEPTHWISE), Conv(width), Norm())


def _down(*body: Chain | Act) -> Chain:
    """A residual block that halves the map: max pool beside a 1×1 convolution at stride 2."""
    return Chain(Branches(Shortcut(), Chain(*body, Pool("max", 3, stride=2, padding=1))))


def xception(classes: int = 1000) -> Network:
    """Xception, Figure 5, on 3×299×299; dropout of 0.5 before the classifier, as trained on ImageNet."""
    middle = linear_residual(Chain(*[Chain(Act(), _separable(728))] * 3))
    return Chain(
        Chain(conv_norm_act(32, 3, stride=2, padding=0), conv_norm_act(64, 3, padding=0)),
        _down(_separable(128), Act(), _separable(128)),
        _down(Act(), _separable(256), Act(), _separable(256)),
        _down(Act(), _separable(728), Act(), _separable(728)),
        Chain(*[middle] * 8),
        _down(Act(), _separable(728), Act(), _separable(1024)),
        Chain(_separable(1536), Act(), _separable(2048), Act()),
        Chain(GlobalPool(), Flatten(), Dropout(0.5), Linear(classes)),
    )


NETWORKS = (Named("xception", xception, (3, 299, 299), 1000, 2016, "arXiv:1610.02357"),)
