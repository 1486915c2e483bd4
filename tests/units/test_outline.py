"""What a person sees in a network."""

import pytest

from nas.arch.cost import cost
from nas.arch.nodes import (
    Act,
    Branches,
    Cells,
    Chain,
    Conv,
    Dropout,
    Edge,
    Exit,
    Fork,
    GlobalPool,
    Graph,
    Norm,
    Part,
    Step,
)
from nas.arch.outline import outline
from search_spaces.networks import NETWORKS


def told(name: str) -> dict[str, list[str]]:
    named = NETWORKS[name]
    stages = outline(named.network(), named.input)
    return {stage.name: [f"{block.times} {block.kind}" for block in stage.blocks] for stage in stages}


def test_resnet50_has_a_stem_four_stages_and_a_head() -> None:
    assert told("resnet50") == {
        "stem": ["1 convolution", "1 max pool"],
        "stage 1": ["3 bottleneck"],
        "stage 2": ["4 bottleneck"],
        "stage 3": ["6 bottleneck"],
        "stage 4": ["3 bottleneck"],
        "head": ["1 global average pool", "1 linear"],
    }


def test_a_first_block_without_shortcut_folds_into_its_run() -> None:
    assert told("mobilenet_v2") == {
        "stem": ["1 convolution"],
        "stage 1": ["1 separable"],
        "stage 2": ["2 inverted residual"],
        "stage 3": ["3 inverted residual"],
        "stage 4": ["4 inverted residual", "3 inverted residual"],
        "stage 5": ["3 inverted residual", "1 inverted bottleneck", "1 convolution"],
        "head": ["1 global average pool", "1 linear"],
    }


def test_dense_layers_read_ever_more_and_yet_fold() -> None:
    assert told("densenet121")["stage 3"] == ["24 dense layer", "1 transition"]


def test_normalization_before_a_head_belongs_to_it() -> None:
    named = NETWORKS["densenet121"]
    assert outline(named.network(), named.input)[-1].blocks[0].repeats[0].parts[:2] == (Norm(), Act())


def test_exits_stand_where_they_are() -> None:
    assert told("googlenet")["stage 2"] == [
        *("1 inception", "1 exit", "1 inception", "1 inception", "1 inception", "1 exit", "1 inception"),
        "1 max pool",
    ]


def test_cells_are_blocks_and_fold_whatever_fits_their_inputs() -> None:
    stages = told("nasnet_a_mobile")
    assert list(stages.values())[1:4] == [
        ["1 reduction cell"],
        ["1 reduction cell", "4 normal cell"],
        ["1 reduction cell", "4 normal cell", "1 exit"],
    ]


def test_a_network_without_blocks_has_no_stem() -> None:
    assert list(told("vgg16")) == ["stage 1", "stage 2", "stage 3", "stage 4", "stage 5", "head"]


def test_other_widths_do_not_fold() -> None:
    stages = outline(Chain(Conv(8, 3), Act(), Conv(8, 3), Act(), Conv(9, 3), Act()), (3, 8, 8))
    assert [(block.times, block.path) for block in stages[0].blocks] == [(2, "conv1"), (1, "conv3")]


def test_what_weighs_channels_belongs_to_what_it_weighs() -> None:
    gate = Branches(Chain(), Chain(GlobalPool(), Conv(8)), join="multiply")
    (stage,) = outline(Chain(Conv(8, 3), gate, Conv(4)), (3, 8, 8))
    assert [block.repeats[0] for block in stage.blocks] == [Chain(Conv(8, 3), gate), Chain(Conv(4))]


def test_an_exit_after_a_cell_stands_apart() -> None:
    cell = Graph((1,), (Step(Edge(Conv(8, 3), 0)),))
    (stage,) = outline(Chain(Cells(cell, Chain(cell, Exit(Conv(2))), cell)), (8, 8, 8))
    assert [(block.times, block.kind, block.path) for block in stage.blocks] == [
        (2, "normal cell", "cells1.cell1"),
        (1, "exit", "cells1.cell2.exit1"),
        (1, "normal cell", "cells1.cell3"),
    ]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_part_is_in_one_block_and_counts_add_up(name: str) -> None:
    named = NETWORKS[name]
    whole, made = named.network(), cost(named.network(), named.input)
    stages = outline(whole, named.input)
    blocks = [block for stage in stages for block in stage.blocks]
    parts = [part for block in blocks for repeat in block.repeats for part in repeat.parts]
    assert parts == [part for outer in whole.parts for part in (_in_cells(outer))]
    assert sum(stage.params for stage in stages) == made.params
    assert sum(stage.macs for stage in stages) == made.macs
    assert sum(block.exit_macs for block in blocks) == made.exit_macs
    assert (stages[0].input, stages[-1].output) == (named.input, made.output)


def _in_cells(part: Part) -> list[Part]:
    return [inner for cell in part.cells for inner in cell.parts] if isinstance(part, Cells) else [part]


def test_a_sum_whose_one_branch_ends_in_a_fork_is_told_as_it_is() -> None:
    body = Chain(Dropout(0.3), Fork(Chain(Conv(4)), Chain(Conv(4, 3))))
    (stage,) = outline(Chain(Branches(Chain(), body), Dropout(0.1)), (4, 8, 8))
    assert [block.kind for block in stage.blocks] == ["residual"]
