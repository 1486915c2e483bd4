"""Every named network can be trained: a step at a small image, after the rewrites where its paper's is larger.

So can the one of each paper that costs least at the paper's own input. A batch is of two images: memory and time ask
for it, and normalization for no less.
"""

from math import inf

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

import nas
from nas import catalog
from nas.arch.cost import Shape, cost
from nas.arch.nodes import Branches, Chain, DropPath, Network, Part
from nas.arch.rewrite import for_images, rewrite, with_classes
from tests.drawn import filled, undrawn

SMALL: dict[int, Shape] = {1: (1, 28, 28), 3: (3, 32, 32)}
"""The small image, by its channels."""


def is_small(name: str) -> bool:
    """Whether the input of a network's own paper is the small image."""
    image = catalog.network(name).input
    return image == SMALL[image[0]]


def without_drops(part: Part) -> Part:
    match part:
        case DropPath():
            return Chain()
        case Branches(branches=branches, join="mean"):
            return Branches(*branches, join="mean")
        case _:
            return part


def step(network: Network, image: Shape, classes: int) -> None:
    """One step has a finite loss, and a gradient on every parameter; no branch is dropped meanwhile."""
    torch.manual_seed(0)
    with undrawn():
        module = nas.build(rewrite(network, without_drops), input=image)
    filled(module).train()
    output = module(torch.randn(2, *image))
    logits, exits = output if module.exit_weights else (output, [])
    targets = torch.randint(classes, (2,))
    loss = sum((F.cross_entropy(each, targets) for each in [logits, *exits]), torch.zeros(()))
    loss.backward()
    assert logits.shape == (2, classes)
    assert loss.isfinite()
    for name, weight in module.named_parameters():
        assert weight.grad is not None, name
        assert 0 < weight.grad.abs().max() < inf, name


def cheapest() -> list[str]:
    """Of each paper the network with the fewest MACs."""
    found: dict[str, tuple[int, str]] = {}
    for name, named in catalog.networks().items():
        costs = (cost(named.network(), named.input).macs, name)
        found[named.paper] = min(costs, found.get(named.paper, costs))
    return [name for _, name in found.values()]


@pytest.mark.parametrize("name", dict.fromkeys([*filter(is_small, catalog.networks()), *cheapest()]))
def test_a_step_on_the_papers_task(name: str) -> None:
    named = catalog.network(name)
    step(named.network(), named.input, named.classes)


@pytest.mark.parametrize("name", [name for name in catalog.networks() if not is_small(name)])
def test_a_step_on_a_small_image(name: str) -> None:
    named = catalog.network(name)
    image = SMALL[named.input[0]]
    step(for_images(with_classes(named.network(), 10), image), image, 10)


@pytest.mark.parametrize("name", ["fractalnet20_thin", "stochastic_depth20"])
def test_what_a_step_drops_has_gradients_of_zero_and_learns_in_another(name: str) -> None:
    named = catalog.network(name)
    torch.manual_seed(0)
    module = nas.build(named.network(), input=named.input).train()
    still, zeros = {path for path, _ in module.named_parameters()}, 0
    for _ in range(20):
        module.zero_grad()
        loss = F.cross_entropy(module(torch.randn(2, *named.input)), torch.randint(named.classes, (2,)))
        loss.backward()
        assert loss.isfinite()
        for path, weight in module.named_parameters():
            assert weight.grad is not None, path
            assert weight.grad.isfinite().all(), path
            zeros += not weight.grad.any()
            if weight.grad.any():
                still.discard(path)
    assert zeros > 0
    assert not still
