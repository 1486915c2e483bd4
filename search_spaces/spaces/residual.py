"""Residual networks for small images: basic, bottleneck and grouped bottleneck blocks, each with or without SE."""

from functools import partial

from nas.arch.nodes import Chain, Scope, Space, pick
from search_spaces.blocks import basic, bottleneck, classifier, conv_norm_act, residual, squeeze_excite, stage

_WIDTHS = {"stage1": (16, 32), "stage2": (32, 48, 64), "stage3": (64, 96, 128)}
"""Multiples of 16, so that half of each can be cut into 8 groups."""


def residual_space(classes: int) -> Space:
    """A stem and three stages of one to three residual blocks, each stage halving the map.

    Decided once for a stage: width and depth. Decided for each block: its kind, kernel, groups, and SE or not.
    """
    stages = (_stage(name, widths) for name, widths in _WIDTHS.items())
    return Chain(conv_norm_act(16, 3), *stages, classifier(classes))


def _stage(name: str, widths: tuple[int, ...]) -> Scope:
    block = partial(_block, pick("width", *widths, scope=name))
    return Scope(name, stage(block, pick("depth", 1, 2, 3), stride=2))


def _block(width: int, stride: int) -> Chain:
    kernel = pick("kernel", 3, 5)
    body = pick(
        "block",
        basic=basic(width, stride=stride),
        bottleneck=bottleneck(width // 4, width, kernel=kernel, strides=(1, stride)),
        grouped=bottleneck(width // 2, width, kernel=kernel, strides=(1, stride), groups=pick("groups", 2, 4, 8)),
    )
    return residual(Chain(body, pick("se", off=Chain(), on=squeeze_excite(4))))
