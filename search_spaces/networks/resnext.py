"""ResNeXt: Xie et al., "Aggregated residual transformations for deep neural networks", 2016, arXiv:1611.05431."""

from functools import partial

from nas.arch.named import Family, Named
from nas.arch.nodes import Chain, Network
from nas.errors import PartError
from search_spaces.blocks import bottleneck, classifier, conv_norm_act, residual, stage
from search_spaces.networks.resnet import resnet

_DEPTHS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
"""Blocks in each stage of the networks for ImageNet."""


def _block(groups: int, group_width: int, width: int, stride: int) -> Chain:
    inner = width * group_width // 64 * groups
    return residual(bottleneck(inner, 4 * width, strides=(1, stride), groups=groups))


def imagenet_resnext(depth: int, groups: int, group_width: int, classes: int = 1000) -> Network:
    """ResNeXt on 3×224×224, its groups of `group_width` channels in the first stage, twice that in the next, and so on.

    The stride of a block is in its 3×3 convolution, as in the authors' code.
    """
    return resnet(partial(_block, groups, group_width), _DEPTHS[depth], classes)


def cifar_resnext(depth: int, groups: int, group_width: int, classes: int = 10) -> Network:
    """ResNeXt on 3×32×32: a 3×3 convolution to 64 channels, three stages of (depth - 2) / 9 blocks to 256, 512, 1024.

    Shortcuts that change the shape are projections, and the stride of a block is in its 3×3 convolution.
    """
    block = partial(_block, groups, group_width)
    stages = (stage(partial(block, 64 << i), (depth - 2) // 9, stride=2 if i else 1) for i in range(3))
    return Chain(conv_norm_act(64, 3), *stages, classifier(classes))


def _member(depth: str, groups: str, group_width: str) -> Named:
    name, number = f"resnext{depth}_{groups}x{group_width}d", int(depth)
    if number in _DEPTHS:
        made = partial(imagenet_resnext, number, int(groups), int(group_width))
        return Named(name, made, (3, 224, 224), 1000, 2016, "arXiv:1611.05431")
    if number < 11 or number % 9 != 2:
        raise PartError(
            f"the depth of a ResNeXt for CIFAR is 9n+2, and at least 11, got {depth}",
            path=name,
            hint=f"those for ImageNet have {', '.join(map(str, _DEPTHS))} layers",
        )
    made = partial(cifar_resnext, number, int(groups), int(group_width))
    return Named(name, made, (3, 32, 32), 10, 2016, "arXiv:1611.05431")


NETWORKS = (
    _member("50", "32", "4"),
    _member("101", "32", "4"),
    _member("101", "64", "4"),
    _member("29", "8", "64"),
    _member("29", "16", "64"),
)
FAMILIES = (Family("resnextDEPTH_GROUPSxWIDTHd", r"resnext([1-9]\d{0,3})_([1-9]\d{0,2})x([1-9]\d{0,2})d", _member),)
