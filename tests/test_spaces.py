"""Every point of every space is a network for the images it is meant for, of a size this hardware can train."""

import random

import pytest

from nas.arch.cost import cost
from nas.arch.holes import Pick
from nas.arch.nodes import Conv, Node, contents
from nas.arch.realize import realize, sample
from nas.arch.scopes import Hole
from search_spaces.spaces import SPACES

GREY, COLOUR = (1, 28, 28), (3, 32, 32)
SMALLEST = {
    "residual": {"block": "bottleneck"},
    "mobile": {"block": "separable"},
}
LARGEST = {
    "residual": {"block": "basic"},
    "mobile": {"block": "inverted", "se": "on"},
}


@pytest.fixture(params=SPACES)
def name(request):
    return request.param


@pytest.mark.parametrize("image", [GREY, COLOUR])
def test_every_point_is_a_network(name, image):
    space, rng = SPACES[name].make(10), random.Random(0)
    for _ in range(1000):
        assert cost(realize(space, rng), image).output == (10,)
