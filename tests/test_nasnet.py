"""NASNet-A is what its authors' code builds, it can be trained, and it lies in the spaces of cells."""

import random
from dataclasses import replace

import pytest
import torch
from torch.nn.functional import cross_entropy

from nas.arch.cost import cost
from nas.arch.locate import locate
from nas.arch.nodes import Cells, Chain, Network, Part, Pool
from nas.arch.realize import realize
from nas.arch.rewrite import rewrite
from nas.errors import LocateError
from nas.lower import build
from search_spaces.networks.nasnet import nasnet_a_cifar, nasnet_a_large, nasnet_a_mobile
from search_spaces.spaces.cell import cell_space, cifar_cell_space, imagenet_cell_space

LARGE, SMALL = (3, 331, 331), (3, 32, 32)
INSIDE = [
    (nasnet_a_mobile, imagenet_cell_space),
    (nasnet_a_large, imagenet_cell_space),
    (nasnet_a_cifar, cifar_cell_space),
]


def cells(network: Network) -> Cells:
    (found,) = (part for part in network.parts if isinstance(part, Cells))
    return found


def sizes(network: Network, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """What leaves the stem and each cell."""
    at = next(i for i, part in enumerate(network.parts) if isinstance(part, Cells))
    stem, row = network.parts[:at], cells(network).cells
    return [cost(Chain(*stem, Cells(*row[:end])), shape).output for end in range(len(row) + 1)]


def test_cells_have_the_sizes_of_the_authors_code():
    assert sizes(nasnet_a_large(), LARGE) == [
        (96, 165, 165),
        (168, 83, 83),
        (336, 42, 42),
        *[(1008, 42, 42)] * 6,
        (1344, 21, 21),
        *[(2016, 21, 21)] * 6,
        (2688, 11, 11),
        *[(4032, 11, 11)] * 6,
    ]


def test_only_the_large_network_reads_past_the_reduction():
    assert [cell.parts[0].inputs for cell in cells(nasnet_a_large()).cells].count((1, 3)) == 2
    assert {cell.parts[0].inputs for cell in cells(nasnet_a_mobile()).cells} == {(1, 2)}


@pytest.mark.parametrize(("make", "space"), INSIDE)
def test_it_is_found_in_the_space_of_all_cells(make, space):
    network, whole = make(), space()
    assert realize(whole, locate(network, whole)) == network


def test_the_point_of_the_large_network_reads_like_the_paper():
    point = locate(nasnet_a_large(), imagenet_cell_space())
    assert 900 < len(point) < 1100
    cell = {name.removeprefix("stage2.next3."): option for name, option in point.items() if "stage2.next3." in name}
    assert cell["width"] == 336
    assert (cell["left3"], cell["left3_from"], cell["right3"], cell["right3_from"]) == ("avg", 2, "identity", 3)
    assert (cell["left2"], cell["left2=separable.kernel"], cell["left2_from"]) == ("separable", 5, 3)
    assert (point["stage1.more"], point["stage3.first.back"]) == (5, 3)


def test_an_operation_the_space_lacks_is_named_with_its_place():
    def widen(part: Part) -> Part:
        return replace(part, kernel=9, padding="same") if isinstance(part, Pool) else part

    *most, last = cells(nasnet_a_cifar()).cells
    network = rewrite(
        nasnet_a_cifar(), lambda part: Cells(*most, rewrite(last, widen)) if isinstance(part, Cells) else part
    )
    with pytest.raises(LocateError, match=r"(?s)cells1\.cell20\.graph1\.step5.*kernel is 9") as error:
        locate(network, cifar_cell_space())
    assert "left3=avg.kernel offers 3, 5" in str(error.value)


@pytest.mark.parametrize(("space", "shape"), [(imagenet_cell_space, (3, 64, 64)), (cifar_cell_space, SMALL)])
def test_points_of_the_general_spaces_are_networks_and_are_found_again(space, shape):
    whole, rng = space(), random.Random(0)
    for _ in range(5):
        network = realize(whole, rng)
        assert cost(network, shape).output[0] in (10, 1000)
        assert realize(whole, locate(network, whole)) == network


def test_it_can_be_trained():
    torch.manual_seed(0)
    module = build(nasnet_a_cifar(), SMALL)
    assert sum(parameter.numel() for parameter in module.parameters()) == 3_346_538
    loss = cross_entropy(module(torch.randn(2, *SMALL)), torch.tensor([1, 7]))
    loss.backward()
    assert torch.isfinite(loss)
    assert all(parameter.grad.abs().sum() > 0 for parameter in module.parameters())


def test_networks_of_cells_can_be_trained():
    space, rng = cell_space(10), random.Random(1)
    for _ in range(3):
        module = build(realize(space, rng), (1, 28, 28))
        loss = cross_entropy(module(torch.randn(4, 1, 28, 28)), torch.tensor([1, 7, 2, 2]))
        loss.backward()
        assert all(parameter.grad is not None for parameter in module.parameters())
