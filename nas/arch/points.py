"""Steps between the points of any space: its neighbours, a mutation, a crossover."""

import random
from collections.abc import Iterator, Mapping
from typing import Any

from nas.arch.holes import same
from nas.arch.nodes import Network, Space
from nas.arch.realize import Ask, Point, asker, draw, fill, offers
from nas.arch.scopes import Hole
from nas.errors import HoleError


def decisions(space: Space, point: Point) -> dict[str, Hole]:
    """The holes that are open at a point, by full name, in the order of reading."""
    holes: dict[str, Hole] = {}

    def ask(name: str, hole: Hole) -> Any:
        holes[name] = hole
        return point[name]

    fill(space, ask)
    return holes


def neighbours(space: Space, point: Point) -> Iterator[Point]:
    """Every point that differs from `point` in one decision, and in what that decision newly opens.

    A newly opened hole takes over the decision of its namesake under the label that was left, else its first option.
    """
    for name, hole in decisions(space, point).items():
        for option in hole.options:
            if not same(option, point[name]):
                yield _changed(space, point, name, option, lambda _, opened: opened.options[0])[1]


def mutate(space: Space, point: Point, rng: random.Random) -> Point:
    """A random neighbour: a random decision changed; a newly opened hole without a namesake is decided at random.

    Raises:
        HoleError: the space holds a single point.
    """
    return mutation(space, point, decisions(space, point), rng)[1]


def mutation(space: Space, point: Point, holes: Mapping[str, Hole], rng: random.Random) -> tuple[Network, Point]:
    """A random neighbour as `mutate` makes it, and its network; `holes` are those that are open at `point`.

    Raises:
        HoleError: the space holds a single point.
    """
    free = [(name, hole) for name, hole in holes.items() if len(hole.options) > 1]
    if not free:
        raise HoleError("a mutation needs a decision with another option, got a space of one point")
    name, hole = rng.choice(free)
    while same(option := draw(hole, rng), point[name]):
        pass
    return _changed(space, point, name, option, asker(rng))


def crossover(space: Space, a: Point, b: Point, rng: random.Random) -> Point:
    """A point whose every decision comes from `a` or `b`, at random where both have it, or at random from neither."""
    at_random = asker(rng)

    def ask(name: str, hole: Hole) -> Any:
        inherited = [parent[name] for parent in (a, b) if name in parent and offers(hole, parent[name])]
        return rng.choice(inherited) if inherited else at_random(name, hole)

    return fill(space, ask)[1]


def _changed(space: Space, point: Point, name: str, option: Any, otherwise: Ask) -> tuple[Network, Point]:
    left, opened = f"{name}={point[name]}.", f"{name}={option}."

    def ask(asked: str, hole: Hole) -> Any:
        if asked == name:
            return option
        for known in (asked, asked.replace(opened, left, 1)):
            if known in point and offers(hole, point[known]):
                return point[known]
        return otherwise(asked, hole)

    return fill(space, ask)
