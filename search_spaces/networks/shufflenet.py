"""ShuffleNet v1: Zhang et al., "ShuffleNet: an extremely efficient CNN for mobile devices", arXiv:1707.01083."""

from functools import partial

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


def shufflenet_v1_g3(classes: int = 1000) -> Network:
    """ShuffleNet v1 of scale 1.0 with 3 groups, Table 1, on 3×224×224.

    Published: 140 million MACs, 32.6 % top-1 error.
    Counted: 1,865,728 parameters, 137,460,672 MACs; the authors' code leaves the biases of the linear layer out.
    The first 1×1 convolution of stage 2 is not grouped: its input has only 24 channels.
    The ReLU comes after the concatenation; the authors' code has it on the new channels alone, which is the same
    because what is pooled is never negative.
    """
    return _shufflenet_v1(3, classes)
