"""What the counts of networks follow from: layers, heads, definitions; `test_published` has the references' totals."""

import subprocess
import sys
from dataclasses import replace
from math import prod

import pytest

from nas.arch.cost import cost, flow
from nas.arch.nodes import Conv
from nas.arch.rewrite import rewrite
from search_spaces.networks import NETWORKS


def fractal_counts(channels: int, widths: tuple[int, ...], *, columns: int, side: int) -> tuple[int, int]:
    """Parameters and MACs of a FractalNet between ResNet's stem and head for ImageNet, from its definition.

    A block has 2^C - 1 convolutions, of which C read its input, each with a norm.
    """
    params, macs = channels * (3 * 7**2 + 2), channels * 3 * 7**2 * 112**2
    for i, width in enumerate(widths):
        weights = 9 * width * (columns * channels + (2**columns - 1 - columns) * width)
        params, macs = params + weights + 2 * width * (2**columns - 1), macs + weights * (side >> i) ** 2
        channels = width
    return params + 1000 * (channels + 1), macs + 1000 * channels


def macs_of(name):
    return cost(NETWORKS[name].network(), NETWORKS[name].input).macs


def test_fractalnet34_costs_what_its_definition_says():
    made = cost(NETWORKS["fractalnet34"].network(), (3, 224, 224))
    assert (made.params, made.macs) == fractal_counts(64, (128, 256, 512, 1024), columns=4, side=56)


def by_layer(name):
    """Parameters and MACs of each layer that has any, of a network that is a chain of layers."""
    named = NETWORKS[name]
    flows, shape = [], named.input
    for part in named.network().parts:
        flows.append(flow(part, shape, None))
        shape = flows[-1].shape
    return [(made.params, made.macs, made.shape) for made in flows if made.params or made.macs]


def test_every_layer_of_lenet5_has_the_papers_parameters_and_connections():
    """The paper counts as connections, beside the MACs, a bias for every element and what the subsampling adds up."""
    layers = [
        (params, macs + prod(shape) * {0: 0, 12: 5, 32: 5}.get(params, 1)) for params, macs, shape in by_layer("lenet5")
    ]
    assert layers == [
        *((156, 122_304), (12, 5_880), (1_516, 151_600), (32, 2_000)),
        *((48_120, 48_120), (10_164, 10_164), (0, 840)),
    ]
    assert sum(connections for _, connections in layers) == 340_908


def test_every_layer_of_alexnet_costs_what_caffes_does():
    assert [(params, macs) for params, macs, _ in by_layer("alexnet")] == [
        *((34_944, 105_415_200), (307_456, 223_948_800)),
        *((885_120, 149_520_384), (663_936, 112_140_288), (442_624, 74_760_192)),
        *((37_752_832, 37_748_736), (16_781_312, 16_777_216), (4_097_000, 4_096_000)),
    ]


@pytest.mark.parametrize(("name", "macs"), [("squeezenet1_0", 818_924_576), ("squeezenet1_1", 349_151_936)])
def test_squeezenet_without_the_border_and_at_224_is_torchvisions(name, macs):
    border = Conv(1000, padding=1, bias=True)
    network = rewrite(NETWORKS[name].network(), lambda part: replace(part, padding=0) if part == border else part)
    made = cost(network, (3, 224, 224))
    assert (made.params, made.macs) == (NETWORKS[name].facts().params, macs)


def test_squeezenet_in_the_papers_unit():
    """The authors' README: 1.72 GFLOPS, two a MAC."""
    assert round(2 * macs_of("squeezenet1_0") / 1e9, 2) == 1.72


def test_the_heads_of_googlenet_cost_apart():
    made = cost(NETWORKS["googlenet"].network(), (3, 224, 224))
    assert made.params + made.exit_params == 13_378_280
    assert made.macs + made.exit_macs == 1_591_044_096


@pytest.mark.parametrize(("scale", "published"), [("0.5", 38e6), ("0.25", 13e6)])
def test_small_shufflenets_come_near_the_published_macs(scale, published):
    for groups in (1, 2, 3, 4, 8):
        macs = macs_of(f"shufflenet_v1-{scale}-g{groups}")
        assert abs(macs / published - 1) < (0.07 if scale == "0.5" else 0.16)


def test_the_shufflenet_set_against_alexnet_has_a_share_of_its_macs():
    assert round(macs_of("alexnet") / macs_of("shufflenet_v1-0.5-g4")) == 19, "published: 720 and 38 million, 18"


def test_the_head_of_inception_v3_costs_apart():
    made = cost(NETWORKS["inception_v3"].network(), (3, 299, 299))
    assert made.params + made.exit_params == 27_161_264


@pytest.mark.parametrize("name", NETWORKS)
def test_classes_are_an_argument(name):
    named = NETWORKS[name]
    assert cost(named.network(7), named.input).output == (7,)


@pytest.mark.parametrize("name", NETWORKS)
def test_made_twice_a_network_is_equal(name):
    assert NETWORKS[name].network() == NETWORKS[name].network()


def test_importing_the_networks_is_light():
    script = """
import sys
import search_spaces.networks
print(*sorted({"torch", "optuna", "ray", "numpy"} & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "\n"
