"""NASNet-A is what its authors' code builds, it can be trained, and it lies in the spaces of cells."""

import random
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.functional import cross_entropy

from nas.arch.cost import cost
from nas.arch.locate import locate
from nas.arch.nodes import Cells, Chain, Conv, Exit, Network, Norm, Part, Pool
from nas.arch.realize import realize
from nas.arch.rewrite import for_images, rewrite
from nas.errors import LocateError
from nas.lower import build
from search_spaces.networks.nasnet import (
    factorized_reduction,
    nasnet_a_cifar,
    nasnet_a_large,
    nasnet_a_mobile,
    normal_cell,
    reduction_cell,
)
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


class Weights:
    """The layers of a built cell, taken in the order in which its tree lists them."""

    def __init__(self, module: nn.Module) -> None:
        weighty = [layer for layer in module.modules() if list(layer.parameters(recurse=False))]
        self.left = iter(weighty)

    def conv(self, x: Tensor, **options: int) -> Tensor:
        return F.conv2d(x, next(self.left).weight, **options)

    def norm(self, x: Tensor) -> Tensor:
        layer = next(self.left)
        return F.batch_norm(x, layer.running_mean, layer.running_var, layer.weight, layer.bias, eps=1e-5)

    def squeezed(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x.relu()))

    def separable(self, x: Tensor, kernel: int, stride: int = 1) -> Tensor:
        for step in (stride, 1):
            x = self.conv(x.relu(), stride=step, padding=kernel // 2, groups=x.shape[1])
            x = self.norm(self.conv(x))
        return x

    def factorized(self, x: Tensor) -> Tensor:
        x = x.relu()
        shifted = F.pad(x, (0, 1, 0, 1))[:, :, 1:, 1:]
        return self.norm(torch.cat([self.conv(x[:, :, ::2, ::2]), self.conv(shifted[:, :, ::2, ::2])], 1))


def averaged(x: Tensor, stride: int = 1) -> Tensor:
    return F.avg_pool2d(x, 3, stride, 1, count_include_pad=False)


def highest(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 3, 2, 1)


def normal(current: Tensor, previous: Tensor, weights: Weights) -> Tensor:
    """The normal cell of Figure 4, its earlier input twice as large as its current one."""
    h, before = weights.squeezed(current), weights.factorized(previous)
    blocks = [
        weights.separable(h, 5) + weights.separable(before, 3),
        weights.separable(before, 5) + weights.separable(before, 3),
        averaged(h) + before,
        averaged(before) + averaged(before),
        weights.separable(h, 3) + h,
    ]
    return torch.cat([*blocks, before], 1)


def reduction(current: Tensor, previous: Tensor, weights: Weights) -> Tensor:
    """The reduction cell of Figure 4; the block that another reads and that is put out all the same stands last."""
    h, before = weights.squeezed(current), weights.squeezed(previous)
    one = weights.separable(h, 5, 2) + weights.separable(before, 7, 2)
    two = highest(h) + weights.separable(before, 7, 2)
    three = averaged(h, 2) + weights.separable(before, 5, 2)
    four = two + averaged(one)
    five = weights.separable(one, 3) + highest(h)
    return torch.cat([three, four, five, two], 1)


@pytest.mark.parametrize(
    ("graph", "written_out", "earlier"),
    [
        (normal_cell(4, norm=Norm(), fit=factorized_reduction), normal, (6, 15, 16)),
        (reduction_cell(4, norm=Norm()), reduction, (6, 8, 8)),
    ],
)
def test_a_cell_is_that_of_figure_4(graph, written_out, earlier):
    torch.manual_seed(0)
    first = Chain(Conv(5, stride=-(-earlier[1] // 8)))
    module = build(Cells(first, graph), earlier).eval()
    for buffer in module.buffers():
        if buffer.is_floating_point():
            nn.init.uniform_(buffer, 0.5, 1.5)
    x = torch.randn(2, *earlier)
    weights = Weights(module)
    current = weights.conv(x, stride=first.parts[0].stride)
    with torch.no_grad():
        torch.testing.assert_close(module(x), written_out(current, x, weights), rtol=1e-4, atol=1e-4)


def test_the_head_follows_the_second_stage():
    row = cells(nasnet_a_mobile()).cells
    assert [i for i, cell in enumerate(row) if any(isinstance(part, Exit) for part in cell.parts)] == [10]


@pytest.mark.parametrize(
    ("make", "input", "head"),
    [
        (nasnet_a_mobile, (3, 224, 224), 2_411_240),
        (nasnet_a_large, LARGE, 4_567_784),
        (nasnet_a_cifar, SMALL, 1_631_498),
    ],
)
def test_the_head_costs_what_it_does_in_the_authors_code(make, input, head):
    assert cost(make(), input).exit_params == head


def test_on_small_images_the_maps_are_those_of_the_network_for_small_images():
    small = for_images(nasnet_a_mobile(), SMALL)
    assert [shape[1] for shape in sizes(small, SMALL)] == [30, 30, *[15] * 5, *[8] * 5, *[4] * 5]


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


@pytest.mark.parametrize(("space", "shape"), [(imagenet_cell_space, (3, 80, 80)), (cifar_cell_space, SMALL)])
def test_points_of_the_general_spaces_are_networks_and_are_found_again(space, shape):
    whole, rng = space(), random.Random(0)
    for _ in range(5):
        network = realize(whole, rng)
        assert cost(network, shape).output[0] in (10, 1000)
        assert realize(whole, locate(network, whole)) == network


def test_it_can_be_trained():
    torch.manual_seed(0)
    module = build(nasnet_a_cifar(), SMALL)
    assert sum(parameter.numel() for parameter in module.parameters()) == 3_346_538 + 1_631_498
    logits, (early,) = module(torch.randn(2, *SMALL))
    loss = cross_entropy(logits, torch.tensor([1, 7])) + cross_entropy(early, torch.tensor([1, 7]))
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
