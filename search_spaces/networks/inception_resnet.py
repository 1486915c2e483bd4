"""Inception-ResNet: Szegedy, Ioffe, Vanhoucke, Alemi, "Inception-v4, Inception-ResNet …", 2016, arXiv:1602.07261.

On 3×299×299. A residual module adds to its input what a small Inception module makes of it, brought to the width of the
input by a 1×1 convolution with biases and without normalization, and scaled: by 0.17, 0.10 and 0.20 on 35×35, 17×17
and 8×8, the authors' choice from the 0.1 to 0.3 of the paper.
"""

from nas.arch.named import Named
from nas.arch.nodes import Act, Chain, Dropout, Flatten, GlobalPool, Linear, Network, Norm, Pool
from search_spaces.blocks import (
    concat,
    factorized,
    inception_double,
    inception_stem,
    reduction,
    reduction_a,
    scaled_residual,
    unpadded,
)
from search_spaces.blocks import inception_conv as conv


def _module_a(middle: int, last: int) -> Chain:
    """Figures 10 and 16, on 35×35, by the widths of the two 3×3 convolutions in a row."""
    body = concat(conv(32), Chain(conv(32), conv(32, 3)), Chain(conv(32), conv(middle, 3), conv(last, 3)))
    return Chain(scaled_residual(body, 0.17), Act())


def _module_b(one: int, reduce: int, row: int, column: int) -> Chain:
    """Figures 11 and 17, on 17×17, by the widths of the 1×1, 1×1, 1×7 and 7×1 convolutions."""
    body = concat(conv(one), Chain(conv(reduce), factorized(7, row, column)))
    return Chain(scaled_residual(body, 0.10), Act())


def _reduction_b(first: int, second: int, middle: int, last: int) -> Chain:
    """Figures 12 and 18: 17×17 to 8×8, by the widths of the 3×3 convolutions."""
    return reduction(
        Chain(conv(256), unpadded(first)),
        Chain(conv(256), unpadded(second)),
        Chain(conv(256), conv(middle, 3), unpadded(last)),
    )


def _module_c(row: int, column: int) -> Chain:
    """Figures 13 and 19, on 8×8, by the widths of the 1×3 and 3×1 convolutions."""
    return Chain(_sum_c(row, column, scale=0.20), Act())


def _sum_c(row: int, column: int, *, scale: float) -> Chain:
    return scaled_residual(concat(conv(192), Chain(conv(192), factorized(3, row, column))), scale)


def _features_v1() -> Chain:
    return Chain(
        Chain(inception_stem(), unpadded(256)),
        Chain(*[_module_a(32, 32)] * 5),
        reduction_a(192, 192, 256, 384),
        Chain(*[_module_b(128, 128, 128, 128)] * 10),
        _reduction_b(384, 256, 256, 256),
        Chain(*[_module_c(192, 192)] * 5),
    )


def inception_resnet_v1(classes: int = 1000) -> Network:
    """Inception-ResNet-v1, Figure 15 with the stem of Figure 14; the authors released no code of it."""
    return Chain(_features_v1(), Chain(GlobalPool(), Flatten(), Dropout(0.2), Linear(classes)))


def inception_resnet_v1_facenet(classes: int = 1000) -> Network:
    """Inception-ResNet-v1 as in pytorchcv, made after a network that embeds faces.

    Departs from the paper: a sixth module on 8×8 without scaling and activation, and before the classifier a dropout of
    0.6 and a linear layer to 512 features with normalization.
    """
    return Chain(
        _features_v1(),
        _sum_c(192, 192, scale=1.0),
        Chain(GlobalPool(), Flatten(), Dropout(0.6)),
        Chain(Linear(512, bias=False), Norm(eps=1e-3), Linear(classes)),
    )


def inception_resnet_v2(classes: int = 1000) -> Network:
    """Inception-ResNet-v2 as the authors released it.

    Departs from the paper's figures: the stem is Inception-v3's with one of its modules on 35×35, in place of that of
    Inception-v4; 10, 20 and 10 residual modules at 320, 1088 and 2080 channels in place of 5, 10 and 5 at 384, 1152 and
    2144; the last one has neither scaling nor activation; a 1×1 convolution to 1536 channels before the classifier. The
    auxiliary head is left out.
    """
    mean = Pool("avg", 3, stride=1, padding=1, count_include_pad=False)
    return Chain(
        Chain(inception_stem(), Pool("max", 3, stride=2)),
        inception_double(96, 48, 64, 64, 96, 64, conv=conv, kernel=5, pool=mean),
        Chain(*[_module_a(48, 64)] * 10),
        reduction_a(256, 256, 384, 384),
        Chain(*[_module_b(192, 128, 160, 192)] * 20),
        _reduction_b(384, 288, 288, 320),
        Chain(*[_module_c(224, 256)] * 9),
        _sum_c(224, 256, scale=1.0),
        Chain(conv(1536), GlobalPool(), Flatten(), Dropout(0.2), Linear(classes)),
    )


NETWORKS = (
    Named("inception_resnet_v1", inception_resnet_v1, (3, 299, 299), 1000, 2016, "arXiv:1602.07261"),
    Named("inception_resnet_v1_facenet", inception_resnet_v1_facenet, (3, 299, 299), 1000, 2016, "arXiv:1602.07261"),
    Named("inception_resnet_v2", inception_resnet_v2, (3, 299, 299), 1000, 2016, "arXiv:1602.07261"),
)
