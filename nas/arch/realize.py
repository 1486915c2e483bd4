"""From a space to a network: every hole is asked for once, in the order of reading."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from heapq import nlargest
from typing import Any, Protocol, TypeVar, runtime_checkable

from nas.arch.fields import is_hole
from nas.arch.holes import Span, evaluate, log_uniform, same
from nas.arch.nodes import (
    MOST_TIMES,
    Branches,
    Cells,
    Chain,
    Choice,
    Edge,
    Exit,
    Fork,
    Graph,
    Network,
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
from nas.arch.scopes import Hole, Place
from nas.arch.text import compact
from nas.errors import HoleError, PartError

Point = dict[str, Any]
"""A filling of a space: the full name of each hole that was asked, in order, and its option or label."""

Ask = Callable[[str, Hole], Any]

T = TypeVar("T")


@runtime_checkable
class Suggests(Protocol):
    """What an Optuna trial can do; any define-by-run objective's trial will do."""

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        """One of the choices."""

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """An integer of the range, drawn by its logarithm or not."""


def realize(space: Space, decide: Mapping[str, Any] | random.Random | Suggests | Ask) -> Network:
    """The network at a point of `space`.

    Args:
        space: A network with holes.
        decide: A point, its options as they are or in plain form; a random generator; an Optuna trial; or a function of
            a hole's full name and the hole.

    Raises:
        HoleError: a hole is not decided, or decided for what it does not offer, or the point names holes that the
            network has no place for.
    """
    if not isinstance(decide, Mapping):
        return fill(space, asker(decide))[0]
    network, point = fill(space, _from_point(decide))
    for name in decide:
        if name not in point:
            raise HoleError(
                "a point decides only holes that are open in it, got one more",
                path=name,
                hint=_nearest(name, point) or "leave it out",
            )
    return network


def sample(space: Space, rng: random.Random) -> Point:
    """A random point of `space`: each hole uniformly among its options, or among their logarithms where it says so."""
    return fill(space, asker(rng))[1]


def asker(decide: random.Random | Suggests | Ask) -> Ask:
    """A function that decides a hole, made of whatever can."""
    match decide:
        case random.Random():
            return lambda _, hole: draw(hole, decide)
        case Suggests():
            return lambda name, hole: _suggested(decide, name, hole)
        case _:
            return decide


def draw(hole: Hole, rng: random.Random) -> Any:
    """A random option of a hole."""
    if isinstance(hole, Span) and hole.log:
        return log_uniform(hole.low, hole.high, rng)
    return hole.options[rng.randrange(len(hole.options))]


def fill(space: Space, ask: Ask) -> tuple[Network, Point]:
    """The network that `ask`'s answers make of `space`, and the point they are."""
    filling = _Filling(ask)
    network = filling.chain(chain(space), Place())
    return network, filling.point


