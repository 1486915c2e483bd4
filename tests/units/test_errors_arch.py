"""Every message of the language: the rule, what was received, where, and what would do."""

import random
from collections.abc import Callable
from typing import NamedTuple

import pytest

from nas.arch.cost import cost
from nas.arch.holes import Derived, Pick, span
from nas.arch.locate import locate
from nas.arch.nodes import (
    ACTS,
    Act,
    Branches,
    Cells,
    Chain,
    Choice,
    Chunk,
    Conv,
    Dropout,
    DropPath,
    Edge,
    Exit,
    Flatten,
    Fork,
    GlobalPool,
    Graph,
    Linear,
    Norm,
    Pool,
    RadialBasis,
    Ratio,
    Repeat,
    Scope,
    Shift,
    Shortcut,
    Shuffle,
    Step,
    Subsample,
    TableConv,
    pick,
)
from nas.arch.points import mutate
from nas.arch.realize import realize
from nas.arch.text import parse
from nas.errors import HoleError, LocateError, NasError, PartError, ShapeError, TextError

IMAGE = (3, 8, 8)
WIDTHS = Conv(pick("width", 16, 32))


class Mistake(NamedTuple):
    """What a person may write, and the error it gets: where and what, and what would do."""

    make: Callable[[], object]
    kind: type[NasError]
    said: str
    hint: str = ""


FURTHEST = "this is as far as the space can follow the network"

