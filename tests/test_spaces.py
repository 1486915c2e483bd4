"""Every point of every space is a network, for the images it is meant for and of a size that small machines train."""

import random
from statistics import quantiles

import pytest

from nas.arch.cost import cost
from nas.arch.locate import locate
from nas.arch.nodes import Space
from nas.arch.points import mutate
from nas.arch.realize import realize, sample
from nas.arch.scopes import Hole
from search_spaces.spaces import SPACES

PRACTICAL = [name for name in SPACES if name != "article"]
GREY, COLOUR = (1, 28, 28), (3, 32, 32)


def corner(space: Space, end: int, **decided: str) -> int:
    """MACs of the point where each hole has its first (0) or last (-1) option, those called as `decided` aside."""

    def decide(name: str, hole: Hole) -> object:
        return decided.get(name.rpartition(".")[2], hole.options[end])

    return cost(realize(space, decide), GREY).macs


@pytest.mark.parametrize("image", [GREY, COLOUR])
@pytest.mark.parametrize("name", PRACTICAL)
def test_every_point_is_a_network(name, image):
    space, rng = SPACES[name].make(7), random.Random(0)
    for _ in range(300):
        assert cost(realize(space, rng), image).output == (7,)


@pytest.mark.parametrize("name", PRACTICAL)
def test_mutants_are_networks(name):
    space, rng = SPACES[name].make(10), random.Random(0)
    point = sample(space, rng)
    for _ in range(200):
        point = mutate(space, point, rng)
        assert cost(realize(space, point), GREY).output == (10,)


@pytest.mark.parametrize("name", ["residual", "mobile", "cell"])
def test_most_random_networks_cost_one_to_fifteen_million_macs(name):
    space, rng = SPACES[name].make(10), random.Random(0)
    twentieths = quantiles((cost(realize(space, rng), GREY).macs for _ in range(1000)), n=20)
    assert twentieths[0] > 1e6
    assert twentieths[-1] < 15e6


def test_the_corners_lie_two_orders_of_magnitude_apart():
    residual, mobile = SPACES["residual"].make(10), SPACES["mobile"].make(10)
    assert corner(residual, 0, block="bottleneck", se="off") < 0.5e6
    assert corner(residual, -1, block="basic") > 30e6
    assert corner(mobile, 0, block="separable") < 0.5e6
    assert corner(mobile, -1, block="inverted") > 30e6


@pytest.mark.parametrize("name", PRACTICAL)
def test_points_are_found_again(name):
    space, rng = SPACES[name].make(10), random.Random(0)
    for _ in range(20):
        network = realize(space, rng)
        assert realize(space, locate(network, space)) == network
