"""Hypothesis strategies: networks that fit their input, spaces with every kind of hole, points.

Networks are drawn part by part with the shape in hand, so that all fit: the few parts that do not are left out. Spaces
promise nothing of shapes. Channels and maps are small, so that torch runs a network in milliseconds. Strategies are
cached, for making one takes longer than drawing from it.
"""

import random
from collections.abc import Callable
from functools import cache
from math import prod
from typing import Any, NamedTuple

from hypothesis import strategies as st

from nas.arch.cost import Shape, cost
from nas.arch.holes import Pick, Span
from nas.arch.nodes import (
    ACTS,
    DEPTHWISE,
    JOINS,
    SHORTCUTS,
    Act,
    Branches,
    Cells,
    Chain,
    Choice,
    Chunk,
    Conv,
    Dropout,
    DropPath,
    Exit,
    Flatten,
    Fork,
    GlobalPool,
    Graph,
    Linear,
    LocalResponseNorm,
    Norm,
    Part,
    Pool,
    RadialBasis,
    Ratio,
    Repeat,
    Scale,
    Scope,
    Shift,
    Shortcut,
    Shuffle,
    Space,
    Step,
    Subsample,
    TableConv,
)
from nas.arch.realize import Point, sample
from nas.errors import ShapeError

Draw = Callable[..., Any]


class Case(NamedTuple):
    """A network, and the shape of an image it reads."""

    network: Chain
    input: Shape


class Place(NamedTuple):
    """A space, and a point of it."""

    space: Chain
    point: Point


@st.composite
def networks(draw: Draw, *, plain: bool = False) -> Case:
    """A network with any part there is; a `plain` one has none that a trace of the module miscounts."""
    shape = draw(st.tuples(st.integers(1, 6), st.integers(4, 9), st.integers(4, 9)))
    body = draw(chains(shape, plain=plain, most=6))
    after = cost(body, shape).output
    return Case(Chain(body, draw(tails(after, plain=plain))), shape)


@cache
@st.composite
def tails(draw: Draw, shape: Shape, *, plain: bool) -> Chain:
    """What makes a map flat at the end of a network; sometimes nothing."""
    match draw(st.sampled_from(("none", "pooled", "flat", "radial"))):
        case "none":
            return Chain()
        case "pooled":
            return Chain(GlobalPool(), Flatten(), Linear(3))
        case "radial" if not plain:
            return Chain(Flatten(), Linear(4), Act("lecun_tanh"), RadialBasis(3))
        case _:
            return Chain(Flatten(), draw(chains((prod(shape),), plain=plain, depth=1, most=3)))


@cache
@st.composite
def chains(draw: Draw, shape: Shape, *, plain: bool, depth: int = 2, most: int = 4) -> Chain:
    """A chain that reads `shape`, of up to `most` parts, its combinators nested up to `depth`."""
    parts: list[Part] = []
    for _ in range(draw(st.integers(0, most))):
        part = draw(parts_reading(shape, plain=plain, depth=depth))
        after = shape_after(part, shape)
        if after is not None:
            parts.append(part)
            shape = after
    return Chain(*parts)


def shape_after(part: Part, shape: Shape) -> Shape | None:
    """The shape `part` makes of `shape`; None where it cannot read it, or makes it too large for a quick test."""
    try:
        made = cost(part, shape).output
    except ShapeError:
        return None
    return made if prod(made) <= 1500 and (len(made) == 1 or made[0] <= 16) else None


