"""What leaves nas: the source computes what the module does, and the card says where it comes from."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn

import nas
from nas import catalog
from nas.arch.cost import Shape, cost
from nas.errors import PartError, ShapeError
from nas.export.source import source
from nas.export.weights import renamed
from tests.strategies import Case, networks

_NOISE = torch.randn(1 << 20, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def undrawn() -> Iterator[None]:
    """Layers begin with whatever lies in memory, for drawing weights takes longer than all else."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("kaiming_uniform_", "kaiming_normal_", "uniform_", "normal_"):
            patch.setattr(nn.init, name, lambda tensor, *_, **__: tensor)
        yield


def network_class(code: str) -> Any:
    """The class of the network in the text of a `model.py`."""
    names: dict[str, Any] = {"__name__": "model"}
    exec(compile(code, "model.py", "exec"), names)
    return names["Network"]


def filled(module: nn.Module) -> nn.Module:
    """A module with weights and statistics that differ everywhere and let a signal through, ready to classify."""
    position = 0

    def noise(like: Tensor) -> Tensor:
        nonlocal position
        position = (position + 7919) % 10_000
        copies = 1 + (position + like.numel()) // len(_NOISE)
        return _NOISE.repeat(copies)[position : position + like.numel()].view(like.shape)

    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if tensor.dim() > 1:
                tensor.copy_(noise(tensor) * math.sqrt(2 * tensor.shape[0] / tensor.numel()))
            elif tensor.dtype.is_floating_point:
                tensor.copy_(noise(tensor) / 10 + (0.0 if name.endswith(("bias", "mean")) else 1.0))
    return module.eval()


def assert_alike(network: nas.Network, image: Shape) -> None:
    code, names = source(network, image, "A network.")
    ours, theirs = filled(nas.build(network, input=image)), network_class(code)().eval()
    theirs.load_state_dict(renamed(ours.state_dict(), names))
    x = torch.randn(2, *image, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected, made = ours(x), theirs(x)
    assert expected.isfinite().all()
    torch.testing.assert_close(made, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))


def reads(network: nas.Network, image: Shape) -> bool:
    try:
        cost(network, image)
    except ShapeError:
        return False
    return True


@pytest.mark.parametrize("name", catalog.networks())
def test_the_source_of_every_named_network_computes_what_the_module_does(name: str, undrawn: None) -> None:
    named = catalog.network(name)
    network, (channels, height, _) = named.network(), named.input
    images = [(channels, side, side) for side in (*range(32, height, 32), height)]
    assert_alike(network, next(image for image in images if reads(network, image)))
