"""Another library's state dict under our names, and ours under theirs."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nas.arch.cost import Shape
from nas.arch.nodes import Chain, Network, chain
from nas.arch.rewrite import without_exits
from nas.errors import WeightsError
from nas.lower import NetworkModule, build
from nas.weights.match import keys, layers, layers_run, pairs, renamed


@dataclass(frozen=True)
class Imported:
    """Weights under our names.

    Args:
        network: What they are of; without its exits where there were no weights for them.
        state: The state dict of its module.
        left_out: Their auxiliary layers that the network does not have.
    """

    network: Chain
    state: dict[str, Tensor]
    left_out: tuple[str, ...]


def imported(network: Network, input: Shape, state: Mapping[str, Tensor], like: nn.Module | None = None) -> Imported:
    """The weights of `state` for `network`.

    Args:
        network: For images of shape `input`.
        input: Channels, height, width.
        state: Under the names of another library.
        like: A module of those names, on any device; running it shows the order of its layers. Without it the order in
            the state dict stands for that.

    Raises:
        WeightsError: a layer finds none of its shape.
    """
    theirs = layers(state) if like is None else layers_run(like, input)
    whole = chain(network) if theirs.heads else without_exits(network)
    empty = _empty(whole, input).state_dict()
    ours = layers(empty)
    names = keys(pairs(ours, theirs), empty)
    left_out = () if ours.heads else tuple(layer.name for layer in theirs.heads)
    return Imported(whole, renamed(state, names, empty), left_out)


def exported(network: Network, input: Shape, state: Mapping[str, Tensor], like: nn.Module) -> dict[str, Tensor]:
    """The weights that `state` has under our names, under those of `like`; the inverse of `imported`.

    Heads that only one of both has are left out.

    Raises:
        WeightsError: a layer is absent from `state`, or finds none of its shape.
    """
    held = layers(state)
    whole = chain(network) if held.heads else without_exits(network)
    ours, theirs = layers(_empty(whole, input).state_dict()), layers_run(like, input)
    if absent := [layer for layer in (*ours.trunk, *ours.heads) if layer not in {*held.trunk, *held.heads}]:
        raise WeightsError(f"the state dict has each layer under our name, got none called {absent[0]}")
    names = keys(pairs(ours, theirs), state)
    return renamed(state, {theirs: mine for mine, theirs in names.items()}, like.state_dict())


@torch.no_grad()
def difference(imported: Imported, reference: nn.Module, input: Shape) -> float:
    """How far the outputs of both on noise lie apart, as a share of how far those on two images do.

    Rounding alone makes it about 1e-6; what is much more comes from parts without weights, such as pools.
    """
    number = next(reference.parameters()).dtype
    module = build(imported.network, input).eval().to(number)
    module.load_state_dict(imported.state)
    images = torch.randn(2, *input, generator=torch.Generator().manual_seed(0)).to(number)
    ours, theirs = module(images), reference.eval()(images)
    return float((ours - theirs).abs().max() / (theirs[0] - theirs[1]).abs().max())


def _empty(network: Chain, input: Shape) -> NetworkModule:
    with torch.device("meta"):
        return build(network, input)
