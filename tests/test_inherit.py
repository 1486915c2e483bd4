"""Weight inheritance: a child computes what its parent does where it can, and what is new in it can learn."""

import random
from collections.abc import Sequence
from contextlib import suppress

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn

from nas import catalog
from nas.arch.cost import Shape, cost
from nas.arch.nodes import (
    DEPTHWISE,
    Act,
    Branches,
    Chain,
    Conv,
    Edge,
    Flatten,
    Graph,
    Linear,
    Network,
    Norm,
    Part,
    Pool,
    Ratio,
    Shortcut,
    Shuffle,
    Space,
    Step,
)
from nas.arch.points import mutate
from nas.arch.realize import Point, realize, sample
from nas.arch.twins import twins
from nas.errors import NasError, WeightsError
from nas.lower import NetworkModule, build
from nas.lower.heritage import Inherited
from nas.lower.inherit import inherit
from search_spaces.blocks import (
    basic,
    bottleneck,
    classifier,
    conv_norm_act,
    inverted,
    linear_residual,
    preact_basic,
    preact_keep,
    residual,
    separable,
    squeeze_excite,
)
from tests.strategies import Case, networks

INPUT = (2, 8, 8)
STEM, HEAD = conv_norm_act(8, 3), classifier(3)


def trained(network: Network, input: Shape = INPUT) -> NetworkModule:
    """A network with random weights and statistics, as after a training, in double precision."""
    torch.manual_seed(1)
    module = build(network, input).double().eval()
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 2)
            elif tensor.dim() == 1 and tensor.is_floating_point():
                tensor.add_(0.3 * torch.randn_like(tensor))
    return module


def heir(child: Network, parent: Network, weights: dict[str, Tensor], input: Shape) -> tuple[NetworkModule, Inherited]:
    torch.manual_seed(2)
    module = build(child, input).double().eval()
    return module, inherit(module, child, parent=parent, weights=weights, input=input)


