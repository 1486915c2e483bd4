"""Inception-v4: Szegedy, Ioffe, Vanhoucke, Alemi, "Inception-v4, Inception-ResNet …", 2016, arXiv:1602.07261.

Figures 3 to 9, on 3×299×299; average pools leave their padding out of the mean, as in the authors' code, whose
auxiliary head is left out.
"""

from nas.arch.named import Named
from nas.arch.nodes import Chain, Dropout, Flatten, GlobalPool, Linear, Network, Pool
from search_spaces.blocks import concat, factorized, forked, inception_double, reduction, reduction_a, unpadded
from search_spaces.blocks import inception_conv as conv

_MEAN = Pool("avg", 3, stride=1, padding=1, count_include_pad=False)


def _stem() -> Chain:
    """Figure 3: 299×299 to 384 maps of 35×35."""
    return Chain(
        Chain(unpadded(32), unpadded(32, stride=1), conv(64, 3)),
        concat(Pool("max", 3, stride=2), unpadded(96)),
        concat(
            Chain(conv(64), unpadded(96, stride=1)),
            Chain(conv(64), factorized(7, 64, 64), unpadded(96, stride=1)),
        ),
        concat(unpadded(192), Pool("max", 3, stride=2)),
    )


def _module_b() -> Chain:
    """Figure 5, on 17×17."""
    return concat(
        conv(384),
        Chain(conv(192), factorized(7, 224, 256)),
        Chain(conv(192), factorized(7, 192, 224, 224, 256, column_first=True)),
        Chain(_MEAN, conv(128)),
    )


def _reduction_b() -> Chain:
    """Figure 8: 17×17 to 8×8."""
    return reduction(
        Chain(conv(192), unpadded(192)),
        Chain(conv(256), factorized(7, 256, 320), unpadded(320)),
    )


def _module_c() -> Chain:
    """Figure 6, on 8×8."""
    return concat(
        conv(256),
        Chain(conv(384), forked(256)),
        Chain(conv(384), factorized(3, 448, 512, column_first=True), forked(256)),
        Chain(_MEAN, conv(256)),
    )


def inception_v4(classes: int = 1000) -> Network:
    """Inception-v4, Figure 9."""
    module_a = inception_double(96, 64, 96, 64, 96, 96, conv=conv, pool=_MEAN)
    return Chain(
        _stem(),
        Chain(*[module_a] * 4),
        reduction_a(192, 224, 256, 384),
        Chain(*[_module_b()] * 7),
        _reduction_b(),
        Chain(*[_module_c()] * 3),
        Chain(GlobalPool(), Flatten(), Dropout(0.2), Linear(classes)),
    )


NETWORKS = (Named("inception_v4", inception_v4, (3, 299, 299), 1000, 2016, "arXiv:1602.07261"),)
