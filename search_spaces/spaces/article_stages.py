"""The stages of the space `article`: runs of blocks of one kind, for each building block of the article.

A stage reads any map: where a join needs widths to agree they are one hole, or are derived from each other; where
groups cut channels these are multiples of the groups; branches that a concatenation joins slide alike over the map.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from nas.arch.fields import Padding
from nas.arch.holes import shared, span
from nas.arch.nodes import (
    Branches,
    Cells,
    Chain,
    Chunk,
    Conv,
    Dropout,
    Fork,
    Norm,
    Part,
    Pool,
    Ratio,
    Repeat,
    Scale,
    Scope,
    Shortcut,
    Shuffle,
    TableConv,
    pick,
)
from search_spaces.networks.lenet import C3
from search_spaces.networks.nasnet import auxiliary, factorized_reduction
from search_spaces.spaces.article_layers import (
    ACT,
    BIAS,
    NORM,
    RESPONSE,
    SE,
    SQUEEZE,
    STAGE,
    TAIL,
    WIDEST,
    conv,
    conv_act,
    depthwise,
    dropout,
    groups,
    halves,
    maybe,
    more,
    odd,
    opening,
    percent,
    pool,
    several,
    share,
    smaller,
    together,
    width,
)
from search_spaces.spaces.cell import CellRules, cell_rows

_WIDTH = shared(STAGE, width())
"""The width of all blocks of a stage."""


# Plain layers.


def plain() -> Chain:
    """Layers of all sorts one after the other; the first may stride, or keep inside the map."""
    half, stride = span("half", 1, 7, log=True), halves()
    uneven = (half - 1, half, half - 1, half)
    others: dict[str, Any] = {
        "preactivated": _preactivated(),
        "response": RESPONSE,
        "dropout": Dropout(percent("p")),
        "se": SQUEEZE,
    }
    first = pick(
        "layer",
        conv=_layer(opening(width())),
        uneven=_layer(Conv(width(), 2 * half + 1, stride=stride, padding=uneven, bias=BIAS)),
        multiplied=_multiplied(2 * half + 1, stride, uneven),
        separable=_separable(stride),
        table=_table(),
        **others,
    )
    following = pick("layer", conv=_layer(Conv(width(), odd("kernel"), bias=BIAS)), separable=_separable(1), **others)
    return Chain(Scope("first", Chain(first)), more("next", following, most=64))


def _layer(convolution: Part) -> Chain:
    return Chain(convolution, NORM, maybe("activated", ACT))


def _separable(stride: Any) -> Chain:
    """k×k depthwise and 1×1 convolution, in the orders of MobileNet and Xception."""
    return Chain(
        maybe("activated_before", ACT),
        depthwise(odd("kernel"), stride=stride),
        maybe("apart", Chain(NORM, ACT)),
        _layer(Conv(width(), bias=BIAS)),
    )


def _preactivated() -> Chain:
    """Normalization, activation, convolution to a width or to a fraction of the input's."""
    kernel, share = odd("kernel"), Ratio(span("out", 1, 32, log=True), span("of", 1, 32, log=True))
    return Chain(NORM, ACT, pick("to", width=Conv(width(), kernel, bias=BIAS), share=Conv(share, kernel, bias=BIAS)))


def _multiplied(kernel: Any, stride: Any, padding: Padding) -> Chain:
    """A depthwise convolution to several maps for each it reads, and a 1×1 convolution with biases of all."""
    maps = Ratio(span("maps", 1, 16, log=True))
    return Chain(depthwise(kernel, stride=stride, padding=padding, maps=maps), Conv(width(), bias=True), ACT)


def _table() -> Chain:
    """A convolution whose maps are read by another according to LeNet's table."""
    maps = span("maps", 1 + max(map(max, C3)), WIDEST, log=True)
    first = _layer(opening(maps))
    table = TableConv(C3, span("table_kernel", 1, 7))
    return Chain(first, maybe("halved", smaller()), table, maybe("activated_last", ACT))


