"""The parts a network is made of, and the parts a space adds to them.

A network is a tree of these frozen values without holes; a space is one with holes. Every slot that takes a network
holds a `Chain`, and chains inside chains are spliced into their surroundings when they are made, so equal networks are
equal trees. A hole may stand wherever a value may stand; the annotations below name the value, not the hole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, fields
from typing import Any, Literal, TypeVar, dataclass_transform

from nas.arch.fields import (
    Padding,
    Size,
    flag,
    is_hole,
    number,
    padding,
    pair,
    set_field,
    sides,
    size_field,
    unsettled,
    whole,
    word,
)
from nas.arch.holes import Derived, Pick, Span, check_name
from nas.errors import PartError

T = TypeVar("T")
Join = Literal["add", "concat", "mean", "multiply"]
JOINS = ("add", "concat", "mean", "multiply")
ACTS = ("relu", "relu6", "sigmoid", "tanh", "lecun_tanh", "silu", "gelu", "hard_sigmoid", "hard_swish")
SHORTCUTS = ("projection", "conv", "zero_pad", "pooled_zero_pad")
MOST_TIMES = 10_000
"""Of a repetition: deeper than any network, and less than what fills a machine's memory."""


class Value:
    """What every value of the language has in common: a hash and an openness that are computed once."""

    __slots__ = ("_hash", "_open")
    _hash: int
    _open: bool

    def __repr__(self) -> str:
        from nas.arch.text import compact  # the text form is an interpreter like any other

        return compact(self)


class Node(Value):
    """A part: what a chain is made of."""

    __slots__ = ()


@dataclass_transform(frozen_default=True)
def node(cls: type[T]) -> type[T]:
    """A frozen, slotted dataclass whose hash is computed once."""
    made = dataclass(frozen=True, slots=True, repr=False)(cls)
    full_hash = made.__hash__

    def cached_hash(self: Any) -> int:
        try:
            return self._hash  # type: ignore[no-any-return]
        except AttributeError:
            value = hash((made.__name__, full_hash(self)))
            object.__setattr__(self, "_hash", value)
            return value

    made.__hash__ = cached_hash  # type: ignore[method-assign]
    return made


