"""From a network back to the point of a space: the inverse of `realize`.

A space is matched against a network like a pattern against a text: depth first, with an explicit stack a sequence, so
that a network of a thousand blocks needs no deep recursion. Two states of a search that stand before the same part and
agree on the decisions which later parts can still see have the same future; the second is dropped. So a failure costs
about as much as trying every alternative of every place once, whatever their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from itertools import product
from typing import Any, NamedTuple

from nas.arch.fields import is_hole
from nas.arch.holes import Derived, Pick, ValueHole, evaluate, same, solve, value_holes
from nas.arch.nodes import (
    LEAVES,
    Branches,
    Cells,
    Chain,
    Choice,
    Exit,
    Fork,
    Graph,
    Network,
    Node,
    Part,
    Ratio,
    Repeat,
    Scope,
    Space,
    Step,
    chain,
    contents,
    field_names,
    holds_cells,
    is_open,
)
from nas.arch.paths import below, kind, part_names, subchains
from nas.arch.realize import Point, fill, offered_text
from nas.arch.scopes import Hole, Place
from nas.arch.sharing import shared_families
from nas.errors import HoleError, LocateError, PartError


def locate(network: Network, space: Space) -> Point:
    """The point at which `space` realizes to `network`.

    Raises:
        LocateError: there is none; the path says how far into the network the space could follow it.
    """
    whole = chain(network)
    if is_open(whole):
        raise HoleError("only a network lies in a space, got a space", hint="realize it first")
    search = _Search(chain(space))
    state = next(search.whole(chain(space), Place(), whole, _State({}, None), ()), None)
    if state is not None:
        decided = dict(_unrolled(state.point))
        return fill(space, lambda name, _: decided[name])[1]  # in the order of reading
    raise LocateError(
        search.reason, path=_path(whole, search.furthest), hint="this is as far as the space can follow the network"
    )


class _State(NamedTuple):
    """Decisions made: `seen` are those that another place of the space may still ask for."""

    seen: dict[str, Any]
    point: tuple[Any, ...] | None  # (rest, name, option), so that states share their past


Location = tuple[int, ...]
States = Iterator[_State]
Ends = Iterator[tuple[int, _State]]


class _Search:
    def __init__(self, space: Chain) -> None:
        self.shared, self.reopened = shared_families(space)
        self.furthest: Location = ()
        self.rank = -1
        self.reason = "the space holds no network at all"

    # Sequences: the parts of a chain, the branches of a join, the cells of a row, the slots of a graph.

    def whole(self, space: Chain, place: Place, network: Chain, state: _State, at: Location) -> States:
        """All states in which `space` is exactly `network`."""
        if not is_open(space) and space == network:
            yield state
            return
        parts = _split_forks(network.parts)
        count = len(parts)
        for end, after in self.parts(space.parts, place, parts, 0, state, at):
            if end == count:
                yield after
            else:
                self.fail((*at, end), "the network goes on with {} where the space ends", parts[end])

    def parts(
        self, patterns: tuple[Part, ...], place: Place, parts: tuple[Part, ...], start: int, state: _State, at: Location
    ) -> Ends:
        """All (end, state) such that `patterns` are the parts from `start` to `end`."""

        def step(i: int, pos: int, before: _State) -> Ends:
            return self.part(patterns[i], place, parts, pos, before, at)

        return _in_turn(len(patterns), step, start, state)

    def part(self, pattern: Part, place: Place, parts: tuple[Part, ...], pos: int, state: _State, at: Location) -> Ends:
        match pattern:
            case Choice() | Repeat() | Scope():

                def within(inner: Chain, there: Place, start: int, before: _State) -> Ends:
                    return self.parts(inner.parts, there, parts, start, before, at)

                labels: tuple[str, ...] = ()
                if isinstance(pattern, Choice):
                    labels = _alternatives(pattern).possible(parts[pos] if pos < len(parts) else None)
                    if not labels:
                        there = parts[pos] if pos < len(parts) else "the end"
                        name = place.full_name(pattern)
                        self.fail((*at, pos), "no part that {} offers begins with {}", name, there)
                yield from self.structure(pattern, place, pos, state, within, labels)
            case Fork() if any(isinstance(part, Fork) for part in parts[max(0, pos - 1) : pos + 1]):
                yield from self.fork(pattern, place, parts, pos, state, at)
            case _ if pos == len(parts):
                self.fail((*at, pos), "the network ends where the space expects {}", pattern)
            case _:
                for after in self.one(pattern, place, parts[pos], state, (*at, pos)):
                    yield pos + 1, after

    def structure(
        self,
        pattern: Choice | Repeat | Scope,
        place: Place,
        pos: int,
        state: _State,
        inner: Callable[[Chain, Place, int, _State], Ends],
        labels: tuple[str, ...],
    ) -> Ends:
        """What a choice, repeat or scope makes of a sequence from `pos` on; `inner` matches the chain within."""
        match pattern:
            case Scope(name=name, part=part):
                within = place.scope(name)
                for end, after in inner(part, within, pos, state):
                    yield end, self.left(after, within)
            case Choice():
                decided = state.seen.get(place.full_name(pattern))
                for label in labels if decided is None else (decided,):
                    after = self.bound(state, pattern, label, place)
                    yield from inner(pattern.part(label), place.alternative(pattern, label), pos, after)
            case Repeat():
                yield from self.repetitions(pattern, place, pos, state, inner)

    def repetitions(
        self,
        pattern: Repeat,
        place: Place,
        start: int,
        state: _State,
        inner: Callable[[Chain, Place, int, _State], Ends],
    ) -> Ends:
        counts = self.counts(pattern, place, state)

        def step(i: int, pos: int, before: _State) -> Ends:
            within = place.scope(pattern.name, i + 1)
            return ((end, self.left(after, within)) for end, after in inner(pattern.part, within, pos, before))

        for times, end, after in _as_often_as_it_goes(max(counts, default=-1), step, start, state):
            if times in counts:
                known = self.known(value_holes(pattern.times), place, after)
                yield from ((end, self.bind(after, holes, place)) for holes in solve(pattern.times, times, known))

    def counts(self, pattern: Repeat, place: Place, state: _State) -> set[int]:
        """How often a repeat may repeat."""
        known = self.known(value_holes(pattern.times), place, state)
        return {
            times
            for times in _reachable(pattern.times)
            if isinstance(times, int) and times >= 0 and any(True for _ in solve(pattern.times, times, known))
        }

    # Single parts.

    def one(self, pattern: Part, place: Place, part: Part, state: _State, at: Location) -> States:
        """All states in which one pattern is one part."""
        if not is_open(pattern):
            if pattern == part:
                yield state
                return
            if isinstance(pattern, LEAVES):
                self.fail(at, "the space expects {}, the network has {}", pattern, part)
                return
        if type(pattern) is not type(part):
            self.fail(at, "the space expects {}, the network has {}", pattern, part)
            return
        match pattern, part:
            case Branches(), Branches():
                for after in self.values(pattern, ("join", "drop_path"), place, part, state, at):
                    yield from self.branches(pattern.branches, place, part.branches, after, at)
            case Exit(), Exit():
                for after in self.values(pattern, ("weight",), place, part, state, at):
                    yield from self.whole(pattern.head, place, part.head, after, (*at, 0))
            case Graph(), Graph():
                yield from self.graph(pattern, place, part, state, at)
            case Cells(), Cells():
                for end, after in self.cells(pattern.cells, place, part.cells, 0, state, at):
                    if end == len(part.cells):
                        yield after
                    else:
                        self.fail((*at, end), "the network has more cells than the space")
            case _:
                yield from self.values(pattern, field_names(type(pattern)), place, part, state, at)

    def branches(
        self, patterns: tuple[Chain, ...], place: Place, branches: tuple[Chain, ...], state: _State, at: Location
    ) -> States:
        for end, after in self.row(patterns, place, tuple(map(Fork, branches)), 0, state, at):
            if end == len(branches):
                yield after
            else:
                self.fail(at, "the network joins {} branches, the space {}", len(branches), end)
        if len(patterns) > len(branches):
            self.fail(at, "the network joins {} branches, the space {}", len(branches), len(patterns))

    def row(
        self,
        patterns: tuple[Chain, ...],
        place: Place,
        forks: tuple[Part, ...],
        start: int,
        state: _State,
        at: Location,
    ) -> Ends:
        """All (end, state) such that `patterns` are the branches from `start` to `end`, each of them a fork."""

        def step(i: int, pos: int, before: _State) -> Ends:
            pattern = patterns[i]
            if pos < len(forks):
                (branch,) = forks[pos].branches  # type: ignore[union-attr]
                for after in self.whole(pattern, place, branch, before, (*at, pos)):
                    yield pos + 1, after
            if may_be_fork(pattern):
                for end, after in self.parts(pattern.parts, place, forks, pos, before, at):
                    if end > pos:
                        yield end, after
                for after in self.whole(pattern, place, _ABSENT, before, (*at, pos)):
                    yield pos, after

        return _in_turn(len(patterns), step, start, state)

    def fork(self, pattern: Fork, place: Place, parts: tuple[Part, ...], pos: int, state: _State, at: Location) -> Ends:
        """What a fork makes of forks of one branch each, from `pos` on; it may also be a part of one without any."""
        if pos < len(parts) and parts[pos] == Fork():
            for _, after in self.row(pattern.branches, place, (), 0, state, at):
                yield from ((pos, after), (pos + 1, after))
        else:
            yield from self.row(pattern.branches, place, parts, pos, state, at)

    def cells(
        self,
        patterns: tuple[Chain, ...],
        place: Place,
        cells: tuple[Chain, ...],
        start: int,
        state: _State,
        at: Location,
    ) -> Ends:
        def within(inner: Chain, there: Place, pos: int, before: _State) -> Ends:
            return self.cells((inner,), there, cells, pos, before, at)

        def row(part: Part, pos: int, before: _State) -> Ends:
            """What a part that stands for a row of cells makes of the cells from `pos` on."""
            match part:
                case Cells(cells=inner):
                    return self.cells(inner, place, cells, pos, before, at)
                case Choice() | Repeat() | Scope():
                    labels = part.labels if isinstance(part, Choice) else ()
                    return self.structure(part, place, pos, before, within, labels)
                case _:
                    raise AssertionError("holds_cells says which parts stand for cells")

        def step(i: int, pos: int, before: _State) -> Ends:
            pattern = patterns[i]
            if holds_cells(pattern):
                yield from _in_turn(len(pattern.parts), lambda k, p, s: row(pattern.parts[k], p, s), pos, before)
            elif pos < len(cells):
                for after in self.whole(pattern, place, cells[pos], before, (*at, pos)):
                    yield pos + 1, after
            else:
                self.fail(at, "the network has {} cells, the space expects more", len(cells))

        return _in_turn(len(patterns), step, start, state)

    def graph(self, pattern: Graph, place: Place, part: Graph, state: _State, at: Location) -> States:
        shape, other = ([len(s.edges) for s in g.steps] for g in (pattern, part))
        if shape != other:
            self.fail(at, "the network's graph has steps of {} edges, the space's {}", other, shape)
            return
        slots: list[tuple[Any, Any]] = []
        for ours, theirs in zip(pattern.steps, part.steps, strict=True):
            slots += [(ours, theirs), *zip(ours.edges, theirs.edges, strict=True)]

        def step(i: int, pos: int, before: _State) -> Ends:
            ours, theirs = slots[i]
            here = (*at, i)
            if isinstance(ours, Step):
                for after in self.values(ours, ("join",), place, theirs, before, here):
                    yield pos, after
            else:
                for after in self.values(ours, ("source",), place, theirs, before, here):
                    yield from ((pos, done) for done in self.whole(ours.part, place, theirs.part, after, here))

        for after in self.values(pattern, ("inputs",), place, part, state, at):
            for _, done in _in_turn(len(slots), step, 0, after):
                yield done

    def values(
        self, pattern: Any, names: tuple[str, ...], place: Place, part: Any, state: _State, at: Location
    ) -> States:
        """All states in which the named fields of a pattern are those of a part."""
        wanted: list[tuple[str, Any, Any]] = []
        for name in names:
            ours, theirs = getattr(pattern, name), getattr(part, name)
            if isinstance(ours, Ratio) and isinstance(theirs, Ratio):
                ours, theirs = contents(ours), contents(theirs)
            if isinstance(ours, tuple) and is_open(ours):
                try:
                    wanted += [(name, hole, value) for hole, value in _open_values(ours, _spread(theirs, len(ours)))]
                except ValueError:
                    self.fail(at, "{} is {} in the network and {} in the space", name, theirs, ours)
                    return
            elif is_hole(ours):
                wanted.append((name, ours, theirs))
            elif ours != theirs and not _settles(part, name, ours):
                self.fail(at, "{} is {} in the network and {} in the space", name, theirs, ours)
                return

        def solved(rest: list[tuple[str, Any, Any]], before: _State) -> States:
            if not rest:
                yield before
                return
            (name, ours, theirs), *others = rest
            known = self.known(value_holes(ours), place, before)
            found = False
            for holes in _solutions(ours, theirs, part, name, known):
                found = True
                yield from solved(others, self.bind(before, holes, place))
            if not found:
                offers = partial(_offers, ours, place, known)
                self.fail(at, "{} is {} in the network; {}", name, theirs, offers, rank=1)

        yield from solved(wanted, state)

    # Decisions.

    def known(self, holes: Iterable[ValueHole], place: Place, state: _State) -> dict[ValueHole, Any]:
        if not state.seen:
            return {}
        names = {hole: place.full_name(hole) for hole in holes}
        return {hole: state.seen[name] for hole, name in names.items() if name in state.seen}

    def bind(self, state: _State, holes: dict[ValueHole, Any], place: Place) -> _State:
        for hole, option in holes.items():
            state = self.bound(state, hole, option, place)
        return state

    def bound(self, state: _State, hole: Hole, option: Any, place: Place) -> _State:
        name = place.full_name(hole)
        if name in state.seen:
            return state
        seen = {**state.seen, name: option} if place.family_name(hole) in self.shared else state.seen
        return _State(seen, (state.point, name, option))

    def left(self, state: _State, place: Place) -> _State:
        """The state after a scope: nobody asks for its decisions any more, unless the scope is opened again."""
        if not state.seen or place.family in self.reopened:
            return state
        kept = {name: option for name, option in state.seen.items() if not name.startswith(place.prefix)}
        return state if len(kept) == len(state.seen) else _State(kept, state.point)

    def fail(self, at: Location, reason: str, *told: Any, rank: int = 0) -> None:
        if (at, rank) > (self.furthest, self.rank):
            self.furthest, self.rank, self.reason = at, rank, reason.format(*map(_told, told))


def _in_turn(count: int, step: Callable[[int, int, _State], Ends], start: int, state: _State) -> Ends:
    """All (end, state) after `count` steps, each going on from where the one before ended."""
    if count == 0:
        yield start, state
        return
    visited: set[Any] = set()
    stack = [step(0, start, state)]
    while stack:
        for pos, after in stack[-1]:
            if len(stack) == count:
                yield pos, after
                continue
            key = (len(stack), pos, frozenset(after.seen.items()))
            if key not in visited:
                visited.add(key)
                stack.append(step(len(stack), pos, after))
                break
        else:
            stack.pop()


def _as_often_as_it_goes(
    most: int, step: Callable[[int, int, _State], Ends], start: int, state: _State
) -> Iterator[tuple[int, int, _State]]:
    """All (times, end, state) after up to `most` steps, the longest first."""
    if most < 0:
        return
    visited: set[Any] = set()
    path = [(start, state)]
    stack: list[Ends] = [step(0, start, state)] if most else []
    while path:
        if len(stack) == len(path):
            for pos, after in stack[-1]:
                key = (len(stack), pos, frozenset(after.seen.items()))
                if key not in visited:
                    visited.add(key)
                    path.append((pos, after))
                    if len(stack) < most:
                        stack.append(step(len(stack), pos, after))
                    break
            else:
                stack.pop()
        else:
            pos, after = path.pop()
            yield len(path), pos, after


def _solutions(
    value: Any, target: Any, part: Any, name: str, known: dict[ValueHole, Any]
) -> Iterator[dict[ValueHole, Any]]:
    """Every way to make the field `name` of a part what it is, also by an option that the part spells another way."""
    yield from solve(value, target, known)
    if isinstance(target, float) and target.is_integer():
        yield from solve(value, int(target), known)
    if isinstance(value, Pick):
        for option in value.options if value not in known else (known[value],):
            if not same(option, target) and _settles(part, name, option):
                yield {} if value in known else {value: option}


def _settles(part: Any, name: str, value: Any) -> bool:
    """Whether a part brings `value`, a default or a size in another spelling, to what it has."""
    if value is not None and value != "same" and not isinstance(value, tuple):
        return False
    try:
        return bool(replace(part, **{name: value}) == part)
    except PartError:
        return False


def _open_values(ours: tuple[Any, ...], theirs: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    """The holes of nested tuples, with what stands opposite; ValueError where the tuples differ otherwise."""
    for a, b in zip(ours, theirs, strict=True):
        if isinstance(a, tuple) and isinstance(b, tuple):
            yield from _open_values(a, b)
        elif is_hole(a):
            yield a, b
        elif not same(a, b):
            raise ValueError


def _spread(value: Any, count: int) -> tuple[Any, ...]:
    """A size or padding in its one spelling as a tuple of `count`."""
    match value:
        case int():
            return (value,) * count
        case (height, width) if count == 4:
            return (height, height, width, width)
        case _:
            return tuple(value)


@lru_cache(maxsize=4096)
def _reachable(value: Any) -> tuple[Any, ...]:
    """Every value that a hole, or arithmetic on holes, can take."""
    holes = tuple(dict.fromkeys(value_holes(value)))
    ways = product(*(hole.options for hole in holes))
    return tuple(dict.fromkeys(evaluate(value, dict(zip(holes, way, strict=True)).__getitem__) for way in ways))


class _Alternatives(NamedTuple):
    """The labels of a choice by what their parts can begin with."""

    by_part: dict[Part, list[int]]
    by_type: dict[type, list[int]]
    others: list[int]
    labels: tuple[str, ...]

    def possible(self, part: Part | None) -> tuple[str, ...]:
        found = self.others
        if part is not None:
            found = sorted({*self.by_part.get(part, ()), *self.by_type.get(type(part), ()), *found})
        return tuple(self.labels[i] for i in found)


@lru_cache(maxsize=4096)
def _alternatives(choice: Choice) -> _Alternatives:
    made = _Alternatives({}, {}, [], choice.labels)
    for i, alternative in enumerate(choice.parts):
        begins = _beginnings(alternative)
        for part in begins.parts:
            made.by_part.setdefault(part, []).append(i)
        for kind_of_part in begins.types:
            made.by_type.setdefault(kind_of_part, []).append(i)
        if begins.empty:
            made.others.append(i)
    return made


class _Beginnings(NamedTuple):
    """What a chain can begin with: parts, or kinds of parts; or with nothing of its own."""

    parts: frozenset[Part]
    types: frozenset[type]
    empty: bool


@lru_cache(maxsize=65536)
def _beginnings(space: Chain) -> _Beginnings:
    parts: set[Part] = set()
    types: set[type] = set()
    for part in space.parts:
        begins = _part_beginnings(part)
        parts |= begins.parts
        types |= begins.types
        if not begins.empty:
            return _Beginnings(frozenset(parts), frozenset(types), False)
    return _Beginnings(frozenset(parts), frozenset(types), True)


def _part_beginnings(part: Part) -> _Beginnings:
    nothing: frozenset[Any] = frozenset()
    match part:
        case Choice(parts=alternatives):
            several = [_beginnings(alternative) for alternative in alternatives]
            parts = nothing.union(*(begins.parts for begins in several))
            types = nothing.union(*(begins.types for begins in several))
            return _Beginnings(parts, types, any(begins.empty for begins in several))
        case Scope(part=inner):
            return _beginnings(inner)
        case Repeat(part=inner, times=times):
            begins = _beginnings(inner)
            return begins._replace(empty=begins.empty or 0 in _reachable(times))
        case Fork():  # which may have no branches
            return _Beginnings(nothing, frozenset({Fork}), True)
        case _ if is_open(part):
            return _Beginnings(nothing, frozenset({type(part)}), False)
        case _:
            return _Beginnings(frozenset({part}), nothing, False)


_ABSENT = Chain(Fork())
"""What an absent branch is made of."""


def _split_forks(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts of a chain, the branches of the fork at its end in forks of their own."""
    match parts:
        case (*most, Fork(branches=branches)) if branches:
            return (*most, *map(Fork, branches))
        case _:
            return parts