def towers() -> Chain:
    """Convolutions that each read one of several groups of the channels of a first one (AlexNet)."""
    cut = shared(STAGE, groups())
    first = _layer(opening(cut * share()))
    grouped = _layer(Conv(cut * share(), odd("kernel"), groups=cut, bias=BIAS))
    between = more("between", pick("layer", response=RESPONSE, pool=pool()), most=2)
    return Chain(Scope("first", first), between, several("next", grouped, most=64))


# Residual blocks.


def residual() -> Chain:
    """Blocks x + body(x) of one width, with shortcuts that project where the shape changes."""
    kernel = shared(STAGE, odd("shortcut_kernel", 7))
    shortcut = Shortcut(shared(STAGE, pick("shortcut", "projection", "conv")), kernel=kernel)
    return Chain(
        Scope("first", _residual_block(shortcut, _WIDTH, halves())),
        more("next", _residual_block(pick("skip", shortcut=shortcut, identity=Chain()), _WIDTH, 1)),
    )


def _residual_block(shortcut: Part, out: Any, stride: Any) -> Chain:
    body = pick(
        "body",
        basic=_basic(out, stride),
        bottleneck=_bottleneck(out, stride),
        separable=_separables(out, stride),
    )
    return Chain(Branches(shortcut, Chain(body, TAIL)), maybe("activated", ACT))


def _basic(out: Any, stride: Any) -> Chain:
    first = conv_act(out, odd("kernel1"), stride=stride)
    return Chain(first, dropout(), conv(out, odd("kernel2")))


def _bottleneck(out: Any, stride: Any) -> Chain:
    """1×1, k×k in groups, 1×1; a stride is in the first or in the second."""
    early, halves = pick("early", 0, 1), stride - 1
    strides = 1 + early * halves, 1 + (1 - early) * halves

    def body(reduced: Any, inner: Any, cut: Any) -> Chain:
        entry = conv_act(reduced, stride=strides[0])
        return Chain(entry, conv_act(inner, odd("kernel"), stride=strides[1], groups=cut), conv(out))

    cut = groups()
    return Chain(
        pick(
            "cut",
            whole=body(width("reduced"), width("inner"), 1),
            grouped=body(cut * share("reduced"), cut * share("inner"), cut),
        )
    )


def _separables(out: Any, stride: Any) -> Chain:
    """Separable convolutions with nothing between their halves, a pool behind them (Xception)."""

    def one(width: Any) -> Chain:
        return Chain(maybe("activated_before", ACT), depthwise(odd("kernel")), conv(width))

    pooled = () if stride == 1 else (Pool("max", 3, stride=stride, padding=1),)
    return Chain(more("layer", one(width()), most=8), one(out), *pooled)


def widening() -> Chain:
    """A convolution and stages of residual blocks, none narrower than what it reads: shortcuts have no parameters."""
    shortcut = Shortcut(shared(STAGE, pick("shortcut", "zero_pad", "pooled_zero_pad")))

    def part(before: Any, added: Any) -> Chain:
        blocks = (_residual_block(shortcut, before + added, stride) for stride in (halves(), 1))
        return Chain(Scope("first", next(blocks)), more("next", next(blocks)))

    stem = _stem_width()
    return Chain(Scope("stem", conv_act(stem, odd("kernel"))), _widening(part, stem, lambda i: width(f"added{i}") - 1))


def _stem_width() -> Any:
    return shared(STAGE, width("stem"))


def _widening(part: Callable[[Any, Any], Part], before: Any, added: Callable[[int], Any], i: int = 1) -> Part:
    """`part(before, added)`, and the same for the width that makes, as often as decided, up to five times."""
    by = shared(STAGE, added(i))
    this = Scope(f"part{i}", Chain(part(before, by)))
    return Chain(this, maybe(f"further{i}", _widening(part, before + by, added, i + 1))) if i < 5 else Chain(this)


def preactivated() -> Chain:
    """Blocks of one width that normalize and activate first; a convolution, or the first block, makes that width."""
    changing, keeping = (
        Chain(pick("body", basic=_preactivated_basic(stride), bottleneck=_preactivated_bottleneck(stride)), TAIL)
        for stride in (halves(), 1)
    )
    first = pick(
        "first",
        stem=Chain(opening(_WIDTH), maybe("activated", Chain(NORM, ACT)), maybe("smaller", pool())),
        change=Chain(NORM, ACT, Branches(Shortcut("conv"), changing)),
    )
    return Chain(Scope("first", first), more("next", Branches(Chain(), Chain(NORM, ACT, keeping))))


