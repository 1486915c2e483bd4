"""The rewrites that a name may ask for, as in `resnet50+se`."""

from collections.abc import Callable

from nas.arch import ablate, rewrite
from nas.arch.nodes import Chain, Network

RULES: dict[str, Callable[[Network], Chain]] = {
    "se": rewrite.with_se,
    "no_se": rewrite.without_se,
    "no_shuffle": rewrite.without_shuffle,
    "no_exits": rewrite.without_exits,
    "plain": ablate.without_shortcuts,
    "no_norm": ablate.without_norm,
    "relu_bottleneck": ablate.with_relu_bottleneck,
    "5x5": ablate.with_5x5,
}