def outputs(*modules: nn.Module, input: Shape = INPUT) -> list[Tensor]:
    images = torch.randn(3, *input, dtype=torch.double, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        return [module(images) for module in modules]


@given(networks())
@settings(max_examples=15)
def test_an_equal_child_is_its_parent(case: Case) -> None:
    parent = trained(case.network, case.input)
    child, told = heir(case.network, case.network, parent.state_dict(), case.input)
    a, b = outputs(parent, child, input=case.input)
    assert torch.equal(a, b) or bool((torch.isnan(a) & torch.isnan(b)).any())
    counted = [name for name in parent.state_dict() if not name.endswith("num_batches_tracked")]
    assert sorted(told.copied) == sorted(counted)
    assert str(told) == f"{len(counted)} of {len(counted)} tensors"


def blocks(*parts: Part) -> Chain:
    return Chain(STEM, *parts, HEAD)


def cell(*operations: Part, join: str = "add") -> Graph:
    return Graph((1,), (Step(*(Edge(Chain(part), 0) for part in operations), join=join), Step(Edge(Chain(), 1))))  # type: ignore[arg-type]


SE = squeeze_excite(1)
PRESERVING: dict[str, tuple[Network, Network]] = {
    "wider": (blocks(conv_norm_act(6, 3)), blocks(conv_norm_act(10, 3))),
    "a wider stem": (
        Chain(conv_norm_act(4, 3), Pool("max", 2), HEAD),
        Chain(conv_norm_act(9, 3), Pool("max", 2), HEAD),
    ),
    "wider before a flat layer": (
        Chain(Conv(4, 3, bias=True), Act("tanh"), Flatten(), Linear(5), Act(), Linear(3)),
        Chain(Conv(7, 3, bias=True), Act("tanh"), Flatten(), Linear(9), Act(), Linear(3)),
    ),
    "wider, residual": (blocks(residual(basic(8))), blocks(residual(basic(12)))),
    "a wider stage": (
        blocks(residual(basic(8, stride=2)), residual(basic(8))),
        blocks(residual(basic(12, stride=2)), residual(basic(12))),
    ),
    "wider, in groups": (
        blocks(residual(bottleneck(8, 8, kernel=3, groups=4))),
        blocks(residual(bottleneck(12, 8, kernel=3, groups=4))),
    ),
    "wider, depthwise": (
        blocks(inverted(Ratio(2), 8), SE, separable(8)),
        blocks(inverted(Ratio(3), 12), SE, separable(10)),
    ),
    "wider, depthwise with more maps": (
        blocks(Conv(8), Conv(DEPTHWISE, 3, groups=DEPTHWISE)),
        blocks(Conv(12), Conv(Ratio(2), 3, groups=DEPTHWISE)),
    ),
    "wider, shuffled": (blocks(Conv(8), Shuffle(2), Conv(6)), blocks(Conv(12), Shuffle(2), Conv(6))),
    "wider, concatenated": (
        blocks(Branches(Conv(4), Conv(6, 3), Chain(), join="concat"), Norm(), Act()),
        blocks(Branches(Conv(5), Conv(9, 3), Chain(), join="concat"), Norm(), Act()),
    ),
    "a zero-padded shortcut, wider": (
        blocks(Branches(Shortcut("zero_pad"), basic(12, stride=2))),
        blocks(Branches(Shortcut("zero_pad"), basic(16, stride=2))),
    ),
    "a larger kernel": (blocks(conv_norm_act(8, 3), Conv(8, (1, 3))), blocks(conv_norm_act(8, 5), Conv(8, (3, 5)))),
    "a larger kernel, dilated": (blocks(Conv(8, 3, dilation=2)), blocks(Conv(8, 5, dilation=2))),
    "a larger kernel, padded by hand": (
        blocks(Conv(8, 2, padding=(0, 1, 0, 1)), Conv(8, 2, padding=(1, 0, 1, 0))),
        blocks(Conv(8, 4, padding=(1, 2, 0, 3)), Conv(8, 4, padding=(2, 1, 3, 0))),
    ),
    "fewer groups": (blocks(Conv(8, 3, groups=4)), blocks(Conv(8, 3, groups=2))),
    "dense instead of depthwise": (blocks(Conv(8, 3, groups=DEPTHWISE)), blocks(Conv(8, 3))),
    "biases": (blocks(Conv(8, 3)), blocks(Conv(8, 3, bias=True))),
    "a residual block more": (blocks(residual(basic(8))), blocks(residual(basic(8)), residual(basic(8)))),
    "a linear residual block more": (
        blocks(linear_residual(inverted(Ratio(2), 8))),
        blocks(linear_residual(inverted(Ratio(2), 8)), linear_residual(Chain(inverted(Ratio(4), 8, kernel=5), SE))),
    ),
    "a pre-activated block more": (blocks(Norm(), Act()), blocks(preact_keep(preact_basic(8)), Norm(), Act())),
    "deeper": (blocks(conv_norm_act(6, 3)), blocks(conv_norm_act(6, 3), conv_norm_act(6, 3))),
    "deeper, separable": (blocks(separable(6)), blocks(separable(6), separable(6, kernel=5), separable(6))),
    "squeeze and excitation in a block": (
        blocks(residual(bottleneck(4, 8))),
        blocks(residual(Chain(bottleneck(4, 8), SE))),
    ),
    "squeeze and excitation after a ReLU": (blocks(separable(6)), blocks(separable(6), SE)),
    "a further branch of a sum": (
        blocks(Branches(Chain(), basic(8))),
        blocks(Branches(Chain(), basic(8), Chain(Conv(8, 5), Act("silu")))),
    ),
    "a further branch of a concatenation": (
        blocks(Branches(Conv(4), Conv(6, 3), join="concat"), Act()),
        blocks(Branches(Conv(4), basic(5), Conv(6, 3), join="concat"), Act()),
    ),
    "a dense layer more": (blocks(Conv(8)), blocks(Branches(Chain(), Conv(4, 3), join="concat"), Conv(8))),
    "a further edge of a graph": (
        blocks(cell(Conv(8, 3), Chain())),
        blocks(cell(Conv(8, 3), Chain(), Chain(Act(), Conv(8), Norm()))),
    ),
    "an identity that a wider block has to project": (
        blocks(residual(basic(8)), residual(basic(8))),
        blocks(residual(basic(12)), residual(basic(12))),
    ),
}


@pytest.mark.parametrize("name", PRESERVING)
def test_what_is_new_has_no_effect_yet(name: str) -> None:
    network, child = PRESERVING[name]
    parent = trained(network)
    made, told = heir(child, network, parent.state_dict(), INPUT)
    before, after = outputs(parent, made)
    assert before.abs().max() > 0.01
    assert (before - after).abs().max() <= 1e-5 * before.abs().max()
    assert told.copied


@pytest.mark.parametrize("name", PRESERVING)
def test_what_is_new_can_learn(name: str) -> None:
    """After a few steps of training no weight is without a gradient, but for a few channels that a ReLU has shut."""
    network, child = PRESERVING[name]
    module, _ = heir(child, network, trained(network).state_dict(), INPUT)
    optimizer = torch.optim.SGD(module.train().parameters(), lr=0.01)
    generator = torch.Generator().manual_seed(4)
    for _ in range(4):
        optimizer.zero_grad()
        logits = module(torch.randn(12, *INPUT, dtype=torch.double, generator=generator))
        nn.functional.cross_entropy(logits, torch.arange(12) % 3).backward()
        optimizer.step()
    for path, weight in module.named_parameters():
        assert weight.grad is not None
        learns = weight.grad.flatten(1).any(1) if weight.dim() > 1 else weight.grad != 0
        assert learns.double().mean() > (0 if "multiply" in path else 0.7), path


def test_what_takes_the_place_of_a_part_is_heard() -> None:
    """What an identity and a body read both is no new branch, though it carries nothing of the parent's."""
    network = blocks(Branches(Conv(4), Conv(4, 3), join="concat"), linear_residual(basic(8)))
    child = blocks(conv_norm_act(6, 3), Conv(8), Norm(), linear_residual(basic(8)))
    module, told = heir(child, network, trained(network).state_dict(), INPUT)
    assert "norm3.weight" not in told.adapted
    assert {"add1.branch2.conv1.weight", "linear1.weight"} <= set(told.copied)
    (logits,) = outputs(module)
    assert (logits - logits[0]).abs().max() > 1e-3


def test_new_and_old_channels_stand_as_groups_want_them() -> None:
    network, child = PRESERVING["wider, in groups"]
    weights = trained(network).state_dict()
    module, _ = heir(child, network, weights, INPUT)
    ours, theirs = module.state_dict()["add1.branch2.conv1.weight"], weights["add1.branch2.conv1.weight"]
    assert torch.equal(ours[[0, 1, 3, 4, 6, 7, 9, 10]], theirs)


@pytest.mark.parametrize("shrunk", ["wider", "wider, residual", "a larger kernel", "a residual block more"])
def test_the_way_back_gives_the_parent(shrunk: str) -> None:
    """What a child got of its parent it gives back, whatever it has beside."""
    network, child = PRESERVING[shrunk]
    weights = trained(network).state_dict()
    grown, _ = heir(child, network, weights, INPUT)
    back, told = heir(network, child, grown.state_dict(), INPUT)
    assert all(torch.equal(weight, weights[name]) for name, weight in back.state_dict().items())
    assert not told.fresh


def mutations(space: Space, count: int, seed: int, input: Shape) -> Sequence[tuple[Network, Network]]:
    """Small networks of a space with a child each."""
    rng, made = random.Random(seed), list[tuple[Network, Network]]()

    def small(point: Point) -> Network | None:
        with suppress(NasError):
            network = realize(space, point)
            return network if cost(network, input).params < 300_000 else None
        return None

    while len(made) < count:
        parent = small(point := sample(space, rng))
        child = small(mutate(space, point, rng)) if parent is not None else None
        if parent is not None and child is not None:
            made.append((parent, child))
    return made


@pytest.mark.parametrize(
    ("name", "count"), [("residual", 6), ("mobile", 6), ("nas_bench_201", 2), ("cell", 3), ("article", 2)]
)
def test_any_mutation_of_any_space(name: str, count: int) -> None:
    input = (3, 32, 32)
    for parent, child in mutations(catalog.space(name).make(10), count, 7, input):
        weights = trained(parent, input).state_dict()
        module, told = heir(child, parent, weights, input)
        torch.manual_seed(2)
        fresh, state = build(child, input).double().state_dict(), module.state_dict()
        counted = {name for name in state if not name.endswith("num_batches_tracked")}
        assert counted == {*told.copied, *told.adapted, *told.fresh}
        assert len(counted) == len(told.copied) + len(told.adapted) + len(told.fresh)
        assert all(torch.equal(state[name], fresh[name]) for name in told.fresh)
        assert all(not torch.equal(state[name], fresh[name]) for name in told.adapted)
        assert all(tensor.isfinite().all() for tensor in state.values())
        assert told.copied


def test_no_generator_is_drawn_from() -> None:
    network, child = PRESERVING["wider"]
    weights = trained(network).state_dict()
    module = build(child, INPUT).double()
    before = torch.get_rng_state()
    inherit(module, child, parent=network, weights=weights, input=INPUT)
    assert torch.equal(torch.get_rng_state(), before)


def test_weights_of_another_network_are_refused() -> None:
    network, child = PRESERVING["wider"]
    weights = trained(network).state_dict()
    module = build(child, INPUT)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    less = {name: weight for name, weight in weights.items() if name != "conv1.weight"}
    for wrong, rule in (
        (less, "conv1.weight is absent from the weights"),
        ({**weights, "more.weight": torch.zeros(1)}, "more.weight is absent from the network"),
        ({**weights, "conv2.weight": torch.zeros(6, 8, 5, 5)}, r"conv2.weight is \(6, 8, 5, 5\), and \(6, 8, 3, 3\)"),
        ({**weights, "conv2.weight": weights["conv2.weight"] / 0}, "weights are finite numbers, and conv2.weight"),
    ):
        with pytest.raises(WeightsError, match=rule):
            inherit(module, child, parent=network, weights=wrong, input=INPUT)
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


def test_twins_are_told_by_paths() -> None:
    network, child = PRESERVING["a further branch of a concatenation"]
    found = twins(network, child)
    assert found.of["concat1.branch3.conv1"] == "concat1.branch2.conv1"
    assert not any(path.startswith("concat1.branch2") for path in (*found.of, *found.inserted))
    network, child = PRESERVING["deeper"]
    found = twins(network, child)
    assert found.inserted == {"conv3", "norm3", "act3"}
    assert found.of["linear1"] == "linear1"
