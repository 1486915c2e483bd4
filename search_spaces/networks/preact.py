"""Pre-activation ResNet: He, Zhang, Ren, Sun, "Identity mappings in deep residual networks", arXiv:1603.05027."""

from collections.abc import Callable
from functools import partial

from nas.arch.named import Family, Named
from nas.arch.nodes import Act, Chain, Conv, Network, Norm, Part, Pool, Repeat, Scope
from nas.errors import PartError
from search_spaces.blocks import classifier, conv_norm_act, preact_basic, preact_bottleneck, preact_change, preact_keep

_DEPTHS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
    200: (3, 24, 36, 3),
}
"""Units in each stage of the networks for ImageNet."""


def preact(
    stem: Part, body: Callable[..., Chain], width: int, depths: tuple[int, ...], classes: int, *, widens: bool
) -> Network:
    """The skeleton: a stem, a stage of units for each depth, widths doubling from `width`, a last normalization.

    Every stage but the first halves the map; `widens` says whether the first changes the channels of the stem.
    """

    def stage(i: int, depth: int) -> Chain:
        changes = i > 0 or widens
        first = body(width << i, stride=2 if i else 1)
        entry = preact_change(first) if changes else preact_keep(first)
        return Chain(Scope("first", entry), Repeat("next", preact_keep(body(width << i)), depth - 1))

    stages = (stage(i, depth) for i, depth in enumerate(depths))
    return Chain(stem, *stages, Norm(), Act(), classifier(classes))


def _bottleneck(width: int, *, stride: int = 1) -> Chain:
    return preact_bottleneck(width, 4 * width, stride=stride)


def imagenet_preact_resnet(depth: int, classes: int = 1000) -> Network:
    """Pre-activation ResNet on 3×224×224: basic units to 34 layers, bottlenecks beyond, their stride in the 3×3.

    Where the shape changes, the pre-activation comes before the fork, and the shortcut is a 1×1 convolution of it
    without a normalization of its own. The stem is ResNet's, with its normalization, ReLU and pool, as in pytorchcv.
    timm leaves that normalization out, 128 parameters fewer; TF-slim keeps biases in the stem, in the shortcuts and in
    the last convolution of every unit. The paper's networks have 101, 152 and 200 layers and are tested at 320 pixels.
    """
    basic = depth <= 34
    stem = Chain(conv_norm_act(64, 7, stride=2), Pool("max", 3, stride=2, padding=1))
    return preact(stem, preact_basic if basic else _bottleneck, 64, _DEPTHS[depth], classes, widens=not basic)


def cifar_preact_resnet(depth: int, classes: int = 10) -> Network:
    """Pre-activation ResNet on 3×32×32: basic units to 110 layers, bottlenecks beyond; the stem is one convolution.

    Where the shape changes, the shortcut is a 1×1 convolution of the pre-activation, in the basic units too, as in
    pytorchcv; with the shortcuts of ResNet-110, which have no parameters, those of 110 layers have 2,560 fewer.
    """
    basic = depth <= 110
    units = (depth - 2) // (6 if basic else 9)
    return preact(Conv(16, 3), preact_basic if basic else _bottleneck, 16, (units,) * 3, classes, widens=not basic)


def _member(depth: str) -> Named:
    name, number = f"preact_resnet{depth}", int(depth)
    if number in _DEPTHS:
        made = partial(imagenet_preact_resnet, number)
        return Named(name, made, (3, 224, 224), 1000, 2016, "arXiv:1603.05027")
    if number < 8 or (number - 2) % (6 if number <= 110 else 9):
        raise PartError(
            f"the depth of a pre-activation ResNet for CIFAR is 6n+2 to 110 and 9n+2 beyond, got {depth}",
            path=name,
            hint=f"those for ImageNet have {', '.join(map(str, _DEPTHS))} layers",
        )
    return Named(name, partial(cifar_preact_resnet, number), (3, 32, 32), 10, 2016, "arXiv:1603.05027")


NETWORKS = tuple(map(_member, ("18", "34", "50", "101", "152", "200", "110", "164", "1001")))
FAMILIES = (Family("preact_resnetDEPTH", r"preact_resnet([1-9]\d{0,3})", _member),)
