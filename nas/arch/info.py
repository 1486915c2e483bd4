"""How large a space is, and what its networks cost."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import product
from math import prod
from typing import Any

from nas.arch.cost import Cost, Shape, cost
from nas.arch.holes import evaluate, value_holes
from nas.arch.nodes import Chain, Choice, Network, Repeat, Scope, Space, Value, chain, contents, is_open
from nas.arch.points import decisions, mutation
from nas.arch.realize import Point, asker, fill
from nas.arch.scopes import Hole, Place
from nas.arch.sharing import looks_out, shared_families
from nas.errors import PartError, ShapeError

Decided = frozenset[tuple[str, Any]]
Ways = dict[Decided, int]
"""How many fillings there are for each way to make the decisions that other places still see."""


@dataclass(frozen=True, slots=True)
class Info:
    """A space in numbers; the costs are those of the cheapest and the dearest network found, not proven bounds."""

    points: int
    valid: float
    """The share of random points whose networks accept the input."""
    cheapest: tuple[Point, Cost] | None
    dearest: tuple[Point, Cost] | None


def info(space: Space, input: Shape, *, samples: int = 200, steps: int = 200, seed: int = 0) -> Info:
    """The number of points of `space`, and the range of MACs on images of shape `input`.

    The range is searched for: from the extremes of `samples` random points by `steps` mutations that do not lose.
    """
    rng = random.Random(seed)
    drawn = (_drawn(input, partial(fill, space, asker(rng))) for _ in range(samples))
    found = [pair for pair in drawn if pair]
    if not found:
        return Info(points(space), 0.0, None, None)
    ordered = sorted(found, key=lambda pair: pair[1].macs)
    cheapest = _climb(space, input, ordered[0], -1, steps, rng)
    dearest = _climb(space, input, ordered[-1], 1, steps, rng)
    return Info(points(space), len(found) / samples, cheapest, dearest)


def _drawn(input: Shape, draw: Callable[[], tuple[Network, Point]]) -> tuple[Point, Cost] | None:
    """The point that is drawn and its network's cost; None where that does not accept the input."""
    try:
        network, point = draw()
        return point, cost(network, input)
    except (ShapeError, PartError):
        return None


def _climb(
    space: Space, input: Shape, best: tuple[Point, Cost], sign: int, steps: int, rng: random.Random
) -> tuple[Point, Cost]:
    holes = decisions(space, best[0])
    for _ in range(steps if points(space) > 1 else 0):
        made = _drawn(input, partial(mutation, space, best[0], holes, rng))
        if made and sign * made[1].macs >= sign * best[1].macs:
            best, holes = made, decisions(space, made[0])
    return best


def points(space: Space) -> int:
    """The number of points of `space`, exactly: a shared decision counts once, a closed one not at all."""
    return _points(chain(space))


@lru_cache(maxsize=1024)
def _points(space: Chain) -> int:
    counter = _Counter(space)
    return sum(counter.all([counter.ways(space, Place())]).values())


