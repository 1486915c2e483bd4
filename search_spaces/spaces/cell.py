"""Networks of cells: each block of each cell decides what it reads and what it does with it.

The holes of a block carry its number and side: `left3` is what the third block does with its first input, `left3_from`
which one that is. The first block reads both inputs of its cell, so that what is left over has the size of a block.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nas.arch.holes import shared, span
from nas.arch.nodes import (
    Act,
    Cells,
    Chain,
    Conv,
    Dropout,
    Edge,
    Flatten,
    GlobalPool,
    Linear,
    Norm,
    Part,
    Repeat,
    Scope,
    Space,
    Step,
    pick,
)
from search_spaces.blocks import conv_norm
from search_spaces.networks.nasnet import (
    CURRENT,
    FIRST,
    PREVIOUS,
    as_it_is,
    auxiliary,
    average,
    cell,
    factorized_reduction,
    maximum,
    relu_conv,
    relu_separable,
)


@dataclass(frozen=True, slots=True)
class CellRules:
    """What all cells of a space have in common."""

    blocks: int
    joins: tuple[str, ...]
    norm: Norm
    inner: Any = None
    """Width between the two convolutions of an operation; that of the cell unless said."""
    smaller: Callable[..., Chain] = factorized_reduction
    """What brings an earlier output to a map of half its size."""


def cell_space(classes: int) -> Space:
    """A stem and three stages of one or two cells of three blocks, a reduction between the stages.

    Decided once for a stage: how many cells. Decided for each cell: width, and inputs and operations of its blocks.
    """
    widths = (pick("width", 4, 6, 8), pick("width", 8, 12, 16), pick("width", 16, 24, 32))
    cells = cell_rows(CellRules(3, ("add",), Norm()), stages=widths, more=pick("more", 0, 1))
    return Chain(conv_norm(8, 3), cells, Act(), GlobalPool(), Flatten(), Linear(classes))


def cifar_cell_space(classes: int = 10) -> Space:
    """Networks for small images of three stages of up to 21 cells of five blocks, widths up to 4096.

    `nasnet_a_cifar` is one of them.
    """
    stem = Chain(Conv(_width("stem"), span("kernel", 1, 11, 2)), Norm())
    return Chain(stem, _any_cells(Norm(), classes), Act(), GlobalPool(), Flatten(), Linear(classes))


def imagenet_cell_space(classes: int = 1000) -> Space:
    """Networks for large images: the same after a stem that ends in two reductions.

    `nasnet_a_mobile` and `nasnet_a_large` are two of them.
    """
    norm = Norm(eps=1e-3)
    stem = Chain(Conv(_width("stem"), span("kernel", 1, 11, 2), stride=2, padding=0), norm)
    head = Chain(Act(), GlobalPool(), Flatten(), Dropout(pick("dropout", 0.0, 0.2, 0.5)), Linear(classes))
    return Chain(stem, _any_cells(norm, classes, stems=2), head)


def _any_cells(norm: Norm, classes: int, *, stems: int = 0) -> Cells:
    rules = CellRules(5, ("add", "mean"), norm, _width("inner"))
    width, more = _width("width"), span("more", 0, 20)
    head = auxiliary(classes, norm=norm)
    return cell_rows(rules, stems=[width] * stems, stages=[width] * 3, more=more, head=head)


def _width(name: str) -> Any:
    return span(name, 2, 4096)  # a factorized reduction has two halves


def cell_rows(
    rules: CellRules, *, stems: Sequence[Any] = (), stages: Sequence[Any], more: Any, head: Part | None = None
) -> Cells:
    """Reductions `stem1`, `stem2`, …, then `stage1`, `stage2`, …, all but the first beginning with a reduction.

    Args:
        rules: What all cells have in common.
        stems: For each reduction of the stem a hole for its width.
        stages: For each stage a hole for a width, which each of its cells decides.
        more: A hole for the number of cells after the first one of a stage, which each stage decides.
        head: What follows the last cell of the second stage, if it is decided that there is one more.
    """
    fits = (as_it_is, *(rules.smaller for _ in stems))
    stem = (
        _single(f"stem{i}", rules, width, fit, halve=True)
        for i, (width, fit) in enumerate(zip(stems, fits[:-1], strict=True), 1)
    )
    first, *later = stages
    return Cells(
        *stem,
        _stage("stage1", _single("first", rules, first, fits[-1]), rules, first, more),
        *(
            _stage(f"stage{i}", _turn(rules, width), rules, width, more, head if i == 2 else None)
            for i, width in enumerate(later, 2)
        ),
    )


def _stage(name: str, begin: Part, rules: CellRules, width: Any, more: Any, head: Part | None = None) -> Scope:
    rows = Cells(begin, Repeat("next", _cell("next", rules, width, relu_conv), more))
    if head is None:
        return Scope(name, Chain(rows))
    last = Scope("last", Chain(_cell("last", rules, width, relu_conv), head))
    return Scope(name, Chain(rows, Cells(pick("end", headless=Cells(), headed=Cells(last)))))


def _turn(rules: CellRules, width: Any) -> Cells:
    """A reduction, and the first cell of the smaller maps, which has an earlier output to make smaller."""
    reduction = _single("reduction", rules, width, relu_conv, halve=True)
    return Cells(reduction, _single("first", rules, width, rules.smaller, back=pick("back", 2, 3)))


def _single(name: str, rules: CellRules, width: Any, fit: Callable[..., Chain], **options: Any) -> Scope:
    """One cell in a scope of its own."""
    return Scope(name, _cell(name, rules, width, fit, **options))


def _cell(
    scope: str, rules: CellRules, width: Any, fit: Callable[..., Chain], *, halve: bool = False, back: Any = 2
) -> Chain:
    """A cell whose decisions belong to the scope called `scope`; with `halve` its map is half as large as the input.

    What `kept_from` says is put out even if blocks read it.
    """
    width, norm = shared(scope, width), rules.norm

    def one_of(name: str, sources: range) -> Any:
        return shared(scope, pick(f"{name}_from", *sources))

    def edge(name: str, source: Any) -> Edge:
        stride = 1 + _is_input(source) if halve else 1
        widen = _is_previous(source) if fit is as_it_is else 0
        project = _is_input(source) if halve else widen
        return Edge(_operation(name, rules, width, stride=stride, project=project, widen=widen), source)

    def block(i: int) -> Step:
        left, right = f"left{i}", f"right{i}"
        earlier = range(CURRENT, FIRST + i - 1)
        sources = (CURRENT, PREVIOUS) if i == 1 else (one_of(left, earlier), one_of(right, earlier))
        return Step(edge(left, sources[0]), edge(right, sources[1]), join=pick(f"join{i}", *rules.joins))

    kept = one_of("kept", range(FIRST if halve else CURRENT, FIRST + rules.blocks))
    widen = _is_previous(kept) if fit is as_it_is else 0
    return Chain(
        cell(
            relu_conv(width, norm=norm),
            fit(width, norm=norm),
            *(block(i) for i in range(1, rules.blocks + 1)),
            Step((_widened(width, norm, widen), kept)),
            back=back,
        )
    )


def _is_input(source: Any) -> Any:
    """1 for the two inputs of a cell, 0 for its blocks."""
    return PREVIOUS // source


def _is_previous(source: Any) -> Any:
    """1 for the earlier output, 0 for all else that a block reads."""
    return _is_input(source) * (source // PREVIOUS)


def _operation(name: str, rules: CellRules, width: Any, *, stride: Any, project: Any, widen: Any) -> Any:
    """What a block does with an input: `width` channels at `stride`, whatever the input's.

    `project` and `widen` are 1 where the identity and a pool need a convolution for that, else 0.
    """
    norm = rules.norm
    inner = width if rules.inner is None else rules.inner
    kernel, dilation = pick("kernel", 3, 5, 7), pick("dilation", 1, 2)
    widened = _widened(width, norm, widen)
    return pick(
        name,
        identity=Repeat("project", relu_conv(width, norm=norm, stride=stride), project),
        avg=Chain(average(stride=stride, kernel=pick("kernel", 3, 5)), widened),
        max=Chain(maximum(stride=stride, kernel=pick("kernel", 3, 5)), widened),
        conv=relu_conv(width, pick("kernel", 1, 3), norm=norm, stride=stride),
        crossed=Chain(
            relu_conv(inner, (1, kernel), norm=norm, stride=(1, stride)),
            relu_conv(width, (kernel, 1), norm=norm, stride=(stride, 1)),
        ),
        separable=Chain(
            relu_separable(inner, kernel, norm=norm, stride=stride, dilation=dilation),
            relu_separable(width, kernel, norm=norm, dilation=dilation),
        ),
    )


def _widened(width: Any, norm: Norm, times: Any) -> Repeat:
    return Repeat("widen", Chain(Conv(width), norm), times)
