"""Inception-v3: Szegedy et al., "Rethinking the Inception architecture for computer vision", 2015, arXiv:1512.00567.

On 3×299×299. The form is that of the authors' code, which torchvision ports; it departs from Table 1 and the figures:

- The stem has a 1×1 convolution to 80 and one max pool more, in place of 3×3 convolutions at stride 2 to 80 and 288.
- The modules on 35×35 keep a 5×5 convolution where Figure 5 has two 3×3, and the first puts out 256 channels.
- The widths of the 1×7 and 7×1 convolutions grow from module to module: 128, 160, 160, 192.
- Average pools count their padding, as in torchvision; those of TensorFlow do not.
"""

from functools import partial

from nas.arch.named import Named
from nas.arch.nodes import Chain, Dropout, Exit, Flatten, GlobalPool, Linear, Network, Pool
from search_spaces.blocks import (
    concat,
    conv_norm_act,
    factorized,
    forked,
    inception_double,
    inception_stem,
    reduction,
    reduction_a,
    unpadded,
)

_conv = partial(conv_norm_act, eps=1e-3)
_factorized, _forked, _unpadded = (partial(block, conv=_conv) for block in (factorized, forked, unpadded))
_MEAN = Pool("avg", 3, stride=1, padding=1)


def _module_b(inner: int) -> Chain:
    """Figure 6 with n = 7, on 17×17."""
    return concat(
        _conv(192),
        Chain(_conv(inner), _factorized(7, inner, 192)),
        Chain(_conv(inner), _factorized(7, inner, inner, inner, 192, column_first=True)),
        Chain(_MEAN, _conv(192)),
    )


def _reduction_b() -> Chain:
    """17×17 to 8×8."""
    return reduction(
        Chain(_conv(192), _unpadded(320)),
        Chain(_conv(192), _factorized(7, 192, 192), _unpadded(192)),
    )


def _module_c() -> Chain:
    """Figure 7, on 8×8."""
    return concat(
        _conv(320),
        Chain(_conv(384), _forked(384)),
        Chain(_conv(448), _conv(384, 3), _forked(384)),
        Chain(_MEAN, _conv(192)),
    )


def inception_v3(classes: int = 1000) -> Network:
    """Inception-v3 with its auxiliary head, whose loss counts 0.4, as in the authors' code."""
    module_a = partial(inception_double, 64, 48, 64, 64, 96, conv=_conv, kernel=5, pool=_MEAN)
    head = Chain(
        Chain(Pool("avg", 5, stride=3), _conv(128), _conv(768, 5, padding=0)),
        Chain(GlobalPool(), Flatten(), Linear(classes)),
    )
    return Chain(
        Chain(inception_stem(_conv), Pool("max", 3, stride=2)),
        Chain(module_a(32), module_a(64), module_a(64)),
        reduction_a(64, 96, 96, 384, conv=_conv),
        Chain(_module_b(128), _module_b(160), _module_b(160), _module_b(192)),
        Exit(head, weight=0.4),
        _reduction_b(),
        Chain(_module_c(), _module_c()),
        Chain(GlobalPool(), Flatten(), Dropout(0.5), Linear(classes)),
    )


NETWORKS = (Named("inception_v3", inception_v3, (3, 299, 299), 1000, 2015, "arXiv:1512.00567"),)