@cache
def parts_reading(shape: Shape, *, plain: bool, depth: int) -> st.SearchStrategy[Part]:
    """A part that reads `shape`, in nearly all cases."""
    of_map = plain_leaves if plain else map_leaves
    leaf = of_map(shape[0]) if len(shape) == 3 else flat_leaves(shape[0])
    if depth == 0:
        return leaf
    kinds: list[st.SearchStrategy[Part]] = [leaf, joins(shape, plain=plain, depth=depth - 1)]
    if len(shape) == 3:
        kinds += [
            leaf,
            joins(shape, plain=plain, depth=depth - 1),
            graphs((shape,), (1,), plain=plain, depth=depth - 1),
            graphs((shape, shape), (1, 2), plain=plain, depth=depth - 1),
            exits(shape, plain=plain, depth=depth - 1),
        ]
        if not plain:  # a cell that no later cell reads runs, and a trace leaves it out
            kinds.append(rows_of_cells(shape, depth=depth - 1))
    return st.sampled_from(kinds).flatmap(lambda kind: kind)


# The leaves of networks.


@cache
def sizes(most: int) -> st.SearchStrategy[Any]:
    """A size up to `most`, as one number or as a pair."""
    one = st.integers(1, most)
    return one | st.tuples(one, one)


@cache
def divisors(channels: int) -> st.SearchStrategy[int]:
    """What so many channels can be grouped by."""
    return st.sampled_from([n for n in range(1, channels + 1) if channels % n == 0])


@cache
def chunks(channels: int) -> st.SearchStrategy[Chunk]:
    """One of the equal parts that so many channels have."""
    return divisors(channels).flatmap(lambda of: st.integers(0, of - 1).map(lambda index: Chunk(index, of)))


