"""Networks of every family take training steps: a finite loss, and gradients for every parameter."""

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

import nas
from nas import catalog

SIDES = {
    "preact_resnet18": 64,
    "preact_resnet20": 32,
    "preact_resnet119": 32,
    "wrn-10-2": 32,
    "fractalnet20_thin": 32,
    "stochastic_depth20": 32,
    "densenet121": 64,
    "densenet-22-12": 32,
    "densenet-bc-22-12": 32,
    "resnext29_2x16d": 32,
    "se_resnet50": 64,
}
"""By name, the side of the images."""


@pytest.mark.parametrize("name", SIDES)
def test_every_parameter_learns(name: str) -> None:
    """In each step a parameter has a gradient, of zeros where its branch is dropped; in some step it is not zero."""
    named, side = catalog.network(name), SIDES[name]
    torch.manual_seed(0)
    module = nas.build(named.network(), input=(3, side, side)).train()
    images, labels = torch.randn(4, 3, side, side), torch.randint(named.classes, (4,))
    still = {path for path, _ in module.named_parameters()}
    steps = 0
    while still and steps < 20:
        module.zero_grad()
        loss = F.cross_entropy(module(images), labels)
        loss.backward()
        assert loss.isfinite()
        for path, parameter in module.named_parameters():
            assert parameter.grad is not None, path
            assert parameter.grad.isfinite().all(), path
            if parameter.grad.any():
                still.discard(path)
        steps += 1
    assert not still
    drops = "drop_path" in nas.text(named.network())
    assert steps == 1 or drops, "without drops one step is enough"
