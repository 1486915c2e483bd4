"""Steps between points stay in the space and change one decision, with no code for any one space."""

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import nas
from nas.arch.holes import same
from nas.arch.info import points as count
from nas.arch.points import decisions
from nas.arch.realize import Point, offers
from nas.errors import HoleError
from tests.strategies import places, points, randoms, spaces


def changed(before: Point, after: Point) -> list[str]:
    """The decisions that both points make, each in its way."""
    return [name for name in before if name in after and not same(before[name], after[name])]


def key(point: Point) -> tuple[tuple[str, str], ...]:
    """A point as something a set can hold; 1, 1.0 and True stay apart."""
    return tuple((name, repr(option)) for name, option in point.items())


@settings(max_examples=30)
@given(places(), randoms())
def test_a_mutation_changes_one_decision(place, rng):
    """mutate gives a point that realizes; of the decisions that stay open, exactly one is another."""
    assume(any(len(hole.options) > 1 for hole in decisions(place.space, place.point).values()))
    mutant = nas.mutate(place.space, place.point, rng)
    nas.realize(place.space, mutant)
    assert len(changed(place.point, mutant)) == 1


@settings(max_examples=20)
@given(places(), st.integers(0, 1000))
def test_a_mutation_follows_its_seed(place, seed):
    """One seed, one mutant; in a space of one point there is none."""
    if all(len(hole.options) == 1 for hole in decisions(place.space, place.point).values()):
        with pytest.raises(HoleError, match="a mutation needs a decision with another option"):
            nas.mutate(place.space, place.point, random.Random(seed))
    else:
        one, other = (nas.mutate(place.space, place.point, random.Random(seed)) for _ in range(2))
        assert key(one) == key(other)


@settings(max_examples=20)
@given(places())
def test_neighbours_are_all_that_is_one_decision_away(place):
    """neighbours are points of one decision changed, each once, and as many as the open holes have other options."""
    found = list(nas.neighbours(place.space, place.point))
    for point in found:
        nas.realize(place.space, point)
        assert len(changed(place.point, point)) == 1
    assert len({key(point) for point in found}) == len(found)
    assert len(found) == sum(len(hole.options) - 1 for hole in decisions(place.space, place.point).values())


@settings(max_examples=20)
@given(spaces().flatmap(lambda space: st.tuples(st.just(space), points(space), points(space))), randoms())
def test_a_crossover_takes_each_decision_from_a_parent(family, rng):
    """crossover gives a point that realizes; what neither parent decides, or offers no longer, alone is new."""
    space, mother, father = family
    child = nas.crossover(space, mother, father, rng)
    nas.realize(space, child)
    for name, hole in decisions(space, child).items():
        inherited = [parent[name] for parent in (mother, father) if name in parent and offers(hole, parent[name])]
        assert not inherited or any(same(child[name], option) for option in inherited)
    assert key(nas.crossover(space, mother, mother, rng)) == key(mother)


@settings(max_examples=20)
@given(places())
def test_every_point_is_reached_by_neighbours(place):
    """From any point, neighbours of neighbours are all points of the space, and `info` counts just as many."""
    seen, waiting = {key(place.point)}, [place.point]
    while waiting:
        for point in nas.neighbours(place.space, waiting.pop()):
            if key(point) not in seen:
                seen.add(key(point))
                waiting.append(point)
        assume(len(seen) <= 50)
    assert len(seen) == count(place.space)
