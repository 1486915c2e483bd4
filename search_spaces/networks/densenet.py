"""DenseNet: Huang, Liu, van der Maaten, Weinberger, "Densely connected convolutional networks", arXiv:1608.06993."""

from collections.abc import Iterable, Iterator
from functools import partial

from nas.arch.named import Family, Named
from nas.arch.nodes import Act, Chain, Conv, Network, Norm, Part, Pool, Ratio
from nas.errors import PartError
from search_spaces.blocks import (
    classifier,
    conv_norm_act,
    dense_bottleneck,
    dense_layer,
    dense_transition,
    norm_act_conv,
)

_IMAGENET = {
    121: (32, (6, 12, 24, 16)),
    169: (32, (6, 12, 32, 32)),
    201: (32, (6, 12, 48, 32)),
    264: (32, (6, 12, 64, 48)),
    161: (48, (6, 12, 36, 24)),
}
"""Growth and layers in each block, by depth: Table 1, and DenseNet-161, which the authors released."""


def _densenet(stem: Part, body: Part, depths: Iterable[int], compression: Ratio, classes: int) -> Network:
    def blocks() -> Iterator[Part]:
        for i, depth in enumerate(depths):
            if i:
                yield dense_transition(compression)
            yield Chain(*[dense_layer(body)] * depth)

    return Chain(stem, *blocks(), Norm(), Act(), classifier(classes))


def imagenet_densenet(depth: int, classes: int = 1000) -> Network:
    """DenseNet-BC for ImageNet, on 3×224×224."""
    growth, depths = _IMAGENET[depth]
    stem = Chain(conv_norm_act(2 * growth, 7, stride=2), Pool("max", 3, stride=2, padding=1))
    return _densenet(stem, dense_bottleneck(growth), depths, Ratio(1, 2), classes)


def cifar_densenet(depth: int, growth: int, classes: int = 10) -> Network:
    """DenseNet for CIFAR, on 3×32×32: 16 channels first, three blocks of (depth - 4) / 3 layers, nothing compressed.

    The authors' released code begins with twice the growth instead of the paper's 16 channels; pytorchcv also
    compresses by half. The dropout of 0.2 for training without augmentation is left out.
    """
    return _densenet(Conv(16, 3), norm_act_conv(growth, 3), ((depth - 4) // 3,) * 3, Ratio(1), classes)


def cifar_densenet_bc(depth: int, growth: int, classes: int = 10) -> Network:
    """DenseNet-BC for CIFAR, on 3×32×32: three blocks of (depth - 4) / 6 layers with bottlenecks, compression by half.

    The dropout of 0.2 for training without augmentation is left out.
    """
    return _densenet(Conv(2 * growth, 3), dense_bottleneck(growth), ((depth - 4) // 6,) * 3, Ratio(1, 2), classes)


def _on_imagenet(depth: int) -> Named:
    made = partial(imagenet_densenet, depth)
    return Named(f"densenet{depth}", made, (3, 224, 224), 1000, 2016, "arXiv:1608.06993")


def _plain(depth: str, growth: str) -> Named:
    name = f"densenet-{depth}-{growth}"
    _check(name, depth, step=3)
    return Named(name, partial(cifar_densenet, int(depth), int(growth)), (3, 32, 32), 10, 2016, "arXiv:1608.06993")


def _bc(depth: str, growth: str) -> Named:
    name = f"densenet-bc-{depth}-{growth}"
    _check(name, depth, step=6)
    return Named(name, partial(cifar_densenet_bc, int(depth), int(growth)), (3, 32, 32), 10, 2016, "arXiv:1608.06993")


def _check(name: str, depth: str, *, step: int) -> None:
    if int(depth) <= 4 or int(depth) % step != 4 % step:
        raise PartError(f"the depth of this DenseNet is {step}n+4, and at least {step + 4}, got {depth}", path=name)


NETWORKS = (
    *map(_on_imagenet, _IMAGENET),
    _plain("40", "12"),
    _plain("100", "12"),
    _plain("100", "24"),
    _bc("40", "12"),
    _bc("100", "12"),
    _bc("250", "24"),
    _bc("190", "40"),
)
FAMILIES = (
    Family("densenet-DEPTH-GROWTH", r"densenet-([1-9]\d{0,3})-([1-9]\d{0,2})", _plain),
    Family("densenet-bc-DEPTH-GROWTH", r"densenet-bc-([1-9]\d{0,3})-([1-9]\d{0,2})", _bc),
)
