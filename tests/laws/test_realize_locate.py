"""A space holds what it realizes, finds the way back to it, and nothing else."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import nas
from nas.arch.holes import span
from nas.arch.nodes import (
    Act,
    Branches,
    Cells,
    Chain,
    Conv,
    Exit,
    Fork,
    Graph,
    LocalResponseNorm,
    Norm,
    Part,
    Repeat,
    Scope,
    Step,
)
from nas.arch.points import decisions
from nas.errors import HoleError, LocateError
from tests.paths import places as places_of
from tests.strategies import networks, places

FOREIGN = LocalResponseNorm(997)
"""A part that no generated space offers."""


@settings(max_examples=60)
@given(places())
def test_a_realized_network_is_located(place):
    """realize(space, locate(realize(space, point), space)) = realize(space, point)."""
    network = nas.realize(place.space, place.point)
    assert nas.realize(place.space, nas.locate(network, place.space)) == network


def test_a_repeat_of_forks_is_as_many_branches():
    """Forks in a row are one fork, at the end of a branch as well as alone in it."""
    several = Repeat("branch", Fork(Conv(span("width", 1, 9))), span("branches", 1, 3))
    space = Branches(Chain(Act(), several), Scope("alone", several), Norm(), join="concat")
    network = Branches(Chain(Act(), Fork(Conv(1), Conv(2))), Conv(3), Conv(4), Conv(5), Norm(), join="concat")
    point = nas.locate(network, space)
    assert [point[name] for name in point if name.endswith("width")] == [1, 2, 3, 4, 5]
    assert nas.realize(space, point) == Chain(network)
    with pytest.raises(LocateError):
        nas.locate(Branches(*map(Conv, range(1, 7)), join="concat"), Branches(several, join="concat"))


@settings(max_examples=20)
@given(places())
def test_a_located_point_is_complete_and_in_reading_order(place):
    """locate gives the holes that are open there, all of them, in the order in which realize asks."""
    point = nas.locate(nas.realize(place.space, place.point), place.space)
    assert list(point) == list(decisions(place.space, point))


@settings(max_examples=20)
@given(networks())
def test_a_network_is_a_space_of_one_point(case):
    """A network realizes to itself and is located at the empty point."""
    assert nas.realize(case.network, {}) == case.network
    assert nas.locate(case.network, case.network) == {}


@settings(max_examples=30)
@given(places(), st.data())
def test_a_network_from_outside_is_refused(place, data):
    """locate raises LocateError, at a path of the network no further than what the space cannot say."""
    network = nas.realize(place.space, place.point)
    changed = data.draw(st.sampled_from(list(tampered(network))))
    with pytest.raises(LocateError) as refused:
        nas.locate(changed, place.space)
    paths = [path for path, _ in places_of(changed)]
    foreign = next(i for i, (_, part) in enumerate(places_of(changed)) if part == FOREIGN)
    assert refused.value.path in paths
    assert paths.index(refused.value.path) <= foreign


@settings(max_examples=20)
@given(places(), places())
def test_a_network_of_another_space_is_located_or_refused(place, other):
    """locate gives a point that realizes to the network, or LocateError: never a point of something else."""
    network = nas.realize(other.space, other.point)
    try:
        point = nas.locate(network, place.space)
    except LocateError:
        return
    assert nas.realize(place.space, point) == network


@settings(max_examples=20)
@given(places(), st.data())
def test_a_near_miss_is_located_or_refused(place, data):
    """The same of networks that differ from one of the space in a part left out, doubled or moved."""
    network = nas.realize(place.space, place.point)
    variants = list(shaken(network))
    assume(variants)
    changed = data.draw(st.sampled_from(variants))
    try:
        point = nas.locate(changed, place.space)
    except LocateError as refused:
        assert refused.path in {path for path, _ in places_of(changed)}  # noqa: PT017
    else:
        assert nas.realize(place.space, point) == changed


@settings(max_examples=20)
@given(places(), st.data())
def test_a_point_that_decides_too_little_or_too_much_is_refused(place, data):
    """realize raises HoleError, with the hole's name, for a decision left out or one more."""
    with pytest.raises(HoleError) as refused:
        nas.realize(place.space, {**place.point, "no.such": 1})
    assert refused.value.path == "no.such"
    assume(place.point)
    name = data.draw(st.sampled_from(list(place.point)))
    with pytest.raises(HoleError) as refused:
        nas.realize(place.space, {other: value for other, value in place.point.items() if other != name})
    assert refused.value.path == name


def tampered(network: Chain):
    """The networks with a foreign part in one place."""
    yield from _rebuilt(network, lambda parts, i: [(*parts[:i], FOREIGN, *parts[i:])], ends=True)


def shaken(network: Chain):
    """The networks with one part left out, doubled, or swapped with the next."""

    def changes(parts, i):
        if any(isinstance(part, Fork) for part in parts[i : i + 2]):  # which has to stay where it is
            return []
        swapped = (*parts[:i], *reversed(parts[i : i + 2]), *parts[i + 2 :])
        return [(*parts[:i], *parts[i + 1 :]), (*parts[:i], parts[i], *parts[i:]), swapped]

    for changed in _rebuilt(network, changes, ends=False):
        if changed != network:
            yield changed


def _rebuilt(network, changes, *, ends):
    """The network with the parts of one of its chains changed, in every place."""
    for i in range(len(network.parts) + ends):
        if i > 0 and isinstance(network.parts[i - 1], Fork):
            continue
        yield from (Chain(*parts) for parts in changes(network.parts, i))
    for i, part in enumerate(network.parts):
        for changed in _inside(part, lambda inner: _rebuilt(inner, changes, ends=ends)):
            yield Chain(*network.parts[:i], changed, *network.parts[i + 1 :])


def _inside(part: Part, rebuilt):
    match part:
        case Branches(branches=several, join=join, drop_path=drop_path):
            yield from (Branches(*made, join=join, drop_path=drop_path) for made in _one_of(several, rebuilt))
        case Fork(branches=several):
            yield from (Fork(*made) for made in _one_of(several, rebuilt))
        case Cells(cells=several):
            yield from (Cells(*made) for made in _one_of(several, rebuilt))
        case Exit(head=head, weight=weight):
            yield from (Exit(made, weight) for made in rebuilt(head))
        case Graph(inputs=inputs, steps=steps):
            for i, step in enumerate(steps):
                for made in _one_of([edge.part for edge in step.edges], rebuilt):
                    edges = [(chain, edge.source) for chain, edge in zip(made, step.edges, strict=True)]
                    yield Graph(inputs, (*steps[:i], Step(*edges, join=step.join), *steps[i + 1 :]))


def _one_of(several, rebuilt):
    for i, one in enumerate(several):
        for made in rebuilt(one):
            yield (*several[:i], made, *several[i + 1 :])
