"""The space `article`: it holds every named network, and variants nobody listed; its random points are networks."""

import random
from functools import cache
from itertools import pairwise

import pytest

from nas import catalog
from nas.arch.cost import Shape, cost
from nas.arch.info import points
from nas.arch.locate import locate
from nas.arch.nodes import Network, Space, chain
from nas.arch.opened import opened
from nas.arch.points import crossover, mutate, neighbours
from nas.arch.realize import Point, realize, sample
from nas.arch.rewrite import for_images
from nas.arch.text import parse, text
from nas.errors import ShapeError
from search_spaces.networks import NETWORKS
from search_spaces.spaces.article import article_space

PAPER, COLOUR, GREY = (3, 224, 224), (3, 32, 32), (1, 28, 28)

UNLISTED = (
    "resnet68",
    "resnet14_b",
    "resnet3002",
    "preact_resnet56",
    "wrn-22-3",
    "wrn-100-20",
    "stochastic_depth56",
    "densenet-46-7",
    "densenet-bc-58-18",
    "resnext29_4x32d",
    "resnext101_7x5d",
    "mobilenet_v1-0.35-160",
    "mobilenet_v2-0.65",
    "shufflenet_v1-0.7-g2",
    "shufflenet_v1-4.0-g8",
    "msdnet_imagenet-9",
    "msdnet_cifar-batch-12",
    "resnet50+se",
    "xception+se",
    "preact_resnet50+se",
    "stochastic_depth110+se",
    "wrn-28-10+se",
    "mobilenet_v2+se",
    "inception_resnet_v2+se",
    "shufflenet_v1-1.0-g3+se",
    "shufflenet_v2-1.0+se",
    "googlenet+se",
    "inception_v4+se",
    "squeezenet1_1+se",
    "densenet121+se",
    "nasnet_a_large+se",
    "senet154+no_se",
    "se_bn_inception+no_se",
    "shufflenet_v1-1.0-g3+no_shuffle",
    "shufflenet_v2-1.0+no_shuffle",
    "googlenet+no_exits",
    "nasnet_a_cifar+no_exits",
)
SMALL = ("alexnet", "vgg16", "googlenet", "inception_v3", "resnet50", "densenet121", "xception", "mobilenet_v2")


@cache
def space_of(classes: int) -> Space:
    return article_space(classes)


@pytest.fixture
def space() -> Space:
    """For ten classes."""
    return space_of(10)


def reads(network: Network, image: Shape) -> bool:
    """Whether a network makes ten logits of an image."""
    try:
        return cost(network, image).output == (10,)
    except ShapeError:
        return False


def networks(space: Space, count: int, *, largest: int = 1500) -> list[Point]:
    """Random points whose networks read an image, of up to so many decisions."""
    rng = random.Random(1)
    found: list[Point] = []
    while len(found) < count:
        point = sample(space, rng)
        if len(point) <= largest and reads(realize(space, point), PAPER):
            found.append(point)
    return found


def assert_holds(space: Space, network: Network) -> None:
    assert realize(space, locate(network, space)) == chain(network)


def test_its_text_is_read_back(space):
    assert parse(text(space)) == space


@pytest.mark.parametrize("name", [*NETWORKS, *UNLISTED])
def test_it_holds_every_network(name):
    named = catalog.network(name)
    assert_holds(space_of(named.classes), named.network())


@pytest.mark.parametrize("name", ["lenet5", "alexnet", "googlenet", "nin_cifar", "resnet50", "nasnet_a_mobile"])
def test_it_holds_networks_for_other_classes(name):
    assert_holds(space_of(37), catalog.network(name).network(37))


@pytest.mark.parametrize("name", SMALL)
def test_it_holds_networks_for_small_images(name, space):
    assert_holds(space, for_images(catalog.network(name).network(10), COLOUR))


def test_it_holds_the_networks_of_the_residual_space(space):
    residual, rng = catalog.space("residual").make(10), random.Random(0)
    for _ in range(20):
        assert_holds(space, realize(residual, rng))


def test_it_holds_the_networks_around_a_resnet(space):
    named = catalog.network("resnet20_b")
    around = opened(named.network(), named.input)
    rng = random.Random(0)
    for _ in range(5):
        assert_holds(space, realize(around, rng))


def test_most_random_points_are_networks_small_as_well_as_large(space):
    rng, draws = random.Random(0), 300
    drawn = [realize(space, rng) for _ in range(draws)]
    for image, least in ((PAPER, 0.95), (COLOUR, 0.85), (GREY, 0.85)):
        assert sum(reads(network, image) for network in drawn) >= least * draws
    macs = sorted(cost(network, COLOUR).macs for network in drawn if reads(network, COLOUR))
    assert sum(count <= 50e6 for count in macs) >= 0.1 * draws
    assert macs[-1] > 1e11


def test_random_networks_are_found_again(space):
    for point in networks(space, 20):
        assert_holds(space, realize(space, point))


def test_steps_from_networks_lead_to_networks(space):
    rng = random.Random(2)
    members = networks(space, 20, largest=300)
    mutants = [realize(space, mutate(space, point, rng)) for point in members]
    children = [realize(space, crossover(space, a, b, rng)) for a, b in pairwise(members)]
    assert sum(reads(network, PAPER) for network in mutants) >= 0.9 * len(mutants)
    assert sum(reads(network, PAPER) for network in children) >= 0.8 * len(children)


def test_a_neighbour_differs_in_one_decision_and_what_it_opens(space):
    point = networks(space, 1, largest=60)[0]
    first = next(neighbours(space, point))
    assert first != point
    realize(space, first)


def test_it_has_more_points_than_anybody_will_visit(space):
    assert points(space).bit_length() > 10**6