class _Counter:
    """Counts fillings; what one place decides for others is kept apart until the last place has seen it."""

    def __init__(self, space: Chain) -> None:
        self.shared, self.reopened = shared_families(space)
        self.options: dict[str, int] = {}
        self.sightings: Counter[str] = Counter()
        """How many places are still to see a shared decision; first all of them are counted."""
        self.first: dict[str, int] = {}
        """When a shared decision was first seen; `clock` counts the sightings."""
        self.clock = 0
        self.seen: list[str] = []
        """The shared decisions in the order in which places see them."""
        self.counting = True
        self.ways(space, Place())
        self.counting = False

    def ways(self, part: Any, place: Place) -> Ways:
        match part:
            case tuple():
                return self.all(self.ways(item, place) for item in part)
            case Value() if not is_open(part):
                return {frozenset(): 1}
            case Scope(name=name, part=inner):
                return self.ways(inner, place.scope(name))
            case Repeat():
                return self.repeat(part, place)
            case Choice(labels=labels):
                return _either([self.alternative(part, label, place) for label in labels])
            case Value():
                return self.ways(contents(part), place)
            case _:
                return self.all(self.decided(hole, _ANY, place) for hole in dict.fromkeys(value_holes(part)))

    def alternative(self, part: Choice, label: str, place: Place) -> Ways:
        return self.all(
            self.decided(part, label, place) if first else self.ways(part.part(label), place.alternative(part, label))
            for first in (True, False)
        )

    def repeat(self, part: Repeat, place: Place) -> Ways:
        holes = tuple(dict.fromkeys(value_holes(part.times)))
        answers = []
        for options in product(*(hole.options for hole in holes)):
            values = dict(zip(holes, options, strict=True))
            decided = self.all(self.decided(hole, option, place) for hole, option in values.items())
            answers.append((evaluate(part.times, values.__getitem__), decided))
        most = max((times for times, _ in answers), default=0)
        if place.scope(part.name, "#").family in self.reopened:  # other places see what a repetition decides
            done: list[Ways] = [_NOTHING]
            for i in range(1, most + 1):
                done.append(self.all((done[-1], self.ways(part.part, place.scope(part.name, i)))))
            return _either([self.all((ways, done[times])) for times, ways in answers])
        one = self.one_of_several(part, place) if most > 0 else _NOTHING
        if self.counting:
            return {}
        numbers = [times for times, _ in answers]
        if all(ways == _NOTHING for _, ways in answers) and numbers == list(range(numbers[0], most + 1)):
            return _joined(_powers(one, numbers[0])[0], _powers(one, len(numbers))[1])
        return _either([self.all((ways, _powers(one, times)[0])) for times, ways in answers])

    def one_of_several(self, part: Repeat, place: Place) -> Ways:
        """The ways to fill one repetition; what it decides for others stays open until all repetitions have seen it."""
        if not looks_out(part.part, frozenset({part.name})):
            return {frozenset(): _points(Chain(Scope(part.name, part.part)))}
        begun, within = len(self.seen), place.scope(part.name, 1)
        ways = self.ways(part.part, within)
        outer = {name for name in self.seen[begun:] if not name.startswith(within.prefix)}
        self.sightings.update(dict.fromkeys(outer, 1 if self.counting else -1))
        return ways

    def decided(self, hole: Hole, option: Any, place: Place) -> Ways:
        if place.family_name(hole) not in self.shared:
            return {frozenset(): len(hole.options) if option is _ANY else 1}
        name = place.full_name(hole)
        self.options[name] = len(hole.options)
        self.seen.append(name)
        self.sightings[name] += 1 if self.counting else -1
        if not self.counting:
            self.clock += 1
            self.first.setdefault(name, self.clock)
        return {frozenset({(name, option)}): 1}

    def all(self, several: Iterable[Ways]) -> Ways:
        """The ways to fill all of several places; a decision that only these see is counted and closed."""
        total: Ways = {frozenset(): 1}
        begun = self.clock
        for ways in several:
            if self.counting:
                continue
            answer: Ways = defaultdict(int)
            for both, count in _joined(total, ways).items():
                rest, free = self.settled(both, begun)
                answer[rest] += count * free
            total = answer
        return total

    def settled(self, decided: Decided, begun: int) -> tuple[Decided, int]:
        """The decisions that places before `begun` have seen, or others will; in how many ways the rest can be made."""
        over = [(name, option) for name, option in decided if not self.sightings[name] and self.first[name] > begun]
        if not over:
            return decided, 1
        return decided.difference(over), prod(self.options[name] for name, option in over if option is _ANY)


_ANY = object()
_NOTHING: Ways = {frozenset(): 1}
"""The one way to fill a place without holes."""


def _either(several: Iterable[Ways]) -> Ways:
    """The ways to fill one of several places."""
    answer: Ways = defaultdict(int)
    for ways in several:
        for decided, count in ways.items():
            answer[decided] += count
    return answer


def _powers(ways: Ways, count: int) -> tuple[Ways, Ways]:
    """The ways to fill `count` such places; and those to fill fewer, in all."""
    if count == 0:
        return _NOTHING, {}
    half, below = _powers(ways, count // 2)
    power, total = _joined(half, half), _either([below, _joined(half, below)])
    return (_joined(power, ways), _either([total, power])) if count % 2 else (power, total)


def _joined(a: Ways, b: Ways) -> Ways:
    """The ways to fill two places."""
    always = _always_decided(a) & _always_decided(b)

    def common(decided: Decided) -> Decided:
        return frozenset(pair for pair in decided if pair[0] in always)

    matching: dict[Decided, list[Decided]] = defaultdict(list)
    for there in b:
        matching[common(there)].append(there)
    answer: Ways = defaultdict(int)
    for here, count in a.items():
        for there in matching.get(common(here), ()):
            if (both := _agreed(here, there)) is not None:
                answer[both] += count * b[there]
    return answer


def _always_decided(ways: Ways) -> set[str]:
    """The names that each of several ways decides for one option: ways that differ there cannot agree."""
    return set.intersection(*({name for name, option in decided if option is not _ANY} for decided in ways or [()]))


def _agreed(a: Decided, b: Decided) -> Decided | None:
    if not a or not b:
        return a or b
    known = dict(a)
    for name, option in b:
        if known.get(name, _ANY) is _ANY:
            known[name] = option
        elif option is not _ANY and option != known[name]:
            return None
    return frozenset(known.items())
