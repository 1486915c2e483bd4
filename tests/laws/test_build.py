"""A built module computes what the tree says, whatever it does in place, and trains."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import nas
from nas.arch.nodes import Cells
from tests import reference
from tests.paths import leaf_paths, parts_within
from tests.strategies import Case, networks

FORMATS = (torch.contiguous_format, torch.channels_last)


def built(case: Case) -> nn.Module:
    """The module of a case, in double precision, with norms that have seen data."""
    torch.manual_seed(0)
    module = nas.build(case.network, case.input).double()
    for name, buffer in module.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(0, 0.1)
        elif name.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)
    for parameter in module.parameters():
        if parameter.ndim == 1:
            nn.init.uniform_(parameter, 0.5, 1.5)
    return module


def batch(case: Case, memory_format: torch.memory_format = torch.contiguous_format) -> Tensor:
    """Three images."""
    images = torch.randn(3, *case.input, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return images.contiguous(memory_format=memory_format)


def outcome(module: nn.Module, x: Tensor) -> reference.Outcome:
    """What the module makes of a batch, with or without exits."""
    made = module(x)
    return reference.Outcome(made, []) if isinstance(made, Tensor) else reference.Outcome(*made)


def gradients(module: nn.Module, made: reference.Outcome) -> dict[str, Tensor | None]:
    """The gradients of a loss that weighs every element of the outcome differently; None where it has none."""
    loss = sum(
        (y * torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view_as(y)).sum() for y in (made.output, *made.exits)
    )
    if not loss.requires_grad:
        return dict.fromkeys(name for name, _ in module.named_parameters())
    names, parameters = zip(*module.named_parameters(), strict=True)
    return dict(zip(names, torch.autograd.grad(loss, parameters, allow_unused=True), strict=True))


def assert_close(ours: Tensor, theirs: Tensor) -> None:
    scale = theirs.detach().abs().max().clamp(min=1)
    torch.testing.assert_close(ours / scale, theirs / scale, rtol=1e-6, atol=1e-6, equal_nan=True)


@settings(max_examples=24)
@given(networks(), st.sampled_from(FORMATS))
def test_in_evaluation_a_module_computes_what_the_tree_says(case, memory_format):
    """build(network).eval()(x) = the tree, read in plain torch."""
    module, x = built(case).eval(), batch(case, memory_format)
    with torch.no_grad():
        before = x.clone()
        ours = module(x)
        assert torch.equal(x, before), "the input was overwritten"
        assert torch.equal(module(x), ours), "a second run differs"
        assert_close(ours, reference.run(case.network, module, x).output)


@settings(max_examples=24)
@given(networks())
def test_in_training_a_module_computes_what_the_tree_says(case):
    """In training the output, every exit and every gradient are those of the tree, read in plain torch."""
    module, x = built(case).train(), batch(case)
    torch.manual_seed(2)
    theirs = reference.run(case.network, module, x)
    torch.manual_seed(2)
    ours = outcome(module, x)
    assert len(ours.exits) == len(theirs.exits) == len(module.exit_weights)
    for a, b in zip((ours.output, *ours.exits), (theirs.output, *theirs.exits), strict=True):
        assert_close(a, b)
    expected, got = gradients(module, theirs), gradients(module, ours)
    for name, gradient in expected.items():
        assert (got[name] is None) == (gradient is None), name
        if gradient is not None:
            assert_close(got[name], gradient)


@settings(max_examples=20)
@given(networks())
def test_every_network_trains(case):
    """A training step in float32 gives finite numbers of the right shape and a gradient for every parameter.

    Only a cell that no later cell reads may stay without.
    """
    torch.manual_seed(0)
    module = nas.build(case.network, case.input)
    made = outcome(module, torch.randn(3, *case.input))
    assert made.output.shape[1:] == nas.cost(case.network, case.input).output
    assert all(y.isfinite().all() for y in (made.output, *made.exits))
    skips = any(isinstance(part, Cells) for part in parts_within(case.network))
    for name, gradient in gradients(module, made).items():
        assert skips or gradient is not None, name
        assert gradient is None or gradient.isfinite().all(), name


@settings(max_examples=20)
@given(networks())
def test_parameters_are_named_by_their_paths(case):
    """Every name in the state is the path of a leaf and the name of a tensor, and twice built it is the same."""
    first, second = (list(nas.build(case.network, case.input).state_dict()) for _ in range(2))
    assert first == second
    leaves = leaf_paths(case.network)
    for name in first:
        assert any(name.startswith(f"{path}.") for path in leaves), name


def test_convolutions_are_drawn_as_he_et_al_say():
    """Every convolution, padded, grouped or fitted to a join, has weights of variance 2 / fan-in and biases of zero."""
    text = "nas 1 conv(256, 3, bias=true) conv(256, 3, padding=(1, 0, 1, 0), groups=4) add([conv(512)], [shortcut()])"
    module = nas.build(nas.parse(text), (64, 8, 8))
    convolutions = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]
    assert len(convolutions) == 4
    for layer in convolutions:
        assert 1.95 < layer.weight.var() * layer.weight[0].numel() < 2.05
        assert layer.bias is None or not layer.bias.any()


def test_the_hot_path_is_flat():
    """A module holds its leaves in rooms that only name them: no room has a forward of its own."""
    network = nas.parse("nas 1 add([conv(4, 3), norm(), act()], [conv(4)]) global_pool() flatten() linear(2)")
    module = nas.build(network, (3, 8, 8))
    rooms = {name for name, room in module.named_modules() if type(room) is nn.Module}
    assert rooms == {"add1", "add1.branch1", "add1.branch2"}
    assert not any(isinstance(part, nn.Sequential) for part in module.modules())