def _preactivated_basic(stride: Any) -> Chain:
    first = Conv(_WIDTH, odd("kernel1"), stride=stride, bias=BIAS)
    return Chain(first, NORM, ACT, dropout(), Conv(_WIDTH, odd("kernel2"), bias=BIAS))


def _preactivated_bottleneck(stride: Any) -> Chain:
    inner = width("inner")
    return Chain(
        Conv(inner, bias=BIAS),
        Chain(NORM, ACT, Conv(inner, odd("kernel"), stride=stride, bias=BIAS)),
        Chain(NORM, ACT, Conv(_WIDTH, bias=BIAS)),
    )


def inverted() -> Chain:
    """A row of inverted residual blocks of one width, the first without the sum (MobileNet v2)."""

    def body(stride: Any) -> Chain:
        return Chain(
            conv_act(Ratio(span("expansion", 1, 16, log=True))),
            Chain(depthwise(odd("kernel"), stride=stride), NORM, ACT),
            conv(_WIDTH),
        )

    return Chain(Scope("first", body(halves())), more("next", Branches(Chain(), Chain(body(1), TAIL))))


# Shuffle units.


def shuffled() -> Chain:
    """A convolution and stages of ShuffleNet units: the first of a stage halves the map and adds channels."""
    cut = shared(STAGE, groups())

    def part(before: Any, added: Any) -> Chain:
        down = Branches(Pool("avg", 3, stride=2, padding=1), unit(added, 2), join="concat")
        keep = Branches(Chain(), unit(before + added, 1))
        return Chain(Scope("first", Chain(down, ACT)), more("next", Chain(keep, ACT)))

    def unit(out: Any, stride: int) -> Chain:
        inner = cut * share("inner")
        entry = conv_act(inner, groups=cut)
        return Chain(
            entry if stride == 1 else pick("entry", whole=conv_act(inner), grouped=entry),
            maybe("shuffle", Shuffle(cut)),
            Chain(depthwise(odd("kernel"), stride=stride), NORM),
            conv(out, groups=cut),
            TAIL,
        )

    stem = cut * shared(STAGE, share("stem", 4096))
    entry = Chain(conv_act(stem, odd("kernel"), stride=halves()), maybe("smaller", pool()))
    return Chain(Scope("stem", entry), _widening(part, stem, lambda i: cut * share(f"added{i}", 4096)))


def split() -> Chain:
    """ShuffleNet v2 units of one width: the first halves the map, the others pass half of the channels on."""

    def body(stride: int) -> Chain:
        return Chain(conv_act(_WIDTH), Chain(depthwise(odd("kernel"), stride=stride), NORM), conv_act(_WIDTH))

    short = Chain(depthwise(odd("short_kernel"), stride=2), NORM, conv_act(_WIDTH))
    down = Branches(short, body(2), join="concat")
    keep = Branches(Chunk(0), Chain(Chunk(1), body(1)), join="concat")
    shuffle = maybe("shuffle", Shuffle(2))
    return Chain(Scope("first", Chain(down, SE, shuffle)), more("next", Chain(keep, SE, shuffle)))


# Concatenations.


def dense() -> Chain:
    """Layers that each append their channels to what they read."""
    growth = shared(STAGE, share("growth"))
    last = Chain(NORM, ACT, Conv(growth, odd("kernel"), bias=BIAS), dropout())
    inner = Chain(NORM, ACT, Conv(width("inner"), bias=BIAS), dropout("inner_dropout"))
    body = pick("body", plain=last, bottleneck=Chain(inner, last))
    return Chain(several("layer", Chain(Branches(Chain(), body, join="concat"), SE)))


def inception() -> Chain:
    """Modules of up to eight branches side by side, each a pool, convolutions, or one after the other."""
    squeezed = maybe("squeeze", conv_act(width("squeezed")))
    module = _side_by_side(Chain(_POOLED, _CONVOLUTIONS, _FORKED))
    return Chain(several("module", Chain(squeezed, module, SE), most=64))


