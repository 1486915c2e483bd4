"""Networks that no library has right compute what their papers say, written once more in plain torch."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

import nas
from nas import catalog
from nas.arch.nodes import Network
from search_spaces.networks.stochastic_depth import stochastic_depth

IMAGE = (3, 32, 32)


class Layers:
    """The layers of a module with weights, of each kind in the order of their paths."""

    def __init__(self, module: nn.Module) -> None:
        self.of_kind: dict[type, Iterator[nn.Module]] = {
            kind: iter([layer for layer in module.modules() if isinstance(layer, kind)])
            for kind in (nn.Conv2d, nn.BatchNorm2d, nn.Linear)
        }

    def conv(self, x: Tensor, stride: int = 1) -> Tensor:
        layer = next(self.of_kind[nn.Conv2d])
        return F.conv2d(x, layer.weight, layer.bias, stride, layer.weight.shape[2] // 2)

    def norm(self, x: Tensor) -> Tensor:
        layer = next(self.of_kind[nn.BatchNorm2d])
        return F.batch_norm(x, layer.running_mean, layer.running_var, layer.weight, layer.bias)

    def classified(self, x: Tensor) -> Tensor:
        layer = next(self.of_kind[nn.Linear])
        assert all(next(layers, None) is None for layers in self.of_kind.values()), "layers are left over"
        return F.linear(x.mean((2, 3)), layer.weight, layer.bias)


def stochastic_depth_20(layers: Layers, x: Tensor, shortcut: Callable[[Tensor], Tensor]) -> Tensor:
    """Nine blocks, the fourth and the seventh halving the map; block l survives with 1 - l/9 (1 - 0.5)."""
    x = layers.norm(layers.conv(x)).relu()
    for block in range(1, 10):
        halves = block in (4, 7)
        y = layers.norm(layers.conv(x, stride=2 if halves else 1)).relu()
        y = layers.norm(layers.conv(y))
        if halves:
            x = shortcut(x)
            x = torch.cat([x, torch.zeros_like(x)], 1)
        x = (x + (1 - block / 9 * (1 - 0.5)) * y).relu()
    return layers.classified(x)


def densenet_22_12(layers: Layers, x: Tensor) -> Tensor:
    """16 channels, three blocks of six layers that append 12 each, between them transitions that keep all channels."""
    x = layers.conv(x)
    for block in (1, 2, 3):
        for _ in range(6):
            x = torch.cat([x, layers.conv(layers.norm(x).relu())], 1)
        assert x.shape[1] == 16 + 12 * 6 * block
        if block < 3:
            x = F.avg_pool2d(layers.conv(layers.norm(x).relu()), 2)
    return layers.classified(layers.norm(x).relu())


def pooled(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 2)


def every_other(x: Tensor) -> Tensor:
    return x[:, :, ::2, ::2]


Case = tuple[Network, Callable[[Layers, Tensor], Tensor]]

CASES: dict[str, Case] = {
    "stochastic depth, as for 110 layers": (
        catalog.network("stochastic_depth20").network(),
        partial(stochastic_depth_20, shortcut=pooled),
    ),
    "stochastic depth, as for 1202 layers": (
        stochastic_depth(20, biases=False, shortcut="zero_pad"),
        partial(stochastic_depth_20, shortcut=every_other),
    ),
    "densenet-22-12": (catalog.network("densenet-22-12").network(), densenet_22_12),
}


@pytest.mark.parametrize("name", CASES)
def test_outputs_are_those_of_the_paper(name: str) -> None:
    network, paper = CASES[name]
    torch.manual_seed(0)
    module = nas.build(network, IMAGE).eval()
    for tensor in module.state_dict().values():
        if tensor.ndim == 1:
            tensor.uniform_(0.5, 1.5)
    images = torch.randn(2, *IMAGE)
    with torch.no_grad():
        ours, theirs = module(images), paper(Layers(module), images)
    assert (ours - theirs).abs().max() <= 1e-4 * (theirs[0] - theirs[1]).abs().max()


def test_stochastic_depth_1202_is_the_form_without_biases() -> None:
    named = catalog.network("stochastic_depth1202")
    assert named.network() == stochastic_depth(1202, biases=False, shortcut="zero_pad")