MISTAKES = [
    Mistake(lambda: Conv(0), PartError, "out of Conv is a whole number of at least 1, got 0"),
    Mistake(lambda: Conv("wide"), PartError, "out of Conv is a whole number of at least 1, got 'wide'"),
    Mistake(
        lambda: Conv(3, 0),
        PartError,
        "kernel of Conv is a whole number of at least 1 or a pair (height, width) of them, got 0",
    ),
    Mistake(
        lambda: Conv(3, (3, 3, 3)),
        PartError,
        "kernel of Conv is a whole number of at least 1 or a pair (height, width) of them, got (3, 3, 3)",
    ),
    Mistake(
        lambda: Conv(3, stride=1.5),
        PartError,
        "stride of Conv is a whole number of at least 1 or a pair (height, width) of them, got 1.5",
    ),
    Mistake(lambda: Conv(3, groups=0), PartError, "groups of Conv is a whole number of at least 1, got 0"),
    Mistake(
        lambda: Conv(3, padding=-1),
        PartError,
        'padding of Conv is "same", a whole number, (height, width) or (top, bottom, left, right), got -1',
    ),
    Mistake(
        lambda: Conv(3, padding="valid"),
        PartError,
        "padding of Conv is \"same\", a whole number, (height, width) or (top, bottom, left, right), got 'valid'",
    ),
    Mistake(lambda: Conv(3, bias=1), PartError, "bias of Conv is True or False, got 1"),
    Mistake(lambda: Ratio(0), PartError, "numerator of Ratio is a whole number of at least 1, got 0"),
    Mistake(lambda: Ratio(1, 0), PartError, "denominator of Ratio is a whole number of at least 1, got 0"),
    Mistake(
        lambda: TableConv(()),
        PartError,
        "every output map of a TableConv reads different input maps, counted from 0, got ()",
    ),
    Mistake(
        lambda: TableConv(((0,), ())),
        PartError,
        "every output map of a TableConv reads different input maps, counted from 0, got ()",
    ),
    Mistake(
        lambda: TableConv(((0, 0),)),
        PartError,
        "every output map of a TableConv reads different input maps, counted from 0, got (0, 0)",
    ),
    Mistake(lambda: Linear(0), PartError, "out of Linear is a whole number of at least 1, got 0"),
    Mistake(lambda: Norm("layer"), PartError, "kind of Norm is one of batch, group, got 'layer'"),
    Mistake(lambda: Norm("group", groups=0), PartError, "groups of Norm is a whole number of at least 1, got 0"),
    Mistake(lambda: Norm(eps=2), PartError, "eps of Norm is a number from 0 to 1, got 2"),
    Mistake(
        lambda: Act("swish"),
        PartError,
        f"kind of Act is one of {', '.join(ACTS)}, got 'swish'",
    ),
    Mistake(lambda: Pool("min", 2), PartError, "kind of Pool is one of max, avg, got 'min'"),
    Mistake(
        lambda: Pool("max", 2, padding=2), PartError, "the padding of a Pool is smaller than its kernel, got 2 and 2"
    ),
    Mistake(
        lambda: Pool("max", 3, padding=(0, 1, 0, 0), ceil=True),
        PartError,
        "a Pool that rounds up has the same padding on both sides, at most half its kernel, got (0, 1, 0, 0)",
    ),
    Mistake(
        lambda: Pool("max", 4, padding=3, ceil=True),
        PartError,
        "a Pool that rounds up has the same padding on both sides, at most half its kernel, got 3",
    ),
    Mistake(lambda: Dropout(1.5), PartError, "p of Dropout is a number from 0 to 1, got 1.5"),
    Mistake(lambda: Dropout(True), PartError, "p of Dropout is a number from 0 to 1, got True"),
    Mistake(lambda: Shuffle(0), PartError, "groups of Shuffle is a whole number of at least 1, got 0"),
    Mistake(lambda: Chunk(2), PartError, "the index of a Chunk counts its parts from 0, got 2 of 2"),
    Mistake(lambda: Shift(-1, 0), PartError, "rows of Shift is a whole number of at least 0, got -1"),
    Mistake(
        lambda: Shortcut("identity"),
        PartError,
        "kind of Shortcut is one of projection, conv, zero_pad, pooled_zero_pad, got 'identity'",
    ),
    Mistake(
        lambda: Chain(Conv(3), "relu"), PartError, "a chain is made of parts, got 'relu'", "for example Conv(64, 3)"
    ),
    Mistake(
        lambda: Branches(), PartError, "Branches needs at least one branch, got none", "Chain() is the identity branch"
    ),
    Mistake(
        lambda: Branches(Conv(3), join="sum"),
        PartError,
        "join of Branches is one of add, concat, mean, multiply, got 'sum'",
    ),
    Mistake(
        lambda: Branches(Act(), Chain(), drop_path=0.1),
        PartError,
        "only a mean drops paths, got drop_path=0.1 and join='add'",
    ),
    Mistake(
        lambda: Branches(Act(), join="mean", drop_path=2),
        PartError,
        "drop_path of Branches is a number from 0 to 1, got 2",
    ),
    Mistake(lambda: DropPath(0.1, by="image"), PartError, "by of DropPath is one of sample, batch, got 'image'"),
    Mistake(lambda: Branches(Chain(Fork(Conv(3)), Act())), PartError, "a Fork ends its branch, got parts after it"),
    Mistake(
        lambda: Branches(Chain(Act(), Fork())),
        PartError,
        "a Fork without branches stands alone in its branch, which is then absent",
    ),
    Mistake(
        lambda: Repeat("block1", Conv(3), 2),
        PartError,
        "the name of a repeat ends in a letter, got 'block1': block11 would be ambiguous",
    ),
    Mistake(lambda: Repeat("block", Conv(3), -1), PartError, "times of Repeat is a whole number of at least 0, got -1"),
    Mistake(
        lambda: Scope("stage.1", Conv(3)),
        HoleError,
        "a name is made of letters, digits and underscores, got 'stage.1'",
        "for example 'width' or 'stage'",
    ),
    Mistake(
        lambda: Choice("block", ("a", "a"), (Conv(3), Act())),
        PartError,
        "block: a choice needs one part for each of its different labels, got ('a', 'a')",
    ),
    Mistake(
        lambda: Choice("block", ("a",), ()),
        PartError,
        "block: a choice needs one part for each of its different labels, got ('a',)",
    ),
    Mistake(
        lambda: Choice("block", ("a b",), (Conv(3),)),
        HoleError,
        "a name is made of letters, digits and underscores, got 'a b'",
        "for example 'width' or 'stage'",
    ),
    Mistake(lambda: Step(), PartError, "a Step needs at least one edge, got none"),
    Mistake(lambda: Edge(Conv(3), -1), PartError, "source of Edge is a whole number of at least 0, got -1"),
    Mistake(lambda: Graph((), (Step((Chain(), 0)),)), PartError, "a Graph needs inputs and steps, got 0 and 1"),
    Mistake(lambda: Graph((1,), ()), PartError, "a Graph needs inputs and steps, got 1 and 0"),
    Mistake(
        lambda: Graph((0,), (Step((Chain(), 0)),)), PartError, "the inputs of a Graph lie one or more cells back, got 0"
    ),
    Mistake(
        lambda: Graph((1,), (Step((Chain(), 0)), Step((Chain(), 2)))),
        PartError,
        "step2: an edge reads an input or an earlier step, got source 2 with 1 inputs and 1 earlier steps",
    ),
    Mistake(lambda: Exit(Linear(10), -1), PartError, "weight of Exit is a number from 0 to 1e+06, got -1"),
    Mistake(lambda: pick("width"), HoleError, "width: a pick needs at least one option, got none"),
    Mistake(
        lambda: pick("width", 16, 16), HoleError, "width: the options of a pick differ from each other, got (16, 16)"
    ),
    Mistake(lambda: pick("block", 3, plain=Conv(3)), PartError, "block: a pick has values or labelled parts, got both"),
    Mistake(
        lambda: pick("my width", 16, 32),
        HoleError,
        "a name is made of letters, digits and underscores, got 'my width'",
        "for example 'width' or 'stage'",
    ),
    Mistake(
        lambda: span("width", 8, 4), HoleError, "width: a span runs from low to high in whole steps, got 8 to 4 by 1"
    ),
    Mistake(
        lambda: span("width", 1, 6, 2), HoleError, "width: a span runs from low to high in whole steps, got 1 to 6 by 2"
    ),
    Mistake(
        lambda: span("width", 0, 8, log=True),
        HoleError,
        "width: a span drawn by its logarithm begins at 1 or above, in steps of 1, got 0 by 1",
        "add or multiply: 2 * span(…, log=True) - 2",
    ),
    Mistake(
        lambda: Derived("**", Pick("width", (1, 2)), 2), HoleError, "arithmetic on holes knows +, -, *, //, /, got '**'"
    ),
    Mistake(lambda: realize(WIDTHS, {}), HoleError, "width: the point leaves this hole open; it offers 16, 32"),
    Mistake(
        lambda: realize(WIDTHS, {"wdith": 16}),
        HoleError,
        "width: the point leaves this hole open; it offers 16, 32",
        "did you mean 'wdith'?",
    ),
    Mistake(
        lambda: realize(WIDTHS, {"width": 16, "widht": 16}),
        HoleError,
        "widht: a point decides only holes that are open in it, got one more",
        "did you mean 'width'?",
    ),
    Mistake(lambda: realize(WIDTHS, {"width": 24}), HoleError, "width: the hole offers 16, 32, got 24"),
    Mistake(lambda: realize(WIDTHS, {"width": "16"}), HoleError, "width: the hole offers 16, 32, got '16'"),
    Mistake(
        lambda: realize(Conv(span("width", 8, 64, 8)), {"width": 9}),
        HoleError,
        "width: the hole offers 8 to 64 in steps of 8, got 9",
    ),
    Mistake(
        lambda: realize(pick("block", plain=Conv(3), none=Chain()), {"block": "dense"}),
        HoleError,
        "block: the hole offers plain, none, got 'dense'",
    ),
    Mistake(
        lambda: realize(Chain(WIDTHS, Linear(pick("width", 10, 20))), {"width": 16}),
        HoleError,
        "width: two different holes share one name",
        "rename one, or put it in a Scope",
    ),
    Mistake(
        lambda: realize(Scope("stage", Conv(pick("width", 16, 32, scope="body"))), {"width": 16}),
        HoleError,
        "stage.width: a shared hole names a scope around it, got 'body' inside 'stage'",
        '"" is the whole space',
    ),
    Mistake(
        lambda: realize(
            Chain(Scope("stage1", WIDTHS), Repeat("stage", WIDTHS, 2)), {"stage1.width": 16, "stage2.width": 16}
        ),
        HoleError,
        "stage1: a scope and a repetition share one name",
        "rename one of them",
    ),
    Mistake(
        lambda: realize(Scope("stage", Pool("max", pick("kernel", 2, 3), padding=2)), {"stage.kernel": 2}),
        PartError,
        "stage: the padding of a Pool is smaller than its kernel, got 2 and 2",
    ),
    Mistake(
        lambda: realize(Conv(4 // span("width", 0, 1)), {"width": 0}),
        HoleError,
        "a derived value does not divide by zero, got 4 // 0",
    ),
    Mistake(
        lambda: realize(Conv(span("width", 0, 1) - 1), {"width": 0}),
        PartError,
        "out of Conv is a whole number of at least 1, got -1",
    ),
    Mistake(
        lambda: mutate(Conv(pick("width", 16)), {"width": 16}, random.Random(0)),
        HoleError,
        "a mutation needs a decision with another option, got a space of one point",
    ),
    Mistake(
        lambda: cost(WIDTHS, IMAGE),
        HoleError,
        "only a network has a cost, got a space",
        "realize it first, or ask for its cost range",
    ),
    Mistake(
        lambda: cost(Linear(10), IMAGE),
        ShapeError,
        "linear1: Linear reads a flat input, got (3, 8, 8)",
        "put Flatten() before it",
    ),
    Mistake(
        lambda: cost(RadialBasis(10), IMAGE),
        ShapeError,
        "radial_basis1: RadialBasis reads a flat input, got (3, 8, 8)",
        "put Flatten() before it",
    ),
    Mistake(
        lambda: cost(Chain(Flatten(), Conv(3)), IMAGE),
        ShapeError,
        "conv1: Conv reads a map (channels, height, width), got (192,)",
    ),
    Mistake(
        lambda: cost(Chain(Flatten(), Pool("max", 2)), IMAGE),
        ShapeError,
        "pool1: Pool reads a map (channels, height, width), got (192,)",
    ),
    Mistake(
        lambda: cost(Chain(Conv(4), Conv(6, groups=3)), IMAGE),
        ShapeError,
        "conv2: the channels in and out are multiples of the groups, got 4 and 6 in 3 groups",
    ),
    Mistake(
        lambda: cost(Conv(4, 9, padding=0), IMAGE),
        ShapeError,
        "conv1: the window fits into the map, got a map of (8, 8), kernel 9, padding 0",
        "a larger input, more padding, or fewer strides before it",
    ),
    Mistake(
        lambda: cost(Subsample(9), IMAGE),
        ShapeError,
        "subsample1: the window fits into the map, got a map of (8, 8), kernel 9, padding 0",
        "a larger input, more padding, or fewer strides before it",
    ),
    Mistake(
        lambda: cost(Norm("group", groups=2), IMAGE),
        ShapeError,
        "norm1: the channels are a multiple of the norm's groups, got 3 and 2",
    ),
    Mistake(
        lambda: cost(Shuffle(2), IMAGE),
        ShapeError,
        "shuffle1: the channels are a multiple of the shuffle's groups, got 3 and 2",
    ),
    Mistake(
        lambda: cost(Chunk(0), IMAGE), ShapeError, "chunk1: the channels are a multiple of the chunks, got 3 and 2"
    ),
    Mistake(
        lambda: cost(TableConv(((0, 3),)), IMAGE), ShapeError, "conv1: the table names input maps up to 3, got 3 maps"
    ),
    Mistake(
        lambda: cost(Chain(Conv(4), Branches(Chain(), Conv(8))), IMAGE),
        ShapeError,
        "add1: add needs equal shapes, got (4, 8, 8) and (8, 8, 8)",
        "use a Shortcut, which fits itself, or join with concat",
    ),
    Mistake(
        lambda: cost(Branches(Conv(4), Conv(4, stride=2), join="concat"), IMAGE),
        ShapeError,
        "concat1: concat needs maps of one size, got (4, 8, 8) and (4, 4, 4)",
        "give the branches the same strides and padding",
    ),
    Mistake(
        lambda: cost(Branches(Conv(4), Conv(2), join="multiply"), IMAGE),
        ShapeError,
        "multiply1: multiply needs equal shapes or one value a channel, got (4, 8, 8) and (2, 8, 8)",
    ),
    Mistake(
        lambda: cost(Branches(Chain(), Chain(GlobalPool(), Flatten()), join="multiply"), IMAGE),
        ShapeError,
        "multiply1: multiply needs equal shapes or one value a channel, got (3, 8, 8) and (3,)",
    ),
    Mistake(
        lambda: cost(Conv("fit"), IMAGE),
        ShapeError,
        "conv1: a width or shortcut that fits itself needs a sibling branch to fit to, got none",
        "put it in a branch of add, mean or multiply beside one that says its width",
    ),
    Mistake(
        lambda: cost(Branches(Shortcut(), Shortcut()), IMAGE),
        ShapeError,
        "add1.branch1.shortcut1: a width or shortcut that fits itself needs a sibling branch to fit to, got none",
        "put it in a branch of add, mean or multiply beside one that says its width",
    ),
    Mistake(
        lambda: cost(Branches(Shortcut("zero_pad"), Conv(2)), IMAGE),
        ShapeError,
        "add1.branch1.shortcut1: a zero-padded shortcut cannot lose channels, got (3, 8, 8) to fit to (2, 8, 8)",
        'use "projection"',
    ),
    Mistake(
        lambda: cost(Branches(Shortcut(), Conv(4, 2, padding=0)), IMAGE),
        ShapeError,
        "add1.branch1.shortcut1: no stride fits a shortcut of (3, 8, 8) to (4, 7, 7)",
    ),
    Mistake(
        lambda: cost(Branches(Shortcut(), Chain(Flatten(), Linear(4))), IMAGE),
        ShapeError,
        "add1.branch1.shortcut1: a shortcut fits maps to each other, got (3, 8, 8) to fit to (4,)",
    ),
    Mistake(
        lambda: cost(Branches(Chain(Act(), Branches(Conv(4), Chain(Conv(8), Act(), Conv(8))))), IMAGE),
        ShapeError,
        "add1.branch1.add1: add needs equal shapes, got (4, 8, 8) and (8, 8, 8)",
        "use a Shortcut, which fits itself, or join with concat",
    ),
    Mistake(
        lambda: cost(Chain(Fork(Conv(4), Conv(4)), Act()), IMAGE),
        ShapeError,
        "fork1: a Fork ends its branch, got parts after it",
    ),
    Mistake(
        lambda: cost(Chain(Conv(3), Fork(Conv(4))), IMAGE),
        ShapeError,
        "a Fork belongs at the end of a branch of a join, got one where nothing joins it",
    ),
    Mistake(
        lambda: cost(Exit(Fork(Conv(4))), IMAGE),
        ShapeError,
        "exit1: a Fork belongs at the end of a branch of a join, got one where nothing joins it",
    ),
    Mistake(
        lambda: cost(Cells(Graph((1, 2), (Step((Conv(4), 0), (Chain(), 1)),))), IMAGE),
        ShapeError,
        "cells1.cell1.graph1.step1: add needs equal shapes, got (4, 8, 8) and (3, 8, 8)",
        "use a Shortcut, which fits itself, or join with concat",
    ),
    Mistake(
        lambda: cost(Graph((1,), (Step((Conv(4), 0)), Step((Conv(4, stride=2), 0)))), IMAGE),
        ShapeError,
        "graph1.output: concat needs maps of one size, got (4, 8, 8) and (4, 4, 4)",
        "give the branches the same strides and padding",
    ),
    Mistake(
        lambda: locate(WIDTHS, WIDTHS), HoleError, "only a network lies in a space, got a space", "realize it first"
    ),
    Mistake(
        lambda: locate(Conv(24), WIDTHS), LocateError, "conv1: out is 24 in the network; width offers 16, 32", FURTHEST
    ),
    Mistake(
        lambda: locate(Chain(Conv(16), Act()), Chain(WIDTHS)),
        LocateError,
        "act1: the network goes on with act() where the space ends",
        FURTHEST,
    ),
    Mistake(
        lambda: locate(Conv(16), Chain(WIDTHS, Act())),
        LocateError,
        "end: the network ends where the space expects act()",
        FURTHEST,
    ),
    Mistake(
        lambda: locate(Act(), WIDTHS),
        LocateError,
        'act1: the space expects conv(pick("width", (16, 32))), the network has act()',
        FURTHEST,
    ),
    Mistake(
        lambda: locate(Chain(Conv(16), Conv(32)), Chain(WIDTHS, WIDTHS)),
        LocateError,
        "conv2: out is 32 in the network; width is already 16",
        FURTHEST,
    ),
    Mistake(
        lambda: locate(Conv(16, 3), Chain(WIDTHS)),
        LocateError,
        "conv1: kernel is 3 in the network and 1 in the space",
        FURTHEST,
    ),
    Mistake(
        lambda: locate(Branches(Conv(16), Act()), Branches(WIDTHS)),
        LocateError,
        "add1: the network joins 2 branches, the space 1",
        FURTHEST,
    ),
    Mistake(
        lambda: locate(Conv(16), pick("block", act=Act(pick("kind", "relu", "silu")), norm=Norm())),
        LocateError,
        "conv1: no part that block offers begins with conv(16)",
        FURTHEST,
    ),
    Mistake(
        lambda: locate(Conv(48), Conv(2 * pick("width", 16, 32))),
        LocateError,
        "conv1: out is 48 in the network; width offers 16, 32, and the space derives it",
        FURTHEST,
    ),
    Mistake(
        lambda: locate(Repeat("b", Act(), 3), Repeat("block", Act(), span("depth", 0, 2))),
        LocateError,
        "act3: the network goes on with act() where the space ends",
        FURTHEST,
    ),
    Mistake(
        lambda: locate(Cells(Conv(16), Act()), Cells(WIDTHS)),
        LocateError,
        "cells1.cell2: the network has more cells than the space",
        FURTHEST,
    ),
    Mistake(lambda: parse("conv(3)"), TextError, "line 1, column 1: a text begins with 'nas 1', got 'conv'"),
    Mistake(
        lambda: parse("nas 2\nconv(3)"),
        TextError,
        "line 1, column 5: this version reads texts of version 1, got '2'",
        "a newer version may read it",
    ),
    Mistake(lambda: parse("nas 1\nconf(3)"), TextError, "line 2, column 1: no part is called 'conf'"),
    Mistake(
        lambda: parse("nas 1\nconv(3"),
        TextError,
        "line 2, column 7: the fields of a part are separated by commas, got 'the end'",
    ),
    Mistake(lambda: parse("nas 1\nconv(3, 3, 3)"), TextError, "line 2, column 1: conv does not take these fields"),
    Mistake(
        lambda: parse("nas 1\nconv(0)"),
        TextError,
        "line 2, column 1: out of Conv is a whole number of at least 1, got 0",
    ),
    Mistake(lambda: parse("nas 1\nconv(3, width=4)"), TextError, "line 2, column 1: conv does not take these fields"),
    Mistake(
        lambda: parse("nas 1\nconv(3, bias=true, bias=true)"),
        TextError,
        "line 2, column 20: the field 'bias' is given once",
    ),
    Mistake(
        lambda: parse("nas 1\nconv(bias=true, 3)"), TextError, "line 2, column 17: fields without a name come first"
    ),
    Mistake(lambda: parse("nas 1\nconv(three)"), TextError, "line 2, column 6: no part is called 'three'"),
    Mistake(
        lambda: parse("nas 1\n2 conv(3)"),
        TextError,
        "line 2, column 3: a number before a part says how often, as in 2 * norm(), got 'conv'",
    ),
    Mistake(
        lambda: parse("nas 1\n1.5 * conv(3)"), TextError, "line 2, column 1: a part is repeated a whole number of times"
    ),
    Mistake(lambda: parse("nas 1\nadd([x2])"), TextError, "line 2, column 6: a part is expected, got 'x2'"),
    Mistake(lambda: parse('nas 1\nact("\\x")'), TextError, "line 2, column 5: a string is written as in JSON"),
    Mistake(lambda: parse("nas 1\nconv(?)"), TextError, "line 2, column 6: '?)' is not part of a text"),
    Mistake(lambda: parse("nas 1\nratios(1, 2)"), TextError, "line 2, column 1: no part is called 'ratios'"),
    Mistake(lambda: parse("nas 1\nratio(1, 2)"), TextError, "line 2, column 1: a chain is made of parts"),
    Mistake(
        lambda: parse("nas 1\nconv(x1/0)"),
        TextError,
        "line 2, column 6: denominator of Ratio is a whole number of at least 1, got 0",
    ),
    Mistake(lambda: parse("nas 1\n500001 * act()"), TextError, "line 2, column 1: a text has at most 500000 parts"),
    Mistake(
        lambda: parse("nas 1\n" + "add(" * 101), TextError, "line 2, column 401: parts are nested at most 100 deep"
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake.said[:60] for mistake in MISTAKES])
def test_message(mistake):
    with pytest.raises(mistake.kind) as raised:
        mistake.make()
    assert type(raised.value) is mistake.kind
    assert str(raised.value) == mistake.said + (f"\nhint: {mistake.hint}" if mistake.hint else "")