@lru_cache(maxsize=4096)
def may_be_fork(space: Chain) -> bool:
    """Whether the chain can turn out to be a `Fork` and nothing else."""
    return any(map(_may_hold_fork, space.parts)) and is_open(space)


def _may_hold_fork(part: Part) -> bool:
    match part:
        case Fork():
            return True
        case Choice(parts=parts):
            return any(_may_hold_fork(inner) for alternative in parts for inner in alternative.parts)
        case Repeat(part=inner) | Scope(part=inner):
            return any(map(_may_hold_fork, inner.parts))
        case _:
            return False


def _unrolled(point: tuple[Any, ...] | None) -> list[tuple[str, Any]]:
    decisions = []
    while point is not None:
        point, name, option = point
        decisions.append((name, option))
    return decisions[::-1]


def _path(network: Chain, location: Location) -> str:
    """The path of a location: the positions, level by level, that lead to it."""
    path = ""
    here: Any = network
    for position in location:
        match here:
            case Chain(parts=(*most, Fork(branches=branches))) if branches and position >= len(most):
                number = position - len(most)
                inside = number < len(branches)
                path = below(path, f"fork1.branch{number + 1}" if inside else "end")
                here = branches[number] if inside else None
            case Chain(parts=parts):
                names = [*part_names(parts), "end"]
                path, here = below(path, names[position]), parts[position] if position < len(parts) else None
            case Graph(steps=steps):
                slots: list[tuple[str, Chain | None]] = [
                    slot
                    for i, step in enumerate(steps, 1)
                    for slot in [
                        (f"step{i}", None),
                        *((f"step{i}.edge{j}", e.part) for j, e in enumerate(step.edges, 1)),
                    ]
                ]
                path, here = below(path, slots[position][0]), slots[position][1]
            case Branches() | Fork() | Cells() | Exit():
                inner = list(subchains(here))
                segment, here = inner[position] if position < len(inner) else ("end", None)
                path = below(path, segment)
            case _:
                break
    return path


def _offers(value: Any, place: Place, known: dict[ValueHole, Any]) -> str:
    said = [
        f"{place.full_name(hole)} is already {known[hole]}"
        if hole in known
        else f"{place.full_name(hole)} offers {offered_text(hole)}"
        for hole in dict.fromkeys(value_holes(value))
    ]
    return " and ".join(said) + (", and the space derives it" if isinstance(value, Derived) else "")


def _told(value: Any) -> str:
    """A part in a few words; what a function says; anything else as it is."""
    if isinstance(value, Node):
        said = repr(value) if isinstance(value, LEAVES) or not is_open(value) else ""
        return said if 0 < len(said) <= 60 else f"{kind(value)}(…)"  # type: ignore[arg-type]
    return str(value() if callable(value) else value)
