"""The space `article`: any network of the building blocks of the article, every named one among them.

A network is a row of stages and a head. A stage is a run of blocks of one kind, which decides once what its blocks have
in common and for each block the rest. Numbers are wide ranges, depths and widths drawn by their logarithm.

Most random points are networks that read an image of 3×224×224; the others slide a window over a map that has become
smaller than it, and are drawn again by whoever samples, as are those beyond a limit.
"""

from nas.arch.holes import span
from nas.arch.nodes import (
    ACTS,
    Act,
    Chain,
    Choice,
    Conv,
    Exit,
    Flatten,
    GlobalPool,
    Linear,
    Norm,
    RadialBasis,
    Repeat,
    Space,
    pick,
)
from search_spaces.spaces import article_stages as stages
from search_spaces.spaces.article_layers import (
    conv_act,
    dropout,
    maybe,
    more,
    odd,
    percent,
    pool,
    several,
    smaller,
    width,
)
from search_spaces.spaces.article_scales import grid

_MOST_STAGES = 16


def article_space(classes: int) -> Space:
    """Up to 16 stages of any kinds, and a head or a grid of scales."""
    kind = pick(
        "kind",
        plain=stages.plain(),
        smaller=smaller(),
        residual=stages.residual(),
        widening=stages.widening(),
        preactivated=stages.preactivated(),
        inverted=stages.inverted(),
        dense=stages.dense(),
        inception=stages.inception(),
        reduction=stages.reduction(),
        scaled=stages.scaled(),
        towers=stages.towers(),
        shuffled=stages.shuffled(),
        split=stages.split(),
        fractal=stages.fractal(),
        cells=stages.cells(classes),
        exit=_exit(classes),
    )
    ends = _heads(classes) | {"scales": grid(classes)}
    end = Choice("end", tuple(ends), tuple(ends.values()))
    return Chain(several("stage", kind, most=_MOST_STAGES, some=6), end)


def _exit(classes: int) -> Exit:
    """Logits half-way, made of up to four layers and a head."""
    layer = pick(
        "layer",
        even=conv_act(width(), odd("kernel")),
        inside=conv_act(width(), span("kernel", 2, 7), padding=0),
        pool=pool(),
    )
    return Exit(Chain(more("layer", layer, most=4), _head(classes)), percent("weight"))


def _head(classes: int) -> Choice:
    heads = _heads(classes)
    return Choice("head", tuple(heads), tuple(heads.values()))


def _heads(classes: int) -> dict[str, Chain]:
    """Logits of a map: linear layers of its mean, or of all of it; or the mean of a map of each class."""
    ready = Chain(maybe("head_norm", Norm(eps=pick("head_eps", 1e-5, 1e-3))), maybe("head_act", _ACT))
    hidden = Chain(
        dropout("dropout_before"),
        Linear(width(), bias=pick("linear_bias", True, False)),
        maybe("norm", Norm(eps=pick("eps", 1e-5, 1e-3))),
        maybe("activated", _ACT),
        dropout("dropout_after"),
    )
    logits = pick("logits", linear=Linear(classes, bias=pick("bias", True, False)), codes=RadialBasis(classes))
    linear = Chain(Flatten(), Repeat("hidden", hidden, span("hidden", 0, 3)), dropout(), logits)
    kernel, padding = span("kernel", 1, 3, 2), span("padding", 0, 1)
    maps = Chain(Conv(classes, kernel, padding=padding, bias=pick("bias", True, False)), maybe("activated", _ACT))
    return {
        "pooled": Chain(ready, GlobalPool(pick("pool", "avg", "max")), linear),
        "flat": Chain(ready, linear),
        "maps": Chain(ready, maps, GlobalPool(), Flatten()),
    }


_ACT = Act(pick("act", *ACTS))
