"""ResNet: He, Zhang, Ren, Sun, "Deep residual learning for image recognition", 2015, arXiv:1512.03385."""

from collections.abc import Callable, Iterable
from functools import partial

from nas.arch.named import Family, Named
from nas.arch.nodes import Chain, Network, Pool
from nas.errors import PartError
from search_spaces.blocks import basic, bottleneck, classifier, conv_norm_act, residual, stage

_BASIC = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
_BOTTLENECK = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
"""Table 1: blocks in each stage, by depth."""


def resnet(block: Callable[[int, int], Chain], depths: Iterable[int], classes: int) -> Network:
    """The skeleton for ImageNet: a stage of `block(width, stride)` for each depth, widths doubling from 64."""
    stages = (stage(partial(block, 64 << i), depth, stride=2 if i else 1) for i, depth in enumerate(depths))
    return Chain(conv_norm_act(64, 7, stride=2), Pool("max", 3, stride=2, padding=1), *stages, classifier(classes))


def _basic(width: int, stride: int) -> Chain:
    return residual(basic(width, stride=stride))


def _bottleneck(width: int, stride: int) -> Chain:
    return residual(bottleneck(width, 4 * width, strides=(1, stride)))


def _bottleneck_v1(width: int, stride: int) -> Chain:
    return residual(bottleneck(width, 4 * width, strides=(stride, 1)))


def imagenet_resnet(depth: int, classes: int = 1000) -> Network:
    """ResNet of Table 1, on 3×224×224; shortcuts that change the shape are projections (option B).

    Departs from the paper in the bottlenecks of 50, 101 and 152 layers: their stride is in the 3×3 convolution, as in
    every library of today; `resnet50_v1` has it where the paper has.
    """
    if depth in _BASIC:
        return resnet(_basic, _BASIC[depth], classes)
    return resnet(_bottleneck, _BOTTLENECK[depth], classes)


def imagenet_resnet_v1(depth: int, classes: int = 1000) -> Network:
    """ResNet of Table 1, on 3×224×224, the stride of a bottleneck in its first 1×1 convolution, as in the paper."""
    return resnet(_bottleneck_v1, _BOTTLENECK[depth], classes)


def cifar_resnet(depth: int, shortcut: str, classes: int = 10) -> Network:
    """ResNet of Section 4.2, on 3×32×32: three stages of (depth - 2) / 6 blocks.

    Shortcuts have no parameters, as in the paper (option A), or are projections (option B), as in many libraries.
    """

    def block(width: int, stride: int) -> Chain:
        return residual(basic(width, stride=stride), shortcut=shortcut)

    stages = (stage(partial(block, 16 << i), (depth - 2) // 6, stride=2 if i else 1) for i in range(3))
    return Chain(conv_norm_act(16, 3), *stages, classifier(classes))


def _imagenet_or_cifar(depth: str) -> Named:
    if int(depth) in _BASIC | _BOTTLENECK:
        return _on_imagenet(f"resnet{depth}", partial(imagenet_resnet, int(depth)))
    return _on_cifar(f"resnet{depth}", int(depth), "zero_pad")


def _v1(depth: str) -> Named:
    if int(depth) not in _BOTTLENECK:
        raise PartError(
            f"the depth of a ResNet with bottlenecks is {_listed(_BOTTLENECK)}, got {depth}", path=f"resnet{depth}_v1"
        )
    return _on_imagenet(f"resnet{depth}_v1", partial(imagenet_resnet_v1, int(depth)))


def _option_b(depth: str) -> Named:
    return _on_cifar(f"resnet{depth}_b", int(depth), "projection")


def _on_imagenet(name: str, make: Callable[..., Network]) -> Named:
    return Named(name, make, (3, 224, 224), 1000, 2015, "arXiv:1512.03385")


def _on_cifar(name: str, depth: int, shortcut: str) -> Named:
    if depth < 8 or depth % 6 != 2:
        raise PartError(
            f"the depth of a ResNet for CIFAR is 6n+2, and at least 8, got {depth}",
            path=name,
            hint=f"those for ImageNet have {_listed(_BASIC | _BOTTLENECK)} layers",
        )
    return Named(name, partial(cifar_resnet, depth, shortcut), (3, 32, 32), 10, 2015, "arXiv:1512.03385")


def _listed(depths: Iterable[int]) -> str:
    return ", ".join(map(str, depths))


NETWORKS = (
    *(_imagenet_or_cifar(depth) for depth in ("18", "34", "50", "101", "152")),
    *(_v1(depth) for depth in ("50", "101", "152")),
    *(_imagenet_or_cifar(depth) for depth in ("20", "32", "44", "56", "110", "1202")),
    *(_option_b(depth) for depth in ("20", "32", "44", "56", "110", "1202")),
)
FAMILIES = (
    Family("resnetDEPTH", r"resnet(\d+)", _imagenet_or_cifar),
    Family("resnetDEPTH_v1", r"resnet(\d+)_v1", _v1),
    Family("resnetDEPTH_b", r"resnet(\d+)_b", _option_b),
)
