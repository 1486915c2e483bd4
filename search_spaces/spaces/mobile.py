"""Mobile networks for small images: separable, inverted residual and shuffle blocks, each with or without SE."""

from functools import partial

from nas.arch.nodes import Chain, Ratio, Scope, Space, pick
from search_spaces.blocks import (
    classifier,
    conv_norm_act,
    inverted,
    linear_residual,
    separable,
    shuffle_body,
    shuffle_down,
    shuffle_keep,
    squeeze_excite,
    stage,
)

_STEM = 16
_WIDTHS = ((32, 48), (64, 96), (128, 160))
"""Multiples of 16, so that a quarter of each can be cut into 4 groups; each wider than those of the stage before."""


def mobile_space(classes: int) -> Space:
    """A stem and three stages of one to three blocks, each stage halving the map.

    Decided once for a stage: width and depth. Decided for each block: kind, kernel, expansion, groups, and SE or not.
    """
    widths = [_STEM, *(pick(f"width{i}", *options, scope="") for i, options in enumerate(_WIDTHS, 1))]
    stages = (_stage(f"stage{i}", widths[i - 1], widths[i]) for i in range(1, len(widths)))
    return Chain(conv_norm_act(_STEM, 3), *stages, classifier(classes))


def _stage(name: str, before: int, width: int) -> Scope:
    return Scope(name, stage(partial(_block, before, width), pick("depth", 1, 2, 3), stride=2))


def _block(before: int, width: int, stride: int) -> Chain:
    """From `before` to `width` channels at stride 2, from `width` to `width` at stride 1."""
    kernel, groups = pick("kernel", 3, 5), pick("groups", 1, 2, 4)
    expanded = pick("expansion", Ratio(2), Ratio(4), Ratio(6))
    se = pick("se", off=Chain(), on=squeeze_excite(4))
    added, around_linear, around_shuffle = (
        (width - before, Chain, shuffle_down) if stride == 2 else (width, linear_residual, shuffle_keep)
    )
    shuffled = shuffle_body(width // 4, added, groups=groups, first_groups=groups, kernel=kernel, stride=stride)
    return Chain(
        pick(
            "block",
            separable=Chain(separable(width, kernel=kernel, stride=stride), se),
            inverted=around_linear(Chain(inverted(expanded, width, kernel=kernel, stride=stride), se)),
            shuffle=around_shuffle(Chain(shuffled, se)),
        )
    )
