"""ShuffleNet v1: Zhang et al., "ShuffleNet: an extremely efficient CNN for mobile devices", arXiv:1707.01083.

Table 1, on 3×224×224; errors are the paper's, top-1 on ImageNet. The first 1×1 convolution of stage 2 is not grouped:
its input has only 24 channels. The ReLU of a unit of stride 2 comes after the concatenation; the authors' code has it
on the new channels alone, which is the same because what is pooled is never negative. Their code leaves the biases of
the linear layer out.
"""

from functools import partial

from nas.arch.named import Named
from nas.arch.nodes import Chain, Network, Pool, Repeat
from search_spaces.blocks import classifier, conv_norm_act, shuffle_body, shuffle_down, shuffle_keep

_STAGE_2 = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}
"""Table 1: the width of stage 2 for each number of groups; it doubles in stages 3 and 4."""


def _shufflenet_v1(groups: int, classes: int) -> Network:
    def stage(before: int, width: int, depth: int, first_groups: int) -> Chain:
        body = partial(shuffle_body, width // 4, groups=groups)
        return Chain(
            shuffle_down(body(width - before, first_groups=first_groups, stride=2)),
            Repeat("next", shuffle_keep(body(width, first_groups=groups)), depth - 1),
        )

    stem, width = 24, _STAGE_2[groups]
    return Chain(
        Chain(conv_norm_act(stem, 3, stride=2), Pool("max", 3, stride=2, padding=1)),
        stage(stem, width, 4, 1),
        stage(width, 2 * width, 8, groups),
        stage(2 * width, 4 * width, 4, groups),
        classifier(classes),
    )


def shufflenet_v1_g1(classes: int = 1000) -> Network:
    """ShuffleNet v1 of scale 1.0 with one group.

    Published: 140 million MACs, 33.6 % error. Counted: 1,531,936 parameters, 143,078,976 MACs.
    """
    return _shufflenet_v1(1, classes)


def shufflenet_v1_g2(classes: int = 1000) -> Network:
    """ShuffleNet v1 of scale 1.0 with 2 groups.

    Published: 140 million MACs, 32.7 % error. Counted: 1,733,848 parameters, 140,836,512 MACs.
    """
    return _shufflenet_v1(2, classes)


def shufflenet_v1_g3(classes: int = 1000) -> Network:
    """ShuffleNet v1 of scale 1.0 with 3 groups.

    Published: 140 million MACs, 32.6 % error. Counted: 1,865,728 parameters, 137,460,672 MACs.
    """
    return _shufflenet_v1(3, classes)


def shufflenet_v1_g4(classes: int = 1000) -> Network:
    """ShuffleNet v1 of scale 1.0 with 4 groups.

    Published: 140 million MACs, 32.8 % error. Counted: 1,968,344 parameters, 134,339,776 MACs.
    """
    return _shufflenet_v1(4, classes)


def shufflenet_v1_g8(classes: int = 1000) -> Network:
    """ShuffleNet v1 of scale 1.0 with 8 groups.

    Published: 140 million MACs, 32.4 % error. Counted: 2,434,768 parameters, 138,365,952 MACs.
    """
    return _shufflenet_v1(8, classes)


NETWORKS = (
    Named("shufflenet_v1-1.0-g1", shufflenet_v1_g1, (3, 224, 224), 1000, 2017, "arXiv:1707.01083"),
    Named("shufflenet_v1-1.0-g2", shufflenet_v1_g2, (3, 224, 224), 1000, 2017, "arXiv:1707.01083"),
    Named("shufflenet_v1-1.0-g3", shufflenet_v1_g3, (3, 224, 224), 1000, 2017, "arXiv:1707.01083"),
    Named("shufflenet_v1-1.0-g4", shufflenet_v1_g4, (3, 224, 224), 1000, 2017, "arXiv:1707.01083"),
    Named("shufflenet_v1-1.0-g8", shufflenet_v1_g8, (3, 224, 224), 1000, 2017, "arXiv:1707.01083"),
)
