"""Inception-v3: Szegedy et al., "Rethinking the Inception architecture for computer vision", 2015, arXiv:1512.00567.

On 3×299×299. The form is that of the authors' code, which torchvision ports; it departs from Table 1 and the figures:

- After its first pool the stem has a 1×1 convolution to 80 channels, a 3×3 one to 192 and a second pool, in place of
  3×3 convolutions to 80, to 192 at stride 2, and to 288.
- The modules on 35×35 keep a 5×5 convolution where Figure 5 has two 3×3, and the first puts out 256 channels.
- The widths of the 1×7 and 7×1 convolutions grow from module to module: 128, 160, 160, 192.
- Average pools count their padding, as in torchvision; those of TensorFlow do not.
"""

from functools import partial

from nas.arch.named import Named
from nas.arch.nodes import Chain, Dropout, Exit, Flatten, GlobalPool, Linear, Network, Pool
from search_spaces.blocks import (
    concat,
    factorized,
    forked,
    inception_double,
    inception_stem,
    reduction,
    reduction_a,
    unpadded,
)
from search_spaces.blocks import inception_conv as conv

_MEAN = Pool("avg", 3, stride=1, padding=1)


def _module_b(inner: int) -> Chain:
    """Figure 6 with n = 7, on 17×17."""
    return concat(
        conv(192),
        Chain(conv(inner), factorized(7, inner, 192)),
        Chain(conv(inner), factorized(7, inner, inner, inner, 192, column_first=True)),
        Chain(_MEAN, conv(192)),
    )


def _reduction_b() -> Chain:
    """17×17 to 8×8."""
    return reduction(
        Chain(conv(192), unpadded(320)),
        Chain(conv(192), factorized(7, 192, 192), unpadded(192)),
    )


def _module_c() -> Chain:
    """Figure 7, on 8×8."""
    return concat(
        conv(320),
        Chain(conv(384), forked(384)),
        Chain(conv(448), conv(384, 3), forked(384)),
        Chain(_MEAN, conv(192)),
    )


def inception_v3(classes: int = 1000) -> Network:
    """Inception-v3 with its auxiliary head, whose loss counts 0.4, as in the authors' code."""
    module_a = partial(inception_double, 64, 48, 64, 64, 96, conv=conv, kernel=5, pool=_MEAN)
    head = Chain(
        Chain(Pool("avg", 5, stride=3), conv(128), conv(768, 5, padding=0)),
        Chain(GlobalPool(), Flatten(), Linear(classes)),
    )
    return Chain(
        Chain(inception_stem(), Pool("max", 3, stride=2)),
        Chain(module_a(32), module_a(64), module_a(64)),
        reduction_a(64, 96, 96, 384),
        Chain(_module_b(128), _module_b(160), _module_b(160), _module_b(192)),
        Exit(head, weight=0.4),
        _reduction_b(),
        Chain(_module_c(), _module_c()),
        Chain(GlobalPool(), Flatten(), Dropout(0.5), Linear(classes)),
    )


NETWORKS = (Named("inception_v3", inception_v3, (3, 299, 299), 1000, 2015, "arXiv:1512.00567"),)
