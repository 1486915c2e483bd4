"""A network in the words of a paper's table."""

import pytest

from nas.arch.cost import cost
from nas.arch.nodes import Act, Branches, Chain, Conv, DropPath, Norm, Shortcut
from nas.arch.told import between, told
from search_spaces.networks import NETWORKS


def words(name: str) -> list[str]:
    named = NETWORKS[name]
    return [f"{line.stage}: {line.words}" if line.stage else line.words for line in told(named.network(), named.input)]


def test_resnet50() -> None:
    assert words("resnet50") == [
        "stem: 7x7 convolution, 64, stride 2",
        "max pool 3x3 stride 2",
        "stage 1: 3 x bottleneck: 1x1 64, 3x3 64, 1x1 256 (first: projected shortcut)",
        "stage 2: 4 x bottleneck: 1x1 128, 3x3 128, 1x1 512 (first: stride 2, projected shortcut)",
        "stage 3: 6 x bottleneck: 1x1 256, 3x3 256, 1x1 1024 (first: stride 2, projected shortcut)",
        "stage 4: 3 x bottleneck: 1x1 512, 3x3 512, 1x1 2048 (first: stride 2, projected shortcut)",
        "head: global average pool",
        "linear 1000",
    ]


def test_googlenet_has_branches_and_exits() -> None:
    said = words("googlenet")
    assert said[5] == "stage 1: inception, 4 branches: 1x1 64 | 1x1 96, 3x3 128 | 1x1 16, 5x5 32 | max pool 3x3, 1x1 32"
    assert said[9] == "exit: average pool 5x5 stride 3, 1x1 128, linear 1024, dropout 0.7, linear 1000"


def test_lenet5() -> None:
    assert words("lenet5") == [
        "stage 1: 5x5 convolution, 6",
        "trainable subsampling 2x2",
        "stage 2: 5x5 convolution, 16, each of some maps only",
        "trainable subsampling 2x2",
        "stage 3: 5x5 convolution, 120",
        "head: linear 84",
        "distance to 10 fixed codes",
    ]


def test_mobilenet_v2() -> None:
    assert words("mobilenet_v2")[1:4] == [
        "stage 1: separable: 3x3 depthwise, 1x1 16",
        "stage 2: 2 x inverted residual: 1x1 x6, 3x3 depthwise, 1x1 24 (first: stride 2, no shortcut)",
        "stage 3: 3 x inverted residual: 1x1 x6, 3x3 depthwise, 1x1 32 (first: stride 2, no shortcut)",
    ]


def test_densenet121() -> None:
    assert words("densenet121")[2:4] == [
        "stage 1: 6 x dense layer: 1x1 128, 3x3 32",
        "transition: 1x1 x1/2, average pool 2x2",
    ]


def test_nasnet_a_mobile_tells_each_cell_once() -> None:
    said = words("nasnet_a_mobile")
    assert said[3] == (
        "4 x normal cell, 44 wide, 5 blocks over earlier outputs a and b: "
        "2 x separable 5x5 of a + 2 x separable 3x3 of b | 2 x separable 5x5 of b + 2 x separable 3x3 of b | "
        "average pool 3x3 of a + b | average pool 3x3 of b + average pool 3x3 of b | 2 x separable 3x3 of a + a"
    )
    assert said[4:6] == ["stage 3: reduction cell, 88 wide, as above", "4 x normal cell, 88 wide, as above"]


def test_layers_of_several_scales_are_told_together() -> None:
    assert words("msdnet_cifar-batch-5") == [
        "stem: 3x3 convolution, 16",
        "3x3 convolution, 32, stride 2",
        "3x3 convolution, 64, stride 2",
        f"stage 1: layer of 3 scales, 32x32, 16x16, 8x8; the coarsest: {_GRID_CELL}",
        "exit: 2 x 3x3 128 stride 2, global average pool, linear 10",
        f"stage 2: 2 layers of 3 scales, 32x32, 16x16, 8x8; the coarsest: {_GRID_CELL}",
        "exit: 2 x 3x3 128 stride 2, global average pool, linear 10",
        f"stage 3: 2 layers of 3 scales, 32x32, 16x16, 8x8; the coarsest: {_GRID_CELL}",
        f"layer of 2 scales, 16x16, 8x8; the coarsest: {_GRID_CELL}",
        "layer of 2 scales, 16x16, 8x8; the coarsest: 1 block over earlier output a: 1x1 of a",
        "exit: 2 x 3x3 128 stride 2, global average pool, linear 10",
        f"stage 4: 4 layers of 2 scales, 16x16, 8x8; the coarsest: {_GRID_CELL}",
        "exit: 2 x 3x3 128 stride 2, global average pool, linear 10",
        f"stage 5: layer of 1 scale, 8x8: {_GRID_CELL}",
        "layer of 1 scale, 8x8: 1 block over earlier output a: 1x1 of a",
        "4 layers of 1 scale, 8x8: 1 block over earlier output a: a & 1x1 96, 3x3 24 of a",
        "3x3 convolution, 128, stride 2",
        "3x3 convolution, 128, stride 2",
        "head: global average pool",
        "linear 10",
    ]


_GRID_CELL = "1 block over earlier outputs a and b: a & 1x1 24, 3x3 12 of b & 1x1 48, 3x3 12 of a"


def test_gates_groups_and_shuffles_are_told() -> None:
    assert words("se_resnext50_32x4d")[2] == (
        "stage 1: 3 x bottleneck: 1x1 128, 3x3 128 in 32 groups, 1x1 256, SE 1/16 (first: projected shortcut)"
    )
    assert words("shufflenet_v1-1.0-g3")[3] == (
        "3 x shuffle unit: 1x1 60 in 3 groups, shuffle of 3, 3x3 depthwise, 1x1 240 in 3 groups"
    )


def test_drop_path_is_told_from_first_to_last() -> None:
    blocks = (Branches(Shortcut(), Chain(Conv(8, 3), Conv(8, 3), DropPath(p))) for p in (0.1, 0.3, 0.5))
    (line,) = told(Chain(*blocks), (8, 4, 4))
    assert line.words == "3 x residual: 2 x 3x3 8 (drop-path 0.1 to 0.5)"


def test_what_stands_between_the_layers() -> None:
    assert between(Chain(Conv(8), Norm(), Act(), Branches(Chain(), Chain(Norm("group"), Act("silu"))))) == (
        "batch normalization, ReLU, group normalization, silu"
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_is_told_with_all_it_costs(name: str) -> None:
    named = NETWORKS[name]
    lines, made = told(named.network(), named.input), cost(named.network(), named.input)
    assert (sum(line.params for line in lines), sum(line.macs for line in lines)) == (made.params, made.macs)
    assert all(line.words and not line.words.endswith((":", " ")) for line in lines)
