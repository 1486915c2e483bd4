"""Ablations: each takes out what it says, keeps shape and costs where it says so, and says where it does not apply."""

from collections import Counter

import pytest
import torch
from torch import nn

import nas
from nas import catalog
from nas.arch.ablate import (
    scaled,
    ungrouped,
    unseparated,
    with_5x5,
    with_relu_bottleneck,
    without_norm,
    without_shortcuts,
)
from nas.arch.cost import cost
from nas.arch.diff import diff
from nas.arch.nodes import Act, Branches, Chain, Conv, DropPath, Flatten, GlobalPool, Linear, Norm, Part, Shortcut
from nas.arch.paths import subchains
from nas.arch.rewrite import RewriteError, rewrite, rewrite_chains

IMAGE = (3, 32, 32)


def small(name: str, share: float = 1.0) -> Chain:
    return scaled(catalog.network(name).fitted(10, IMAGE), share, multiple=8)


def count(network: Part) -> Counter[str]:
    """How often each kind of part stands in a network."""
    found = Counter([type(network).__name__])
    for _, whole in subchains(network):
        for part in whole.parts:
            found += count(part)
    return found


def test_a_plain_network_has_the_layers_and_costs_of_the_residual_one() -> None:
    residual, plain = small("resnet20"), without_shortcuts(small("resnet20"))
    assert "Branches" not in count(plain)
    assert (count(plain)["Conv"], count(plain)["Act"]) == (19, 19)
    ours, theirs = cost(plain, IMAGE), cost(residual, IMAGE)
    assert (ours.params, ours.macs) == (theirs.params, theirs.macs)
    projected = cost(small("resnet20_b"), IMAGE).params - cost(without_shortcuts(small("resnet20_b")), IMAGE).params
    assert projected == 16 * 32 + 32 * 64 + 2 * (32 + 64)


def test_a_plain_branch_is_not_dropped_and_other_sums_stay() -> None:
    body = Chain(Conv(4, 3), DropPath(0.5))
    network = Chain(Branches(Shortcut(), body, Conv(4)), Branches(Chain(), DropPath(0.1)), Branches(Conv(4), Conv(4)))
    assert without_shortcuts(network) == Chain(Branches(Conv(4, 3), Conv(4)), Branches(Conv(4), Conv(4)))


def test_without_norm_the_layers_have_biases() -> None:
    bare = without_norm(small("resnet20_b"))
    assert count(bare)["Norm"] == 0
    module = nas.build(bare, input=IMAGE)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in module.modules())
    assert bare.parts[0] == Conv(16, 3, bias=True)
    preact = without_norm(small("preact_resnet18"))
    assert count(preact)["Norm"] == 0
    grouped = Chain(Conv(4), Norm("group", groups=2), Norm())
    assert without_norm(grouped) == Chain(Conv(4), Norm("group", groups=2))


def test_a_network_whose_norms_do_nothing_is_the_one_without() -> None:
    network = Chain(Conv(8, 3), Norm(), Act(), Conv(8, 3), Norm(), GlobalPool(), Flatten(), Linear(10))
    normed, bare = nas.build(network, input=IMAGE).eval(), nas.build(without_norm(network), input=IMAGE).eval()
    with torch.no_grad():
        for norm in (part for part in normed.modules() if isinstance(part, nn.BatchNorm2d)):
            norm.running_var.fill_(1 - norm.eps)
    bare.load_state_dict(normed.state_dict(), strict=False)
    images = torch.randn(2, *IMAGE)
    assert torch.allclose(normed(images), bare(images), atol=1e-5)


def test_a_relu_bottleneck_has_one_activation_more_and_costs_nothing() -> None:
    linear = small("mobilenet_v2-0.5")
    made = with_relu_bottleneck(linear)
    edits = [str(edit) for edit in diff(linear, made)]
    assert count(made) - count(linear) == Counter(Act=17)
    assert edits
    assert all('added act("relu6")' in edit for edit in edits)
    assert cost(made, IMAGE).macs == cost(linear, IMAGE).macs
    with pytest.raises(RewriteError, match="linear bottlenecks"):
        with_relu_bottleneck(made)