@cache
@st.composite
def convs(draw: Draw, channels: int) -> Conv:
    """A convolution: plain, grouped or depthwise, its width a number or a ratio."""
    groups: Any = 1
    out: Any = draw(st.integers(1, 6) | st.builds(Ratio, st.integers(1, 3), st.integers(1, 4)))
    match draw(st.sampled_from(("plain", "grouped", "depthwise"))):
        case "grouped":
            groups = draw(divisors(channels))
            out = groups * draw(st.integers(1, max(1, 6 // groups)))
        case "depthwise":
            groups, out = DEPTHWISE, draw(st.sampled_from((DEPTHWISE, Ratio(2), channels)))
    side = st.integers(0, 2)
    return Conv(
        out,
        draw(sizes(3)),
        stride=draw(st.just(1) | sizes(2)),
        groups=groups,
        padding=draw(st.just("same") | side | st.tuples(side, side) | st.tuples(side, side, side, side)),
        dilation=draw(st.just(1) | sizes(2)),
        bias=draw(st.booleans()),
    )


@cache
@st.composite
def pools(draw: Draw) -> Pool:
    """A pooling that rounds up or down, its padding even, uneven or absent."""
    kernel, ceil = draw(sizes(3)), draw(st.booleans())
    height, width = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    tall, wide = st.integers(0, height - 1), st.integers(0, width - 1)
    even = st.tuples(st.integers(0, height // 2), st.integers(0, width // 2)).filter(
        lambda padding: padding[0] < height and padding[1] < width
    )
    return Pool(
        draw(st.sampled_from(("max", "avg"))),
        kernel,
        stride=draw(st.none() | sizes(3)),
        padding=draw(even if ceil else st.just(0) | st.tuples(tall, tall, wide, wide)),
        ceil=ceil,
        count_include_pad=draw(st.booleans()),
    )


@cache
@st.composite
def norms(draw: Draw, channels: int) -> Norm:
    """A normalization that so many channels allow."""
    kind = draw(st.sampled_from(("batch", "group")))
    return Norm(
        kind,
        groups=draw(divisors(channels)) if kind == "group" else 1,
        eps=draw(st.sampled_from((1e-5, 1e-3, 1 / 7000))),
        scale=draw(st.booleans()),
        shift=draw(st.booleans()),
    )


@cache
@st.composite
def table_convs(draw: Draw, channels: int) -> TableConv:
    """A convolution with a connection table."""
    links = st.sets(st.integers(0, channels - 1), min_size=1).map(lambda maps: tuple(sorted(maps)))
    return TableConv(tuple(draw(st.lists(links, min_size=1, max_size=3))), draw(sizes(3)))


@cache
def elementwise() -> st.SearchStrategy[Part]:
    """A part that reads and keeps any shape."""
    return st.one_of(
        st.sampled_from(ACTS).map(Act),
        st.sampled_from((0.0, 0.3)).map(Dropout),
        st.builds(DropPath, st.sampled_from((0.0, 0.3)), by=st.sampled_from(("sample", "batch"))),
        st.sampled_from((0.0, 0.1, -2.0)).map(Scale),
    )


@cache
def plain_leaves(channels: int) -> st.SearchStrategy[Part]:
    """A leaf of a map that torch has under the same terms."""
    return st.one_of(
        convs(channels),
        convs(channels),
        norms(channels),
        elementwise(),
        pools(),
        st.sampled_from([GlobalPool("avg"), GlobalPool("max")]),
        divisors(channels).map(Shuffle),
        chunks(channels),
        st.builds(Shift, st.integers(0, 2), st.integers(0, 2)),
    )


@cache
def map_leaves(channels: int) -> st.SearchStrategy[Part]:
    """A leaf of a map."""
    return st.one_of(
        plain_leaves(channels),
        st.builds(LocalResponseNorm, st.integers(1, 4), alpha=st.just(0.1)),
        table_convs(channels),
        st.integers(1, 2).map(Subsample),
    )


@cache
def flat_leaves(features: int) -> st.SearchStrategy[Part]:
    """A leaf of a flat input."""
    return st.one_of(
        st.builds(Linear, st.integers(1, 6), bias=st.booleans()),
        norms(features),
        elementwise(),
        chunks(features),
        st.just(Flatten()),
    )


# The combinators of networks.


@cache
@st.composite
def arriving(draw: Draw, shape: Shape, target: Shape, *, fits: bool) -> Chain:
    """A chain from `shape` to `target`; one that `fits` may leave it to the join around it where that is."""
    ways = ["identity"] * (shape == target) + ["number"] + ["fit", "shortcut"] * (fits and len(shape) == 3)
    way = draw(st.sampled_from(ways))
    after = draw(st.lists(norms(target[0]) | elementwise(), max_size=2))
    match way:
        case "identity":
            return Chain()
        case "shortcut":
            return Chain(Shortcut(draw(st.sampled_from(SHORTCUTS)), kernel=draw(sizes(3))), *after)
        case _ if len(shape) == 1:
            return Chain(Linear(target[0]), *after)
        case _:
            return Chain(draw(convs_between(shape, target, fits=way == "fit")), *after)


@cache
@st.composite
def convs_between(draw: Draw, shape: Shape, target: Shape, *, fits: bool) -> Conv:
    """A convolution from `shape` to `target`, by its stride where one will do, else by its kernel and padding."""
    out: Any = "fit" if fits else target[0]
    stride = tuple(-(-a // b) for a, b in zip(shape[1:], target[1:], strict=True))
    if all(-(-a // s) == b for a, s, b in zip(shape[1:], stride, target[1:], strict=True)):
        return Conv(out, draw(sizes(3)), stride=(stride[0], stride[1]))
    (height, width), (tall, wide) = shape[1:], target[1:]
    kernel = (max(1, height - tall + 1), max(1, width - wide + 1))
    return Conv(out, kernel, padding=(0, max(0, tall - height), 0, max(0, wide - width)))


@cache
@st.composite
def gates(draw: Draw, target: Shape, *, fits: bool) -> Chain:
    """Squeeze and excitation's small chain: one value a channel."""
    out: Any = draw(st.sampled_from(("fit", target[0]))) if fits else target[0]
    return Chain(GlobalPool(), Conv(Ratio(1, 4), bias=True), Act(), Conv(out, bias=True), Act("sigmoid"))


@cache
@st.composite
def siblings(draw: Draw, shapes: tuple[Shape, ...], target: Shape, join: str, *, fits: bool = True) -> list[Chain]:
    """Chains that `join` can join with one that makes `target`, reading one of `shapes` each."""
    made = []
    for shape in shapes:
        if join == "concat":
            other = (draw(st.integers(1, 4)), *target[1:])
            made.append(draw(arriving(shape, other, fits=False)))
        elif join == "multiply" and len(shape) == 3 and draw(st.booleans()):
            made.append(draw(gates(target, fits=fits)))
        else:
            made.append(draw(arriving(shape, target, fits=fits)))
    return made


@cache
@st.composite
def joins(draw: Draw, shape: Shape, *, plain: bool, depth: int) -> Branches:
    """Branches with any join; some of them end in a fork."""
    join = draw(st.sampled_from(JOINS))
    body = draw(chains(shape, plain=plain, depth=depth, most=3))
    target = cost(body, shape).output
    if len(shape) != len(target):
        return Branches(body, join=join)
    branches: list[Part] = [body, *draw(siblings((shape,) * draw(st.integers(0, 2)), target, join))]
    if draw(st.sampled_from((False, False, True))):
        forked = draw(siblings((shape,) * draw(st.integers(0, 2)), target, join))
        before = draw(st.lists(elementwise(), max_size=1)) if forked else []
        branches.append(Chain(*before, Fork(*forked)))
    drop_path = draw(st.sampled_from((0.0, 0.4))) if join == "mean" else 0.0
    return Branches(*draw(st.permutations(branches)), join=join, drop_path=drop_path)


@cache
@st.composite
def graphs(draw: Draw, shapes: tuple[Shape, ...], inputs: tuple[int, ...], *, plain: bool, depth: int) -> Graph:
    """A graph that reads `shapes`, its steps all of one map size."""
    first, *_ = shapes
    height, width = draw(st.sampled_from((first[1:], tuple(-(-n // 2) for n in first[1:]))))
    known, steps = list(shapes), []
    for _ in range(draw(st.integers(1, 3))):
        sources = draw(st.lists(st.integers(0, len(known) - 1), min_size=1, max_size=3))
        join, target = draw(st.sampled_from(JOINS)), (draw(st.integers(1, 4)), height, width)
        body = draw(chains(known[sources[0]], plain=plain, depth=depth, most=2))
        reached = cost(body, known[sources[0]]).output
        if len(reached) == 1:
            body, reached = Chain(), known[sources[0]]
        edges = [Chain(body, draw(arriving(reached, target, fits=False)))]
        edges += draw(siblings(tuple(known[source] for source in sources[1:]), target, join))
        steps.append(Step(*zip(edges, sources, strict=True), join=join))
        widths = (
            [cost(edge, known[s]).output[0] for edge, s in zip(edges, sources, strict=True)] if join == "concat" else []
        )
        known.append((sum(widths) or target[0], height, width))
    return Graph(inputs, tuple(steps))


@cache
@st.composite
def rows_of_cells(draw: Draw, shape: Shape, *, depth: int) -> Cells:
    """Cells that read one, two or three cells back."""
    cells: list[Chain] = []
    outputs = [shape]
    for _ in range(draw(st.integers(1, 3))):
        if len(outputs[-1]) == 1:
            break
        inputs = draw(st.sampled_from(((1,), (2,), (1, 2), (2, 1), (1, 3))))
        reading = tuple(outputs[max(0, len(outputs) - back)] for back in inputs)
        graph = draw(graphs(reading, inputs, plain=False, depth=depth))
        body = draw(chains(outputs[-1], plain=False, depth=depth, most=2))
        cell = draw(st.sampled_from((Chain(graph), Chain(graph, Act()), body)))
        after = shape_after(Cells(*cells, cell), shape)
        if after is not None:
            cells.append(cell)
            outputs.append(after)
    return Cells(*cells)


@cache
@st.composite
def exits(draw: Draw, shape: Shape, *, plain: bool, depth: int) -> Exit:
    """An exit whose head is any chain."""
    head = draw(chains(shape, plain=plain, depth=depth, most=2))
    classify = () if len(cost(head, shape).output) == 1 else (GlobalPool(), Flatten())
    return Exit(Chain(head, *classify, Linear(3)), draw(st.sampled_from((1.0, 0.3))))


@st.composite
def careless_networks(draw: Draw) -> Case:
    """A network of parts that know nothing of each other's shapes: it fits its input, or it does not."""
    image = draw(st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 6)))
    return Case(draw(_careless_chains(3)), draw(st.sampled_from((image, image, image[:1]))))


@cache
@st.composite
def _careless_chains(draw: Draw, depth: int) -> Chain:
    leaf = map_leaves(4) | flat_leaves(4) | st.sampled_from(SHORTCUTS).map(Shortcut) | st.just(Conv("fit"))
    inner = st.deferred(lambda: _careless_chains(depth - 1))
    several, source = st.lists(inner, min_size=1, max_size=3), st.integers(0, 1)
    steps = st.lists(st.tuples(inner, source), min_size=1, max_size=2).map(lambda edges: Step(*edges))
    combinators = (
        st.builds(lambda branches, join: Branches(*branches, join=join), several, st.sampled_from(JOINS)),
        st.builds(lambda branches: Branches(*branches[:-1], Chain(Act(), Fork(*branches))), several),
        several.map(lambda branches: Fork(*branches)),
        st.builds(lambda one, other: Graph((1, 2), (one, other)), steps, steps),
        several.map(lambda cells: Cells(*cells)),
        inner.map(Exit),
    )
    parts = draw(st.lists(st.one_of(leaf, leaf, *combinators) if depth else leaf, max_size=3))
    ends = next((i for i, part in enumerate(parts) if isinstance(part, Fork)), len(parts))
    return Chain(*parts[: ends + 1])


# Spaces.


@st.composite
def spaces(draw: Draw) -> Chain:
    """A space with holes of every kind in every place."""
    return _SpaceWriter(draw).chain((), 3)


@st.composite
def places(draw: Draw) -> Place:
    """A random space and a random point of it."""
    space = draw(spaces())
    return Place(space, draw(points(space)))


def points(space: Space) -> st.SearchStrategy[Point]:
    """A random point of `space`."""
    return randoms().map(lambda rng: sample(space, rng))


def randoms() -> st.SearchStrategy[random.Random]:
    """A random generator of its own seed."""
    return st.integers(0, 2**32 - 1).map(random.Random)


_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "width": st.integers(1, 5),
    "times": st.integers(0, 3),
    "kernel": st.sampled_from((1, 3, (3, 3), (1, 3), 4)),
    "stride": st.sampled_from((1, 2, (1, 2))),
    "padding": st.sampled_from(("same", 0, 1, (1, 1), (0, 1), (0, 1, 1, 0))),
    "pool kernel": st.sampled_from((2, 3, (2, 3))),
    "pool stride": st.sampled_from((None, 1, 2)),
    "side": st.integers(0, 1),
    "back": st.integers(1, 2),
    "flag": st.booleans(),
    "rate": st.sampled_from((0, 0.1, 0.5, 1)),
    "drop by": st.sampled_from(("sample", "batch")),
    "act": st.sampled_from(ACTS),
    "join": st.sampled_from(JOINS),
    "shortcut": st.sampled_from(SHORTCUTS),
    "pool": st.sampled_from(("max", "avg")),
    "out": st.sampled_from((2, 5, "fit", Ratio(1), Ratio(1, 4))),
}
"""What a field of that kind may hold; picks offer some of it."""

Around = tuple[str, ...]
"""The names of the scopes around a place."""


class _SpaceWriter:
    """Draws a space from the top down, and remembers holes and parts so as to use them again.

    Scopes and repeats have few names, so that they stand inside one another and are opened twice. A hole has a name of
    its own, so that only the same hole, used again, shares a decision.
    """

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.holes: dict[str, list[Any]] = {kind: [] for kind in _VALUES}
        self.parts: list[tuple[Around, Part]] = []
        self.names = 0

    def one_of(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def name(self) -> str:
        self.names += 1
        return f"h{self.names}"

    def scope_of_decision(self, around: Around) -> str | None:
        return self.one_of(None, None, None, "", *around)  # type: ignore[no-any-return]

    # Values.

    def value(self, kind: str, around: Around) -> Any:
        """A value, a hole, a hole that stands elsewhere too, or arithmetic on holes."""
        match self.one_of("plain", "hole", "again", "derived"):
            case "hole":
                return self.hole(kind, around)
            case "again":
                known = [hole for hole in self.holes[kind] if hole.scope in (None, "", *around)]
                return self.draw(st.sampled_from(known)) if known else self.hole(kind, around)
            case "derived" if kind in ("width", "times"):
                a, b = self.hole(kind, around), self.hole(kind, around)
                return (
                    self.one_of(a + 1, 2 * a, (a + 1) // 2, 9 - a, a + b, a * b, a + a) if kind == "width" else a // 2
                )
            case _:
                return self.draw(_VALUES[kind])

    def hole(self, kind: str, around: Around) -> Any:
        made: Any
        if kind in ("width", "times") and self.draw(st.booleans()):
            low, steps, step = self.draw(_VALUES[kind]), self.draw(st.integers(0, 2)), self.one_of(1, 2)
            low = min(low, 2)
            log = low > 0 and step == 1 and self.draw(st.booleans())
            made = Span(self.name(), low, low + steps * step, step, self.scope_of_decision(around), log=log)
        else:
            options = self.draw(st.lists(_VALUES[kind], min_size=1, max_size=3, unique_by=repr))
            made = Pick(self.name(), tuple(options), self.scope_of_decision(around))
        self.holes[kind].append(made)
        return made

    def leaf(self, around: Around) -> Part:
        def value(kind: str) -> Any:
            return self.value(kind, around)

        match self.one_of(
            "conv", "conv", "fit", "table", "pool", "norm", "act", "rate", "scale", "shortcut", "linear", "moved"
        ):
            case "conv":
                kernel = self.one_of(value("kernel"), (value("width"), value("width")))
                padding = self.one_of(
                    value("padding"), (value("side"), value("side")), tuple(value("side") for _ in range(4))
                )
                return Conv(value("width"), kernel, stride=value("stride"), padding=padding, bias=value("flag"))
            case "fit":
                return Conv(value("out"), groups=self.one_of(1, DEPTHWISE))
            case "table":
                return TableConv(((0,), (value("side"),)), value("kernel"))
            case "pool":
                padding = self.one_of(value("side"), (value("side"), value("side")))
                return Pool(
                    value("pool"),
                    value("pool kernel"),
                    stride=value("pool stride"),
                    padding=padding,
                    ceil=value("flag"),
                )
            case "norm":
                return Norm(self.one_of("batch", "group"), groups=value("width"), scale=value("flag"))
            case "act":
                return Act(value("act"))
            case "rate":
                kind = self.one_of(Dropout, DropPath)
                return DropPath(value("rate"), by=value("drop by")) if kind is DropPath else Dropout(value("rate"))
            case "scale":
                return Scale(value("rate"))
            case "shortcut":
                return Shortcut(value("shortcut"))
            case "moved":
                return self.one_of(Chunk(value("side"), 2), Shift(value("side"), value("times")))  # type: ignore[no-any-return]
            case _:
                return Linear(value("width"), bias=value("flag"))

    # Parts.

    def chain(self, around: Around, depth: int) -> Chain:
        return Chain(*(self.part(around, depth) for _ in range(self.draw(st.integers(0, 3)))))

    def part(self, around: Around, depth: int) -> Part:
        made = self.new_part(around, depth)
        self.parts.append((around, made))
        return made

    def new_part(self, around: Around, depth: int) -> Part:
        kinds = ("choice", "repeat", "scope", "branches", "graph", "cells", "exit", "again")
        match self.one_of("leaf", "leaf", *(kinds if depth else ())):
            case "again":
                known = [part for place, part in self.parts if place == around]
                return self.draw(st.sampled_from(known)) if known else self.leaf(around)
            case "choice":
                return self.choice(around, self.chain(around, depth - 1), self.chain(around, depth - 1), Chain())
            case "repeat":
                name = self.one_of("r", "s")
                return Repeat(name, self.chain((name, *around), depth - 1), self.value("times", around))
            case "scope":
                name = self.one_of("a", "b")
                return Scope(name, self.chain((name, *around), depth - 1))
            case "branches":
                several = [self.branch(around, depth - 1) for _ in range(self.draw(st.integers(0, 2)))]
                several.insert(self.draw(st.integers(0, len(several))), Chain(self.leaf(around)))
                if self.one_of(False, False, True):
                    return Branches(*several, join="mean", drop_path=self.value("rate", around))
                return Branches(*several, join=self.value("join", around))
            case "graph":
                return self.graph(around, depth - 1)
            case "cells":
                return Cells(*(self.cell(around, depth - 1) for _ in range(self.draw(st.integers(1, 2)))))
            case "exit":
                return Exit(self.chain(around, depth - 1), self.value("rate", around))
            case _:
                return self.leaf(around)

    def choice(self, around: Around, *parts: Part) -> Choice:
        labels = self.draw(st.permutations(("x", "y", "z")[: len(parts)]))
        return Choice(self.name(), tuple(labels), parts, self.scope_of_decision(around))

    def branch(self, around: Around, depth: int) -> Part:
        """A branch, which may turn out to be several, or none."""
        fork = Fork(*(self.chain(around, max(0, depth - 1)) for _ in range(self.draw(st.integers(0, 2)))))
        match self.one_of("chain", "fork", "ending", "choice", "scope", "repeat", "ending repeat"):
            case "fork":
                return fork
            case "repeat" | "ending repeat" as kind:
                inner = Fork(self.chain(("r", *around), max(0, depth - 1)))
                rows = Repeat("r", Chain(inner), self.value("times", around))
                return rows if kind == "repeat" else Chain(self.leaf(around), rows)
            case "ending":
                return Chain(self.leaf(around), Fork(self.leaf(around), *fork.branches))
            case "choice":
                return self.choice(around, fork, self.chain(around, max(0, depth - 1)))
            case "scope":
                return Scope("a", Chain(Fork(self.leaf(("a", *around)), self.leaf(("a", *around)))))
            case _:
                return self.chain(around, depth)

    def graph(self, around: Around, depth: int) -> Graph:
        inputs = tuple(self.value("back", around) for _ in range(self.draw(st.integers(1, 2))))
        steps = []
        for position in range(self.draw(st.integers(1, 2))):
            known = range(len(inputs) + position)
            edges = []
            for _ in range(self.draw(st.integers(1, 2))):
                source: Any = self.draw(st.sampled_from(known))
                if self.draw(st.booleans()):
                    source = Pick(self.name(), tuple(known), self.scope_of_decision(around))
                edges.append((self.chain(around, max(0, depth - 1)), source))
            steps.append(Step(*edges, join=self.value("join", around)))
        return Graph(inputs, tuple(steps))

    def cell(self, around: Around, depth: int) -> Part:
        """A cell, which may turn out to be several, or none."""
        match self.one_of("graph", "chain", "choice", "repeat", "scope"):
            case "choice":
                return self.choice(
                    around, self.graph(around, 0), Cells(), Cells(self.graph(around, 0), self.leaf(around))
                )
            case "repeat":
                return Repeat("r", Chain(self.graph(("r", *around), 0)), self.value("times", around))
            case "scope":
                return Scope("a", Chain(self.graph(("a", *around), 0)))
            case "graph":
                return self.graph(around, depth)
            case _:
                return self.chain(around, depth)
