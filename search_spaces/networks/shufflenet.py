"""ShuffleNet: Zhang et al., 2017, arXiv:1707.01083; ShuffleNet v2: Ma et al., 2018, arXiv:1807.11164; on 3×224×224.

v1 is Table 1 of its paper, at scales that multiply the widths of the stages. The first 1×1 convolution of stage 2 is
not grouped: its input is narrow. In a unit of stride 2 what is pooled comes first, as in the authors' code. The ReLU
follows the concatenation; their code has it on the new channels alone, which is the same because what is pooled is
never negative. They leave the biases of the linear layer out.

How a scale acts on the rest is not in the paper, and their code holds scales from 0.5 on for 3 and 8 groups only. The
rule here gives all of those, and pytorchcv's networks at scales 0.25, 0.5, 1.0 and 2.0 where it can build them:

- A bottleneck has a quarter of the unit's channels, rounded up to a multiple of the groups. So 2 and 4 groups have
  networks at scales below 1; the one of scale 0.5 and 4 groups comes within 2 % of its published MACs.
- The stem has 24 channels times the largest power of two that the scale reaches, rounded up to a multiple of the
  groups. At scale 0.25 these are 6 to 8. With 12 the published 13 million MACs would be met better.

v2 is Table 5 of its paper as torchvision reads it. The authors' code has other widths from scale 1.0 on.
"""

from functools import partial
from math import ceil, floor, log2

from nas.arch.named import Family, Named
from nas.arch.nodes import Chain, Network, Pool, Repeat
from nas.errors import PartError
from search_spaces.blocks import (
    classifier,
    conv_norm_act,
    shuffle_body,
    shuffle_down,
    shuffle_keep,
    split_body,
    split_down,
    split_keep,
)

_V1 = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}
"""Table 1 of v1: the width of stage 2 for each number of groups; it doubles in stages 3 and 4."""

_V2 = {0.5: (48, 1024), 1.0: (116, 1024), 1.5: (176, 1024), 2.0: (244, 2048)}
"""Table 5 of v2: the width of stage 2, which doubles in stages 3 and 4, and that of the last convolution."""

_DEPTHS = (4, 8, 4)


def _stem(width: int) -> Chain:
    return Chain(conv_norm_act(width, 3, stride=2), Pool("max", 3, stride=2, padding=1))


def shufflenet_v1(scale: float, groups: int, classes: int) -> Network:
    """A stem and three stages of units of grouped convolutions."""

    def stage(before: int, width: int, depth: int, first_groups: int) -> Chain:
        inner = ceil(width / 4 / groups) * groups
        body = partial(shuffle_body, inner, groups=groups)
        return Chain(
            shuffle_down(body(width - before, first_groups=first_groups, stride=2)),
            Repeat("next", shuffle_keep(body(width, first_groups=groups)), depth - 1),
        )

    stem = ceil(24 * 2.0 ** floor(log2(scale)) / groups) * groups
    width = round(_V1[groups] * scale / groups) * groups
    widths = (width, 2 * width, 4 * width)
    stages = map(stage, (stem, *widths), widths, _DEPTHS, (1, groups, groups))
    return Chain(_stem(stem), *stages, classifier(classes))


def shufflenet_v2(scale: float, classes: int) -> Network:
    """A stem, three stages of units that split their channels, a wide 1×1 convolution."""

    def stage(width: int, depth: int) -> Chain:
        half = width // 2
        return Chain(split_down(half), Repeat("next", split_keep(split_body(half)), depth - 1))

    width, last = _V2[scale]
    stages = map(stage, (width, 2 * width, 4 * width), _DEPTHS)
    return Chain(_stem(24), *stages, conv_norm_act(last), classifier(classes))


def _v1(scale: str, groups: str) -> Named:
    number, count = float(scale), int(groups)
    if count not in _V1:
        raise PartError(f"a ShuffleNet v1 has 1, 2, 3, 4 or 8 groups, got {count}")
    if not 0.125 <= number <= 8:
        raise PartError(f"the scale of a ShuffleNet v1 is from 0.125 to 8, got {scale}")
    make = partial(shufflenet_v1, number, count)
    return Named(f"shufflenet_v1-{number}-g{count}", make, (3, 224, 224), 1000, 2017, "arXiv:1707.01083")


def _v2(scale: str) -> Named:
    number = float(scale)
    if number not in _V2:
        raise PartError(f"the scale of a ShuffleNet v2 is one of {', '.join(map(str, _V2))}, got {scale}")
    make = partial(shufflenet_v2, number)
    return Named(f"shufflenet_v2-{number}", make, (3, 224, 224), 1000, 2018, "arXiv:1807.11164")


_SCALE = r"(\d+(?:\.\d+)?)"

FAMILIES = (
    Family("shufflenet_v1-SCALE-gGROUPS", rf"shufflenet_v1-{_SCALE}-g(\d+)", _v1),
    Family("shufflenet_v2-SCALE", rf"shufflenet_v2-{_SCALE}", _v2),
)

NETWORKS = (
    *(_v1(scale, str(groups)) for scale in ("0.25", "0.5", "1.0", "1.5", "2.0") for groups in _V1),
    *(_v2(str(scale)) for scale in _V2),
)