def test_one_5x5_sees_as_far_as_two_3x3() -> None:
    made = with_5x5(Chain(Conv(8, 3, stride=2), Norm(), Act(), Conv(16, 3), Norm(), Act(), Conv(8, 3), Conv(8)))
    assert made == Chain(Conv(16, 5, stride=2), Norm(), Act(), Conv(8, 3), Conv(8))
    apart = Chain(Conv(8, 3), Conv(8), Conv(8, 3), Conv(8, 3, stride=2))
    with pytest.raises(RewriteError, match="two 3×3"):
        with_5x5(apart)
    made = with_5x5(small("vgg13_bn", 1 / 8))
    assert count(made)["Conv"] == 5
    assert cost(made, IMAGE).output == (10,)


@pytest.mark.parametrize(("name", "share"), [("resnext29_8x64d", 1 / 16), ("resnext29_8x64d", 1 / 8)])
def test_dense_groups_cost_the_same(name: str, share: float) -> None:
    grouped = small(name, share)
    dense = ungrouped(grouped, IMAGE)
    assert "groups=" in repr(grouped)
    assert "groups=" not in repr(dense)
    assert cost(dense, IMAGE).macs == pytest.approx(cost(grouped, IMAGE).macs, rel=0.05)
    widths = {str(edit).split(":")[0].rpartition(".")[2] for edit in diff(grouped, dense)}
    assert widths == {"out", "groups"}


@pytest.mark.parametrize(("name", "share", "layers"), [("xception", 1 / 16, 34), ("mobilenet_v1-0.25", 1.0, 13)])
def test_dense_convolutions_for_separable_ones_cost_the_same(name: str, share: float, layers: int) -> None:
    separable = small(name, share)
    dense = unseparated(separable, IMAGE)
    assert "groups=" not in repr(dense)
    assert cost(dense, IMAGE).macs == pytest.approx(cost(separable, IMAGE).macs, rel=0.05)
    assert cost(dense, IMAGE).output == (10,)
    assert count(separable)["Conv"] - count(dense)["Conv"] == layers


def test_a_scaled_network_keeps_its_classes() -> None:
    half = scaled(small("resnet20"), 0.5)
    assert half.parts[0] == Conv(8, 3)
    assert half.parts[-1] == Linear(10)
    assert cost(half, IMAGE).macs < cost(small("resnet20"), IMAGE).macs / 3.5
    assert scaled(small("resnet20"), 1.0) == small("resnet20")
    with pytest.raises(RewriteError, match="Linear or Conv"):
        scaled(Chain(GlobalPool()), 0.5)


def test_what_is_not_there_cannot_go() -> None:
    bare = Chain(Conv(8, 1), GlobalPool(), Flatten(), Linear(10))
    for ablation, places in (
        (without_shortcuts, "sums with a shortcut"),
        (without_norm, "batch norms"),
        (lambda network: ungrouped(network, IMAGE), "grouped convolutions"),
        (lambda network: unseparated(network, IMAGE), "depthwise separable"),
    ):
        with pytest.raises(RewriteError, match=places):
            ablation(bare)


@pytest.mark.parametrize("name", ["resnet20+plain", "vgg11_bn+no_norm", "mobilenet_v2+relu_bottleneck", "vgg13+5x5"])
def test_a_name_may_ask_for_them(name: str) -> None:
    named = catalog.network(name)
    assert cost(named.network(), named.input).output == (named.classes,)


def test_parts_in_a_row_are_rewritten_as_parts_are() -> None:
    network = catalog.network("nasnet_a_mobile").network()
    assert rewrite(network, lambda part: part) == network == rewrite_chains(network, lambda whole: whole)
