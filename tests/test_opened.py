"""A network opened into a space lies in it, and its neighbours are networks."""

import random

import pytest

from nas import catalog
from nas.arch.cost import cost
from nas.arch.locate import locate
from nas.arch.opened import opened
from nas.arch.points import decisions
from nas.arch.realize import realize, sample
from nas.arch.rewrite import for_images, with_classes
from nas.errors import PartError, ShapeError

IMAGE = (3, 32, 32)
NAMES = [name for name in catalog.networks() if not any(large in name for large in ("1202", "264", "110", "nasnet"))]


@pytest.mark.parametrize("name", NAMES)
def test_a_network_lies_in_the_space_around_it(name: str) -> None:
    network = for_images(with_classes(catalog.network(name).network(), 10), IMAGE)
    space = opened(network, IMAGE)
    point = locate(network, space)
    assert realize(space, point) == network
    assert len(point) > 1


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "googlenet", "densenet121", "vgg16", "resnet20"])
def test_most_points_around_a_network_are_valid(name: str) -> None:
    network = for_images(with_classes(catalog.network(name).network(), 10), IMAGE)
    space, rng, valid = opened(network, IMAGE), random.Random(0), 0
    for _ in range(50):
        try:
            assert cost(realize(space, sample(space, rng)), IMAGE).output == (10,)
            valid += 1
        except (ShapeError, PartError):
            continue
    assert valid >= 40


def test_what_is_opened() -> None:
    network = for_images(with_classes(catalog.network("resnet18").network(), 10), IMAGE)
    space = opened(network, IMAGE)
    offered = {name: hole.options for name, hole in decisions(space, locate(network, space)).items()}
    assert list(offered["width64"]) == [32, 48, 64, 80, 96]
    assert list(offered["add1.depth"]) == [0, 1, 2, 3, 4]
    assert list(offered["add1.block2.kernel1"]) == [3, 5, 7]
    assert list(offered["add3.se3"]) == ["off", "on"]