class _Filling:
    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.point: Point = {}
        self.holes: dict[str, Hole] = {}
        self.scopes: dict[str, type] = {}

    def decide(self, hole: Hole, place: Place) -> Any:
        name = place.full_name(hole)
        if name in self.point:
            if not _alike(self.holes[name], hole):
                raise HoleError(
                    "two different holes share one name", path=name, hint="rename one, or put it in a Scope"
                )
            return self.point[name]
        option = self.ask(name, hole)
        if not offers(hole, option):
            raise HoleError(f"the hole offers {offered_text(hole)}, got {option!r}", path=name)
        self.point[name], self.holes[name] = option, hole
        return option

    def value(self, value: Any, place: Place) -> Any:
        if is_hole(value):
            return evaluate(value, lambda hole: self.decide(hole, place))
        if isinstance(value, tuple):
            return tuple(self.value(item, place) for item in value)
        if isinstance(value, Ratio) and is_open(value):
            return Ratio(*self.value(contents(value), place))
        return value

    def chain(self, space: Chain, place: Place) -> Chain:
        if not is_open(space):
            return space
        return interned(Chain(*(self.part(part, place) for part in space.parts)))

    def part(self, part: Part, place: Place) -> Part:
        if not is_open(part):
            return part
        match part:
            case Chain():
                return self.chain(part, place)
            case Scope(part=inner):
                return self.chain(inner, self.scope(part, place))
            case Repeat(part=inner):
                times = range(1, self.times(part, place) + 1)
                return Chain(*(self.chain(inner, self.scope(part, place, i)) for i in times))
            case Choice():
                label = self.decide(part, place)
                return self.chain(part.part(label), place.alternative(part, label))
            case _:
                return interned(self.combinator(part, place))

    def times(self, part: Repeat, place: Place) -> int:
        """How often a part is repeated; no more often by a decision than where it is written."""
        count: int = self.value(part.times, place)
        if count > MOST_TIMES:
            path = f"{place.prefix}{part.name}"
            raise PartError(f"times of Repeat is at most {MOST_TIMES:,}, got {count}", path=path)
        return count

    def scope(self, part: Scope | Repeat, place: Place, number: int | str = "") -> Place:
        made = place.scope(part.name, number)
        if self.scopes.setdefault(made.prefix, type(part)) is not type(part):
            raise HoleError("a scope and a repetition share one name", path=made.prefix[:-1], hint="rename one of them")
        return made

    def combinator(self, part: Part, place: Place) -> Part:
        match part:
            case Branches(branches=branches, join=join, drop_path=drop_path):
                made = (self.chain(branch, place) for branch in branches)
                return Branches(*made, join=self.value(join, place), drop_path=self.value(drop_path, place))
            case Fork(branches=branches):
                return Fork(*(self.chain(branch, place) for branch in branches))
            case Cells(cells=cells):
                return Cells(*(made for cell in cells for made in self.cells(cell, place)))
            case Graph(inputs=inputs, steps=steps):
                return Graph(self.value(inputs, place), tuple(self.step(step, place) for step in steps))
            case Exit(head=head, weight=weight):
                return Exit(self.chain(head, place), self.value(weight, place))
            case _:
                values = (self.value(value, place) for value in contents(part))
                try:
                    return type(part)(**dict(zip(field_names(type(part)), values, strict=True)))
                except PartError as error:
                    raise PartError(error.rule, path=place.prefix.rstrip("."), hint=error.hint) from None

    def step(self, step: Step, place: Place) -> Step:
        edges = [Edge(self.chain(edge.part, place), self.value(edge.source, place)) for edge in step.edges]
        return Step(*edges, join=self.value(step.join, place))

    def cells(self, cell: Chain, place: Place) -> list[Chain]:
        if not holds_cells(cell):
            return [self.chain(cell, place)]
        return [made for part in cell.parts for made in self.row(part, place)]

    def row(self, part: Part, place: Place) -> list[Chain]:
        """The cells of a part that stands for a row of them."""
        match part:
            case Cells(cells=cells):
                return [made for one in cells for made in self.cells(one, place)]
            case Scope(part=inner):
                return self.cells(inner, self.scope(part, place))
            case Repeat(part=inner):
                times = range(1, self.times(part, place) + 1)
                return [made for i in times for made in self.cells(inner, self.scope(part, place, i))]
            case Choice():
                label = self.decide(part, place)
                return self.cells(part.part(label), place.alternative(part, label))
            case _:
                raise AssertionError("holds_cells says which parts stand for cells")


def _alike(a: Hole, b: Hole) -> bool:
    """Whether two holes of one name are one decision: they offer the same, wherever they stand."""
    return type(a) is type(b) and a.options == b.options and (not isinstance(a, Choice) or a.parts == b.parts)  # type: ignore[union-attr]


_INTERNED: dict[Any, Any] = {}


def interned(part: T) -> T:
    """The one object for all parts equal to `part`, so that mutants share what they have in common."""
    if len(_INTERNED) >= 200_000:
        _INTERNED.clear()
    made: T = _INTERNED.setdefault(part, part)
    return made


def offers(hole: Hole, option: Any) -> bool:
    """Whether `option` is one of the hole's."""
    if isinstance(hole, Span):
        return type(option) is int and option in hole.options
    return any(same(option, offered) for offered in hole.options)


def offered_text(hole: Hole) -> str:
    """What a hole offers, as a person reads it."""
    if isinstance(hole, Span):
        return f"{hole.low} to {hole.high}" + (f" in steps of {hole.step}" if hole.step > 1 else "")
    shown = ", ".join(str(option) for option in hole.options[:12])
    return shown + (f", … ({len(hole.options)} in all)" if len(hole.options) > 12 else "")


def _from_point(point: Mapping[str, Any]) -> Ask:
    def ask(name: str, hole: Hole) -> Any:
        if name not in point:
            raise HoleError(
                f"the point leaves this hole open; it offers {offered_text(hole)}",
                path=name,
                hint=_nearest(name, point),
            )
        return from_plain(hole, point[name])

    return ask


def _nearest(name: str, names: Mapping[str, Any]) -> str:
    # Of thousands of names few are worth a close look: those that are equal before and after what was mistyped.
    alike = nlargest(8, names, lambda other: _shared(name, other) + _shared(name[::-1], other[::-1]))
    near = get_close_matches(name, alike, n=1)
    return f"did you mean {near[0]!r}?" if near else ""


def _shared(a: str, b: str) -> int:
    """With how many characters both begin."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _suggested(trial: Suggests, name: str, hole: Hole) -> Any:
    if isinstance(hole, Span):
        return trial.suggest_int(name, hole.low, hole.high, step=hole.step, log=hole.log)
    return from_plain(hole, trial.suggest_categorical(name, [plain(option) for option in hole.options]))


def plain(option: Any) -> bool | int | float | str:
    """An option as JSON and databases hold it: a pair or ratio as its text."""
    return option if isinstance(option, bool | int | float | str) else compact(option)


def from_plain(hole: Hole, value: Any) -> Any:
    """The option of a hole whose plain form is `value`; `value` itself where there is none."""
    if isinstance(value, str) and not isinstance(hole, Span):
        return next((option for option in hole.options if plain(option) == value), value)
    return value