def reduction() -> Chain:
    """A module whose branches end in convolutions and pools that slide alike over the map."""
    kernel, stride, padding = (
        shared(STAGE, span(f"slide_{name}", low, high))
        for name, low, high in (("kernel", 2, 5), ("stride", 1, 2), ("padding", 0, 1))
    )
    slides = pick(
        "slide",
        conv=conv_act(width("slid"), kernel, stride=stride, padding=padding),
        max=Pool("max", kernel, stride=stride, padding=padding),
        mean=Pool("avg", kernel, stride=stride, padding=padding),
    )
    module = pick(
        "module",
        slide=_side_by_side(Chain(_CONVOLUTIONS, slides)),
        halve=_side_by_side(Chain(_CONVOLUTIONS, _halving((0, 1, 0, 1)))),
        halve_even=_side_by_side(Chain(_CONVOLUTIONS, _halving(1))),
    )
    return Chain(module, SE)


def _halving(padding: Padding) -> Any:
    """A convolution of that padding, or a pool that rounds up: of one size on even maps, if padded unevenly on all."""
    return pick(
        "halve",
        conv=conv_act(width("halved"), 3, stride=2, padding=padding),
        max=Pool("max", 3, stride=2, ceil=True),
    )


_SIDES = odd("tall"), odd("wide")
_CONVOLUTIONS = more("layer", conv_act(width(), _SIDES), most=8)
_POOLED = pick(
    "pooled",
    none=Chain(),
    max=Pool("max", 3, stride=1, padding=1),
    mean=Pool("avg", 3, stride=1, padding=1, count_include_pad=pick("count_include_pad", True, False)),
)
_FORKED = pick(
    "end",
    joined=Chain(),
    forked=Fork(*(Scope(f"end{i}", conv_act(width(), _SIDES)) for i in (1, 2))),
)


def _side_by_side(branch: Part) -> Branches:
    return Branches(Repeat("branch", Chain(Fork(branch)), span("branches", 1, 8)), join="concat")


def scaled() -> Chain:
    """Small Inception modules that are scaled and added to what they read (Inception-ResNet)."""
    body = Chain(_side_by_side(_CONVOLUTIONS), Conv("fit", bias=True), Scale(percent("factor")))
    block = Chain(Branches(Chain(), Chain(body, TAIL)), maybe("activated", ACT))
    return Chain(several("block", block, most=64))


# Fractals, cells.


def fractal() -> Chain:
    """A block of up to six columns, each half as deep as the next, in which means join what ends together."""
    between = dropout()
    unit = Chain(Conv(_WIDTH, shared(STAGE, odd("kernel")), bias=BIAS), together(between), NORM, ACT)
    rate = shared(STAGE, percent("join_drop_path"))

    def joined(columns: int) -> Branches:
        return Branches(*paths(columns), join="mean", drop_path=rate)

    def paths(columns: int) -> tuple[Part, Part]:
        if columns == 2:
            return Chain(unit, unit), unit
        first = pick("half", unit=unit, paths=joined(columns - 1))
        second = pick("half", unit=unit, paths=Fork(*paths(columns - 1)))
        return Chain(Scope("first", Chain(first)), Scope("second", Chain(second))), unit

    return Chain(joined(6))


def cells(classes: int) -> Chain:
    """Rows of cells of five blocks, in three stages; `stems` are two reductions before them (NASNet)."""
    norm = Norm(eps=shared(STAGE, pick("eps", 1e-5, 1e-3)))
    smaller = partial(factorized_reduction, after=SE)
    rules = CellRules(5, ("add", "mean"), norm, span("inner", 2, 4096, log=True), smaller)
    head = auxiliary(classes, norm=norm)

    def row(stems: int) -> Cells:
        wide, further = span("width", 2, 4096, log=True), span("more", 1, 32, log=True) - 1
        return cell_rows(rules, stems=[wide] * stems, stages=[wide] * 3, more=further, head=head)

    return Chain(pick("before", nothing=row(0), stems=row(2)))
