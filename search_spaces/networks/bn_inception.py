"""BN-Inception, also called Inception v2: Ioffe, Szegedy, "Batch normalization", 2015, arXiv:1502.03167.

The table in its appendix, on 3×224×224, without auxiliary heads. The 13.6 million parameters that the paper states fit
no public network; these differ in what 4c and 4d pool to, 128 channels or 96.
"""

from collections.abc import Callable
from functools import partial

from nas.arch.fields import Padding, Size
from nas.arch.named import Named
from nas.arch.nodes import (
    DEPTHWISE,
    Act,
    Chain,
    Conv,
    Dropout,
    Flatten,
    GlobalPool,
    Linear,
    Network,
    Norm,
    Part,
    Pool,
    Ratio,
    Width,
)
from nas.arch.rewrite import with_se
from search_spaces.blocks import classifier, concat, conv_norm_act, inception_double

_POOL = Pool("max", 3, stride=2, ceil=True)


def _features(conv: Callable[..., Part], *, stem: Part, mean: Pool, pooled: int) -> Chain:
    """All but the classifier; `pooled` is the width of the pooled branch in 4c and 4d."""
    module = partial(inception_double, conv=conv, pool=mean)
    down = partial(_down, conv=conv)
    return Chain(
        Chain(stem, _POOL, conv(64), conv(192, 3), _POOL),
        module(64, 64, 64, 64, 96, 32),
        module(64, 64, 96, 64, 96, 64),
        down(128, 160, 64, 96),
        module(224, 64, 96, 96, 128, 128),
        module(192, 96, 128, 96, 128, 128),
        module(160, 128, 160, 128, 160, pooled),
        module(96, 128, 192, 160, 192, pooled),
        down(128, 192, 192, 256),
        module(352, 192, 320, 160, 224, 128),
        module(352, 192, 320, 192, 224, 128, pool=Pool("max", 3, stride=1, padding=1)),
    )


def _down(reduce: int, single: int, reduce_double: int, double: int, *, conv: Callable[..., Part]) -> Chain:
    """The module that halves the map, 3c and 4e: no 1×1 branch, and the pool passes its channels through."""
    return concat(
        Chain(conv(reduce), conv(single, 3, stride=2)),
        Chain(conv(reduce_double), conv(double, 3), conv(double, 3, stride=2)),
        _POOL,
    )


def _caffe(classes: int, *, conv: Callable[..., Part]) -> Chain:
    """The form of the networks that came by way of Caffe, whose average pools count their padding."""
    mean = Pool("avg", 3, stride=1, padding=1)
    return Chain(_features(conv, stem=conv(64, 7, stride=2), mean=mean, pooled=128), classifier(classes))


def _biased_conv(out: Width, kernel: Size = 1, *, stride: Size = 1) -> Chain:
    return Chain(Conv(out, kernel, stride=stride, bias=True), Norm(), Act())


def bn_inception(classes: int = 1000) -> Network:
    """BN-Inception as the public Caffe network and its ports are: 4c and 4d pool to 128 channels and put out 608.

    Departs from the paper: convolutions keep biases that normalization makes idle, 10,016 of them; without them the
    network has 11,285,224 parameters.
    """
    return _caffe(classes, conv=_biased_conv)


def se_bn_inception(classes: int = 1000) -> Network:
    """SE-BN-Inception (Hu et al., "Squeeze-and-excitation networks", 2017, arXiv:1709.01507), as released.

    SE after every module, also those that halve the map; the convolutions have no biases but those of the SE.
    """
    return with_se(_caffe(classes, conv=conv_norm_act))


def _slim_conv(out: Width, kernel: Size = 1, *, stride: int = 1) -> Chain:
    padding: Padding = "same" if stride == 1 else (0, 1, 0, 1)
    return Chain(Conv(out, kernel, stride=stride, padding=padding), Norm(eps=1e-3, scale=False), Act())


def inception_v2_slim(classes: int = 1000) -> Network:
    """Inception v2 as in TF-slim's `inception_v2.py`.

    Unlike `bn_inception`: the first convolution is separable, 7×7 depthwise to eight maps a colour and 1×1 with biases
    in place of a normalization; norms learn no scale; 4c and 4d pool to 96 channels and put out 576; a dropout of 0.2.
    At stride 2 maps are padded by a pixel more at the bottom and right, as TensorFlow pads even ones; average pools
    leave their padding out of the mean.
    """
    depthwise = Conv(Ratio(8), 7, stride=2, groups=DEPTHWISE, padding=(2, 3, 2, 3))
    mean = Pool("avg", 3, stride=1, padding=1, count_include_pad=False)
    return Chain(
        _features(_slim_conv, stem=Chain(depthwise, Conv(64, bias=True), Act()), mean=mean, pooled=96),
        Chain(GlobalPool(), Flatten(), Dropout(0.2), Linear(classes)),
    )


NETWORKS = (
    Named("bn_inception", bn_inception, (3, 224, 224), 1000, 2015, "arXiv:1502.03167"),
    Named("inception_v2_slim", inception_v2_slim, (3, 224, 224), 1000, 2015, "arXiv:1502.03167"),
    Named("se_bn_inception", se_bn_inception, (3, 224, 224), 1000, 2017, "arXiv:1709.01507"),
)
