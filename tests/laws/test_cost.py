"""What `cost` says without torch is what the built module has and does."""

import logging

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn

import nas
from nas.lower.layers import RadialBasis, TableConv2d
from tests.strategies import Case, networks


class Counter:
    """MACs, and elements written, of the convolutions and linear layers that run in a module."""

    def __init__(self, module: nn.Module) -> None:
        self.macs = self.written = 0
        for layer in module.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear | TableConv2d | RadialBasis):
                layer.register_forward_hook(self.count)

    def count(self, layer: nn.Module, _: object, out: Tensor) -> None:
        match layer:
            case nn.Conv2d() | nn.Linear():  # every weight of an output channel once for each of its pixels
                macs = out[0].numel() * layer.weight[0].numel()
            case TableConv2d():  # every weight of a link once for each pixel
                macs = layer.weight.numel() * out[0, 0].numel()
            case _:
                macs = layer.codes.numel()
        self.macs += macs
        self.written += out[0].numel()


def images(case: Case) -> Tensor:
    """Two images."""
    return torch.randn(2, *case.input)


@settings(max_examples=20)
@given(networks())
def test_cost_is_what_a_forward_pass_does(case):
    """Shape, MACs and activations are those of a forward pass in evaluation."""
    said, module = nas.cost(case.network, case.input), nas.build(case.network, case.input).eval()
    counter = Counter(module)
    with torch.no_grad():
        output = module(images(case))
    assert output.shape[1:] == said.output
    assert (counter.macs, counter.written) == (said.macs, said.activations)


@settings(max_examples=20)
@given(networks())
def test_exits_cost_apart(case):
    """In training the heads of exits run too: their MACs and parameters come on top."""
    said, module = nas.cost(case.network, case.input), nas.build(case.network, case.input).train()
    counter = Counter(module)
    with torch.no_grad():
        module(images(case))
    assert counter.macs == said.macs + said.exit_macs
    assert sum(p.numel() for p in module.parameters()) == said.params + said.exit_params


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning", "ignore::DeprecationWarning")
@settings(max_examples=20)
@given(networks(plain=True))
def test_macs_are_those_a_tracer_counts(case):
    """MACs are what fvcore counts of convolutions and linear layers in a trace of the module."""
    from fvcore.nn import FlopCountAnalysis  # its import warns, as its traces do

    logging.getLogger("fvcore").setLevel(logging.ERROR)
    module = nas.build(case.network, case.input).eval()
    analysis = FlopCountAnalysis(module, images(case))
    analysis.unsupported_ops_warnings(enabled=False).uncalled_modules_warnings(enabled=False)
    counted = analysis.by_operator()
    macs = sum(counted[name] for name in ("conv", "linear", "addmm"))
    assert macs == len(images(case)) * nas.cost(case.network, case.input).macs


@settings(max_examples=20)
@given(networks())
def test_a_cost_remembered_is_the_cost(case):
    """What costing a network leaves in memory does not change what it, or another, costs."""
    remembered = nas.cost(case.network, case.input)
    nas.arch.cost.forget()
    assert nas.cost(case.network, case.input) == remembered