@node
class Ratio(Value):
    """A width said as a fraction of the input's channels, rounded down, at least one."""

    numerator: int
    denominator: int = 1

    def __post_init__(self) -> None:
        for name in ("numerator", "denominator"):
            whole(self, name, at_least=1)

    def of(self, channels: int) -> int:
        """The width this is for an input of so many channels."""
        return max(1, channels * self.numerator // self.denominator)


DEPTHWISE = Ratio(1)
Width = int | Ratio | Literal["fit"]
"""Channels: a number, a `Ratio` of the input's, or "fit": as many as the enclosing join has."""


@node
class Conv(Node):
    """Convolution; `padding="same"` keeps the size at stride 1; sizes are one number or (height, width)."""

    out: Width
    kernel: Size = 1
    _: KW_ONLY
    stride: Size = 1
    groups: int | Ratio = 1
    padding: Padding = "same"
    dilation: Size = 1
    bias: bool = False

    def __post_init__(self) -> None:
        if self.out != "fit" and not isinstance(self.out, Ratio):
            whole(self, "out", at_least=1)
        for name in ("kernel", "stride", "dilation"):
            size_field(self, name)
        if not isinstance(self.groups, Ratio):
            whole(self, "groups", at_least=1)
        flag(self, "bias")
        padding(self, self.dilation)


@node
class TableConv(Node):
    """Convolution whose output map `i` reads only the input maps `table[i]` (LeNet-5's C3), no padding, with biases."""

    table: tuple[tuple[int, ...], ...]
    kernel: Size = 5

    def __post_init__(self) -> None:
        size_field(self, "kernel")
        for sources in self.table or ((),):
            if not sources or len(set(sources)) < len(sources) or any(_no_map(source) for source in sources):
                raise PartError(
                    f"every output map of a TableConv reads different input maps, counted from 0, got {sources}"
                )


@node
class Linear(Node):
    """Fully connected layer on a flat input."""

    out: int
    _: KW_ONLY
    bias: bool = True

    def __post_init__(self) -> None:
        whole(self, "out", at_least=1)
        flag(self, "bias")


@node
class RadialBasis(Node):
    """LeNet-5's output: minus the squared distance to a fixed code of +1 and -1 for each class; nothing is learned."""

    out: int

    def __post_init__(self) -> None:
        whole(self, "out", at_least=1)


@node
class Norm(Node):
    """Batch normalization, or group normalization over `groups` groups; `scale` and `shift` are learned per channel."""

    kind: Literal["batch", "group"] = "batch"
    _: KW_ONLY
    groups: int = 1
    eps: float = 1e-5
    scale: bool = True
    shift: bool = True

    def __post_init__(self) -> None:
        word(self, "kind", ("batch", "group"))
        whole(self, "groups", at_least=1)
        number(self, "eps", 0.0, 1.0)
        flag(self, "scale")
        flag(self, "shift")


@node
class LocalResponseNorm(Node):
    """x / (bias + alpha/size · Σx²)^beta over `size` neighbouring channels (Krizhevsky et al. 2012; Caffe's alpha)."""

    size: int = 5
    _: KW_ONLY
    alpha: float = 1e-4
    beta: float = 0.75
    bias: float = 2.0

    def __post_init__(self) -> None:
        whole(self, "size", at_least=1)
        for name in ("alpha", "beta", "bias"):
            number(self, name, 0.0, 1e6)


@node
class Act(Node):
    """An activation; `lecun_tanh` is 1.7159 tanh(2x/3)."""

    kind: str = "relu"

    def __post_init__(self) -> None:
        word(self, "kind", ACTS)


@node
class Pool(Node):
    """Max or average pooling; the stride is the kernel unless said."""

    kind: Literal["max", "avg"]
    kernel: Size
    _: KW_ONLY
    stride: Size | None = None
    padding: Padding = 0
    ceil: bool = False
    count_include_pad: bool = True

    def __post_init__(self) -> None:
        word(self, "kind", ("max", "avg"))
        size_field(self, "kernel")
        if self.stride is None and not is_hole(self.kernel):
            set_field(self, "stride", self.kernel)
        if self.stride is not None:
            size_field(self, "stride")
        flag(self, "ceil")
        flag(self, "count_include_pad")
        padding(self, 1)
        if not unsettled(self.kernel) and not unsettled(self.padding):
            self._check_padding()

    def _check_padding(self) -> None:
        (top, bottom, left, right), (height, width) = sides(self.padding), pair(self.kernel)
        if max(top, bottom) >= height or max(left, right) >= width:
            raise PartError(f"the padding of a Pool is smaller than its kernel, got {self.padding} and {self.kernel}")
        if self.ceil is True and ((top, left) != (bottom, right) or 2 * top > height or 2 * left > width):
            raise PartError(
                f"a Pool that rounds up has the same padding on both sides, at most half its kernel, got {self.padding}"
            )


@node
class Subsample(Node):
    """LeNet-5's pooling: the sum over each `kernel` square times a coefficient plus a bias, both learned per map."""

    kernel: int = 2

    def __post_init__(self) -> None:
        whole(self, "kernel", at_least=1)


@node
class GlobalPool(Node):
    """Pooling over the whole map, to (channels, 1, 1)."""

    kind: Literal["avg", "max"] = "avg"

    def __post_init__(self) -> None:
        word(self, "kind", ("max", "avg"))


@node
class Flatten(Node):
    """(channels, height, width) to (channels · height · width,)."""


@node
class Dropout(Node):
    """Each element is zeroed with probability `p` in training."""

    p: float = 0.5

    def __post_init__(self) -> None:
        number(self, "p", 0.0, 1.0)


@node
class DropPath(Node):
    """The whole branch is dropped with probability `p` in training.

    by sample: each sample apart, what survives scaled by 1/(1-p) (Zoph et al. 2018, arXiv:1707.07012);
    by batch: all samples or none, what survives as it is, and in evaluation all scaled by 1-p (stochastic depth, Huang
    et al. 2016, arXiv:1603.09382).
    """

    p: float
    _: KW_ONLY
    by: Literal["sample", "batch"] = "sample"

    def __post_init__(self) -> None:
        number(self, "p", 0.0, 1.0)
        word(self, "by", ("sample", "batch"))


@node
class Shuffle(Node):
    """Channel shuffle: (groups, n) channels become (n, groups) (ShuffleNet)."""

    groups: int

    def __post_init__(self) -> None:
        whole(self, "groups", at_least=1)


@node
class Chunk(Node):
    """The part number `index`, from 0, of `of` equal parts of the channels (ShuffleNet v2's channel split)."""

    index: int
    of: int = 2

    def __post_init__(self) -> None:
        whole(self, "index", at_least=0)
        whole(self, "of", at_least=1)
        if not is_hole(self.index) and not is_hole(self.of) and self.index >= self.of:
            raise PartError(f"the index of a Chunk counts its parts from 0, got {self.index} of {self.of}")


@node
class Shift(Node):
    """The map moved up by `rows` and left by `columns` pixels; zeros come in at the bottom and right."""

    rows: int
    columns: int

    def __post_init__(self) -> None:
        whole(self, "rows", at_least=0)
        whole(self, "columns", at_least=0)


@node
class Scale(Node):
    """Multiplication by a constant (Inception-ResNet's 0.1 to 0.3); 0 stands for an edge that carries nothing."""

    factor: float

    def __post_init__(self) -> None:
        number(self, "factor", -1e6, 1e6)


@node
class Shortcut(Node):
    """Identity where the enclosing join's shape is the input's, else what fits the one to the other.

    projection: convolution and batch norm; conv: convolution alone; zero_pad: every stride-th pixel, new channels zero
    (ResNet's option A); pooled_zero_pad: average pool, new channels zero.
    """

    kind: str = "projection"
    _: KW_ONLY
    kernel: Size = 1

    def __post_init__(self) -> None:
        word(self, "kind", SHORTCUTS)
        size_field(self, "kernel")


@node
class Chain(Node):
    """Its parts one after the other; the empty chain is the identity."""

    parts: tuple[Part, ...]

    def __init__(self, *parts: Part) -> None:
        object.__setattr__(self, "parts", tuple(_spliced(parts)))


@node
class Branches(Node):
    """Several chains on one input, joined; a branch that is nothing but a `Fork` stands for the fork's branches.

    `drop_path` is FractalNet's (Larsson et al. 2017, arXiv:1605.07648), for a mean, the deepest branch first: what
    arrives at the join in place i belongs to column i of the network. In training each mini-batch is, with probability
    1/2, local: every such join drops each of its inputs with probability `drop_path`, but keeps one at least; or else
    global: one column is drawn for the whole network, a join that has it keeps only that, and the others, which do not
    lie on its way, are local. A join takes the mean of what it keeps; in evaluation it keeps all.
    """

    branches: tuple[Chain, ...]
    _: KW_ONLY
    join: Join = "add"
    drop_path: float = 0.0

    def __init__(self, *branches: Part, join: Join = "add", drop_path: float = 0.0) -> None:
        for field, value in (("branches", tuple(_unforked(branches))), ("join", join), ("drop_path", drop_path)):
            object.__setattr__(self, field, value)
        word(self, "join", JOINS)
        number(self, "drop_path", 0.0, 1.0)
        if not self.branches:
            raise PartError("Branches needs at least one branch, got none", hint="Chain() is the identity branch")
        if self.drop_path != 0 and join != "mean":
            raise PartError(f"only a mean drops paths, got drop_path={drop_path} and join={join!r}")


@node
class Fork(Node):
    """Several chains on one input without a join of their own: the enclosing join takes each. Ends its branch.

    Forks in a row are one fork, so that a repeat of forks is a fork of as many branches.
    """

    branches: tuple[Chain, ...]

    def __init__(self, *branches: Part) -> None:
        object.__setattr__(self, "branches", tuple(_unforked(branches)))


@node
class Repeat(Node):
    """`part` several times, the scopes of the repetitions being `name`1, `name`2, …; `times` may be a hole."""

    name: str
    part: Chain
    times: int

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.name[-1].isdigit():
            raise PartError(
                f"the name of a repeat ends in a letter, got {self.name!r}: {self.name}1 would be ambiguous"
            )
        set_field(self, "part", chain(self.part))
        whole(self, "times", at_least=0, at_most=MOST_TIMES)


@node
class Scope(Node):
    """`part`, its holes named under `name`."""

    name: str
    part: Chain

    def __post_init__(self) -> None:
        check_name(self.name)
        set_field(self, "part", chain(self.part))


@node
class Choice(Node):
    """A hole whose options are labelled parts; the holes of a part are named under `name=label`."""

    name: str
    labels: tuple[str, ...]
    parts: tuple[Chain, ...]
    scope: str | None = None

    def __init__(self, name: str, labels: tuple[str, ...], parts: tuple[Part, ...], scope: str | None = None) -> None:
        check_name(name)
        for label in labels:
            check_name(label)
        if not labels or len(set(labels)) < len(labels) or len(labels) != len(parts):
            raise PartError(f"a choice needs one part for each of its different labels, got {labels}", path=name)
        for field, value in (("name", name), ("labels", labels), ("scope", scope)):
            object.__setattr__(self, field, value)
        object.__setattr__(self, "parts", tuple(map(chain, parts)))

    @property
    def options(self) -> tuple[str, ...]:
        """The labels."""
        return self.labels

    def part(self, label: str) -> Chain:
        """The alternative of that label."""
        return self.parts[self.labels.index(label)]


@node
class Edge(Value):
    """One input of a step: `part` applied to what `source` says, the graph's inputs counting first, then its steps."""

    part: Chain
    source: int

    def __post_init__(self) -> None:
        set_field(self, "part", chain(self.part))
        whole(self, "source", at_least=0)


@node
class Step(Value):
    """Edges joined."""

    edges: tuple[Edge, ...]
    _: KW_ONLY
    join: Join = "add"

    def __init__(self, *edges: Edge | tuple[Part, int], join: Join = "add") -> None:
        object.__setattr__(self, "edges", tuple(e if isinstance(e, Edge) else Edge(chain(e[0]), e[1]) for e in edges))
        object.__setattr__(self, "join", join)
        word(self, "join", JOINS)
        if not self.edges:
            raise PartError("a Step needs at least one edge, got none")


@node
class Graph(Node):
    """A cell: steps over its inputs and over each other; what no step reads is concatenated.

    `inputs` says how many cells back each input lies, 1 being what comes in; outside `Cells` all are what comes in.
    """

    inputs: tuple[int, ...]
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not self.inputs or not self.steps:
            raise PartError(f"a Graph needs inputs and steps, got {len(self.inputs)} and {len(self.steps)}")
        for back in self.inputs:
            if not is_hole(back) and (type(back) is not int or back < 1):
                raise PartError(f"the inputs of a Graph lie one or more cells back, got {back!r}")
        for position, step in enumerate(self.steps):
            for edge in step.edges:
                if not is_hole(edge.source) and edge.source >= len(self.inputs) + position:
                    raise PartError(
                        f"an edge reads an input or an earlier step, got source {edge.source} with "
                        f"{len(self.inputs)} inputs and {position} earlier steps",
                        path=f"step{position + 1}",
                    )


@node
class Cells(Node):
    """Cells in a row, each reading outputs of those before it; before the first stands the input, as often as asked.

    `Cells` alone in a cell stand for their cells, also as the content of a repeat, scope or choice; a `Repeat` given as
    a cell is one of cells.
    """

    cells: tuple[Chain, ...]

    def __init__(self, *cells: Part) -> None:
        object.__setattr__(self, "cells", tuple(_uncelled(cells)))


@node
class Exit(Node):
    """Passes its input on; `head` makes logits of it, whose loss counts `weight` in training."""

    head: Chain
    weight: float = 1.0

    def __post_init__(self) -> None:
        set_field(self, "head", chain(self.head))
        number(self, "weight", 0.0, 1e6)


Leaf = (
    Conv
    | Norm
    | Act
    | Pool
    | Linear
    | GlobalPool
    | Flatten
    | Dropout
    | DropPath
    | Shuffle
    | Chunk
    | Shift
    | Scale
    | Shortcut
    | LocalResponseNorm
    | TableConv
    | Subsample
    | RadialBasis
)
Part = Leaf | Chain | Branches | Fork | Repeat | Scope | Choice | Graph | Cells | Exit
Network = Part
Space = Part

LEAVES: tuple[type, ...] = Leaf.__args__
NODES: dict[str, type] = {t.__name__: t for t in (*Part.__args__, Edge, Step, Ratio, Pick, Span, Derived)}


def pick(name: str, *options: Any, scope: str | None = None, **parts: Part) -> Any:
    """A hole: one of several values, `pick("width", 16, 32)`, or of labelled parts, `pick("block", plain=…, dense=…)`.

    The same name twice in one scope is one decision. `scope` names an enclosing scope that decides it instead.
    """
    if options and parts:
        raise PartError("a pick has values or labelled parts, got both", path=name)
    if parts:
        return Choice(name, tuple(parts), tuple(parts.values()), scope)
    return Pick(name, options, scope)


def chain(part: Part) -> Chain:
    """`part` as a chain."""
    return part if type(part) is Chain else Chain(part)


def is_open(value: Any) -> bool:
    """Whether a hole, a repeat or a scope is left anywhere in a part."""
    if isinstance(value, Value):
        try:
            return value._open
        except AttributeError:
            answer = isinstance(value, Choice | Repeat | Scope) or any(map(is_open, contents(value)))
            object.__setattr__(value, "_open", answer)
            return answer
    if isinstance(value, tuple):
        return any(map(is_open, value))
    return is_hole(value)


def contents(part: Any) -> tuple[Any, ...]:
    """The values of a part's fields, in order."""
    return tuple(getattr(part, name) for name in field_names(type(part)))


_FIELD_NAMES: dict[type, tuple[str, ...]] = {}


def field_names(kind: type) -> tuple[str, ...]:
    """The names of a part's fields, in order."""
    if kind not in _FIELD_NAMES:
        _FIELD_NAMES[kind] = tuple(field.name for field in fields(kind))
    return _FIELD_NAMES[kind]


def _spliced(parts: tuple[Any, ...]) -> Iterator[Part]:
    """The parts without chains in them, forks in a row as one."""
    forks: list[Fork] = []
    for part in _flat(parts):
        if isinstance(part, Fork):
            forks.append(part)
            continue
        yield from _merged(forks)
        forks = []
        yield part
    yield from _merged(forks)


def _merged(forks: Sequence[Fork]) -> Sequence[Fork]:
    return forks if len(forks) < 2 else (Fork(*(branch for fork in forks for branch in fork.branches)),)


def _flat(parts: tuple[Any, ...]) -> Iterator[Part]:
    for part in parts:
        match part:
            case Chain(parts=inner):
                yield from inner
            case Repeat(part=inner, times=times) if not is_hole(times) and (times == 0 or not is_open(inner)):
                yield from inner.parts * times
            case Scope(part=inner) if not is_open(inner):
                yield from inner.parts
            case Node():
                yield part  # type: ignore[misc]
            case _:
                raise PartError(f"a chain is made of parts, got {part!r}", hint="for example Conv(64, 3)")


def _unforked(branches: tuple[Any, ...]) -> Iterator[Chain]:
    for branch in map(chain, branches):
        match branch.parts:
            case (Fork(branches=inner),):
                yield from inner
            case _ if _goes_on_after_a_fork(branch):
                raise PartError("a Fork ends its branch, got parts after it")
            case (_, *_, Fork(branches=())):
                raise PartError("a Fork without branches stands alone in its branch, which is then absent")
            case _:
                yield branch


def _goes_on_after_a_fork(branch: Chain) -> bool:
    """Whether something follows a fork that is no fork, and cannot turn out to be one."""
    kinds = [type(part) for part in branch.parts]
    return Fork in kinds and not all(kind in (Fork, Repeat, Scope, Choice) for kind in kinds[kinds.index(Fork) :])


def _no_map(source: Any) -> bool:
    return not is_hole(source) and (type(source) is not int or source < 0)


def _uncelled(cells: tuple[Any, ...]) -> Iterator[Chain]:
    for cell in cells:
        if isinstance(cell, Repeat) and not holds_cells(cell.part):
            cell = Repeat(cell.name, Chain(Cells(cell.part)), cell.times)
        whole = chain(cell)
        if whole.parts and all(isinstance(part, Cells) for part in whole.parts):
            yield from (inner for part in whole.parts for inner in part.cells)  # type: ignore[union-attr]
        else:
            yield whole


def holds_cells(space: Chain) -> bool:
    """Whether a cell stands for a row of cells: `Cells`, or repeats, scopes and choices that may be them, alone."""
    return bool(space.parts) and all(map(_holds_cells, space.parts))


def _holds_cells(part: Part) -> bool:
    match part:
        case Cells():
            return True
        case Repeat(part=inner) | Scope(part=inner):
            return holds_cells(inner)
        case Choice(parts=parts):
            return any(map(holds_cells, parts))
        case _:
            return False
