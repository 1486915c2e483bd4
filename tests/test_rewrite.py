"""Rewrites: what they change, what they leave, and that every named network reads small images after them."""

import pytest

from nas import catalog
from nas.arch.cost import cost
from nas.arch.diff import diff
from nas.arch.nodes import Branches, Chain, Conv, Exit, Flatten, GlobalPool, Linear, Pool, Shortcut, Shuffle
from nas.arch.rewrite import (
    RewriteError,
    for_images,
    is_se,
    rewrite,
    with_classes,
    with_se,
    without_exits,
    without_se,
    without_shuffle,
)
from nas.errors import ShapeError

NAMES = [name for name in catalog.networks() if "1202" not in name and "264" not in name]


@pytest.mark.parametrize("image", [(1, 28, 28), (3, 32, 32)])
@pytest.mark.parametrize("name", NAMES)
def test_every_named_network_reads_small_images(name: str, image: tuple[int, ...]) -> None:
    small = for_images(with_classes(catalog.network(name).network(), 10), image)
    assert cost(small, image).output == (10,)


@pytest.mark.parametrize("name", NAMES)
def test_a_named_network_is_as_published_for_images_of_its_own_shape(name: str) -> None:
    named = catalog.network(name)
    assert named.fitted(named.classes, named.input) == named.network()
    if named.input[1] > 32:
        assert named.fitted(7, (3, 32, 32)) == for_images(with_classes(named.network(), 7), (3, 32, 32))


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("fractalnet")])  # down to 2×2 pixels
def test_a_network_that_reads_the_image_stays_as_it_is(name: str) -> None:
    named = catalog.network(name)
    assert for_images(named.network(), named.input) == named.network()


def test_the_earliest_strides_go_first() -> None:
    network = catalog.network("resnet18").network()
    edits = [str(edit) for edit in diff(network, for_images(network, (3, 32, 32)))]
    assert edits == ["conv1.stride: 2 → 1", 'pool1: removed pool("max", 3, stride=2, padding=1)']


def test_heads_are_brought_to_the_maps_not_the_network_to_its_heads() -> None:
    network = catalog.network("inception_v3").network()
    small = for_images(network, (3, 32, 32))
    assert [str(edit) for edit in diff(network, small)] == [
        "conv1.stride: 2 → 1",
        'pool1: removed pool("max", 3, stride=2)',
        'pool2: removed pool("max", 3, stride=2)',
        'exit1.pool1: removed pool("avg", 5, stride=3)',
    ]
    assert without_exits(small) == for_images(without_exits(network), (3, 32, 32))


def test_a_head_that_reads_its_map_stays_as_it_is() -> None:
    head = Chain(Conv(4, 3, stride=2, padding=0), GlobalPool(), Flatten(), Linear(10))
    network = Chain(Conv(8, 3, stride=2), Exit(head), Conv(8, 3, stride=2), GlobalPool(), Flatten(), Linear(10))
    small = for_images(network, (3, 10, 10))
    assert [str(edit) for edit in diff(network, small)] == ["conv1.stride: 2 → 1"]


def test_a_head_that_no_stride_helps_says_why() -> None:
    head = Chain(Conv(4, 9, padding=0), GlobalPool(), Flatten(), Linear(10))
    with pytest.raises(ShapeError, match="the window fits into the map"):
        for_images(Chain(Conv(8, 3), Exit(head), GlobalPool(), Flatten(), Linear(10)), (3, 8, 8))


def test_uneven_padding_goes_with_the_stride() -> None:
    network = Chain(Conv(8, 7, stride=2, padding=(2, 3, 2, 3)), GlobalPool(), Flatten(), Linear(10))
    assert for_images(network, (3, 4, 4)).parts[0] == Conv(8, 7)


def test_a_network_that_no_rewrite_helps_says_why() -> None:
    with pytest.raises(Exception, match="Linear reads a flat input"):
        for_images(Chain(Conv(8, 3, stride=2), Linear(10)), (3, 32, 32))


def test_se_on_resnet50_is_se_resnet50() -> None:
    """The published network with its stride moved to the 3x3, where ours has it, costs the same parameters."""
    published = catalog.network("se_resnet50")
    ours = with_se(catalog.network("resnet50").network())
    assert cost(ours, (3, 224, 224)).params == cost(published.network(), published.input).params
    assert with_se(catalog.network("resnet50_v1").network()) == published.network()


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "googlenet", "mobilenet_v2", "shufflenet_v1-1.0-g3"])
def test_se_can_be_put_on_and_taken_off(name: str) -> None:
    network = catalog.network(name).network()
    assert with_se(network) != network
    assert without_se(with_se(network)) == network


def test_se_needs_a_place() -> None:
    with pytest.raises(RewriteError, match="residual branches or concatenations"):
        with_se(Chain(Conv(8, 3), GlobalPool(), Flatten(), Linear(10)))


def test_is_se_looks_at_what_multiplies() -> None:
    assert not is_se(Branches(Chain(), Conv("fit"), join="multiply"))
    assert not is_se(Branches(Shortcut(), Conv(4)))


def test_shuffle_goes() -> None:
    network = catalog.network("shufflenet_v1-1.0-g3").network()
    assert "shuffle(" in repr(network)
    assert "shuffle(" not in repr(without_shuffle(network))
    assert cost(without_shuffle(network), (3, 224, 224)).macs == cost(network, (3, 224, 224)).macs


def test_exits_go_and_with_them_what_they_cost() -> None:
    network = catalog.network("googlenet").network()
    trained, used = (cost(each, (3, 224, 224)) for each in (network, without_exits(network)))
    assert trained.exit_params == 6_379_728
    assert (used.params, used.macs, used.exit_params) == (trained.params, trained.macs, 0)


def test_classes_change_in_every_head() -> None:
    changed = with_classes(catalog.network("googlenet").network(), 7)
    assert cost(changed, (3, 224, 224)).output == (7,)
    assert "linear(1000)" not in repr(changed)


def test_classes_need_a_last_layer() -> None:
    with pytest.raises(RewriteError, match="ends in a Linear, Conv or RadialBasis"):
        with_classes(Chain(Branches(Conv(4), Conv(4)), GlobalPool()), 10)


def test_rewrite_reaches_the_innermost_parts_and_can_remove_them() -> None:
    network = Chain(Branches(Chain(Shuffle(2), Branches(Chain(Shuffle(2), Conv(4)), Conv(4))), Conv(4)), Pool("max", 2))
    gone = rewrite(network, lambda part: Chain() if isinstance(part, Shuffle) else part)
    assert gone == Chain(Branches(Branches(Conv(4), Conv(4)), Conv(4)), Pool("max", 2))
