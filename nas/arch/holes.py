"""Holes that stand where a value may stand: a pick among values, a span of integers, arithmetic on holes."""

from __future__ import annotations

import math
import random
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, fields, replace
from functools import lru_cache
from typing import Any

from nas.errors import HoleError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_name(name: str) -> None:
    """Raise HoleError unless `name` is a plain identifier: dots and `=` build the scopes around it."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise HoleError(
            f"a name is made of letters, digits and underscores, got {name!r}", hint="for example 'width' or 'stage'"
        )


class Arithmetic:
    """What makes a hole a value: equality, in which 1, 1.0 and True are three options, and operators."""

    __slots__ = ("_hash", "_key")
    _hash: int
    _key: tuple[Any, ...]

    def __eq__(self, other: object) -> bool:
        return self is other or (type(self) is type(other) and self.key == other.key)

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            object.__setattr__(self, "_hash", hash(self.key))
            return self._hash

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for equal holes, and for no others."""
        try:
            return self._key
        except AttributeError:
            values = [_typed(getattr(self, field.name)) for field in fields(self)]  # type: ignore[arg-type]
            object.__setattr__(self, "_key", tuple(values))
            return self._key

    def __add__(self, other: Any) -> Derived:
        return Derived("+", self, other)

    def __radd__(self, other: Any) -> Derived:
        return Derived("+", other, self)

    def __sub__(self, other: Any) -> Derived:
        return Derived("-", self, other)

    def __rsub__(self, other: Any) -> Derived:
        return Derived("-", other, self)

    def __mul__(self, other: Any) -> Derived:
        return Derived("*", self, other)

    def __rmul__(self, other: Any) -> Derived:
        return Derived("*", other, self)

    def __floordiv__(self, other: Any) -> Derived:
        return Derived("//", self, other)

    def __rfloordiv__(self, other: Any) -> Derived:
        return Derived("//", other, self)

    def __truediv__(self, other: Any) -> Derived:
        return Derived("/", self, other)

    def __rtruediv__(self, other: Any) -> Derived:
        return Derived("/", other, self)


@dataclass(frozen=True, slots=True, eq=False)
class Pick(Arithmetic):
    """One of `options`; with `scope`, decided once in the nearest enclosing scope of that name ("" is the root)."""

    name: str
    options: tuple[Any, ...]
    scope: str | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        if not self.options:
            raise HoleError("a pick needs at least one option, got none", path=self.name)
        if len(set(map(_typed, self.options))) < len(self.options):
            raise HoleError(f"the options of a pick differ from each other, got {self.options}", path=self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Span(Arithmetic):
    """An integer from `low` to `high`, both included, in steps of `step`; `scope` as in `Pick`.

    With `log` a random one is drawn evenly by its logarithm: 1 to 10 as often as 10 to 100.
    """

    name: str
    low: int
    high: int
    step: int = 1
    scope: str | None = None
    _: KW_ONLY
    log: bool = False

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.step < 1 or self.low > self.high or (self.high - self.low) % self.step:
            raise HoleError(
                f"a span runs from low to high in whole steps, got {self.low} to {self.high} by {self.step}",
                path=self.name,
            )
        if self.log and (self.low < 1 or self.step > 1):
            raise HoleError(
                f"a span drawn by its logarithm begins at 1 or above, in steps of 1, got {self.low} by {self.step}",
                path=self.name,
                hint="add or multiply: 2 * span(…, log=True) - 2",
            )

    @property
    def options(self) -> range:
        """All values, in order."""
        return range(self.low, self.high + 1, self.step)


@dataclass(frozen=True, slots=True, eq=False)
class Derived(Arithmetic):
    """`left op right`, where at least one side is a hole."""

    op: str
    left: Any
    right: Any

    def __post_init__(self) -> None:
        if self.op not in _OPS:
            raise HoleError(f"arithmetic on holes knows {', '.join(_OPS)}, got {self.op!r}")


ValueHole = Pick | Span
Open = (Pick, Span, Derived)

_OPS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "/": lambda a, b: a / b,
}


def span(name: str, low: int, high: int, step: int = 1, *, log: bool = False) -> Any:
    """A hole for an integer from `low` to `high`, both included, in steps of `step`, or drawn by its logarithm."""
    return Span(name, low, high, step, log=log)


def shared(scope: str, hole: Any) -> Any:
    """The same hole, decided once for the nearest enclosing scope named `scope` ("" is the whole space).

    Of arithmetic on holes, all of them; a plain value stays what it is.
    """
    match hole:
        case Derived(op=op, left=left, right=right):
            return Derived(op, shared(scope, left), shared(scope, right))
        case Pick() | Span():
            return replace(hole, scope=scope)
        case _:
            return hole


def log_uniform(low: int, high: int, rng: random.Random) -> int:
    """A random integer from `low` to `high`, evenly by its logarithm."""
    drawn = math.exp(rng.uniform(math.log(low - 0.5), math.log(high + 0.5)))
    return min(high, max(low, round(drawn)))


def value_holes(value: Any) -> Iterator[ValueHole]:
    """The holes a value stands on, from left to right."""
    match value:
        case Pick() | Span():
            yield value
        case Derived(left=left, right=right):
            yield from value_holes(left)
            yield from value_holes(right)
        case _:
            pass


def evaluate(value: Any, decided: Callable[[ValueHole], Any]) -> Any:
    """`value` with every hole replaced by what `decided` says of it."""
    match value:
        case Pick() | Span():
            return decided(value)
        case Derived(op=op, left=left, right=right):
            a, b = evaluate(left, decided), evaluate(right, decided)
            if op in ("//", "/") and b == 0:
                raise HoleError(f"a derived value does not divide by zero, got {a} // {b}")
            return _OPS[op](a, b)
        case _:
            return value


def solve(value: Any, target: Any, known: Mapping[ValueHole, Any]) -> Iterator[dict[ValueHole, Any]]:
    """Every way to decide the undecided holes of `value` so that it equals `target`, one dict a way.

    A single undecided hole is looked up, not tried out; of several, all but the last are tried.
    """
    unknown = [hole for hole in dict.fromkeys(value_holes(value)) if hole not in known]
    if not unknown:
        if same(evaluate(value, known.__getitem__), target):
            yield {}
    elif len(unknown) == 1:
        hole = unknown[0]
        fixed = evaluate_except(value, hole, known)
        for option in _reaching(fixed, hole, target):
            yield {hole: option}
    else:
        first = unknown[0]
        for option in first.options:
            for rest in solve(value, target, {**known, first: option}):
                yield {first: option, **rest}


def evaluate_except(value: Any, hole: ValueHole, known: Mapping[ValueHole, Any]) -> Any:
    """`value` with every known hole filled in and `hole` left open."""
    match value:
        case Pick() | Span():
            return value if value == hole else known[value]
        case Derived(op=op, left=left, right=right):
            a, b = evaluate_except(left, hole, known), evaluate_except(right, hole, known)
            return Derived(op, a, b) if isinstance(a, Open) or isinstance(b, Open) else _OPS[op](a, b)
        case _:
            return value


def _reaching(value: Any, hole: ValueHole, target: Any) -> Iterable[Any]:
    """The options of `hole`, the one hole left in `value`, that make `value` the target."""
    if isinstance(hole, Span) and isinstance(target, int | float) and _is_monotone(value, hole):
        return _searched(value, hole.options, target)
    return _inverse(value, hole).get(_typed(target), ())


def _is_monotone(value: Any, hole: Span) -> bool:
    """Whether a value only rises or only falls with its hole: it stands there once, and nothing is divided by zero."""
    match value:
        case Span():
            return True
        case Derived(op=op, left=left, right=right):
            inner, other = (left, right) if isinstance(left, Open) else (right, left)
            if isinstance(other, Open) or type(other) not in (int, float):
                return False
            if op in ("//", "/") and (inner is right or other == 0):
                return inner is right and type(inner) is Span and hole.low > 0
            return _is_monotone(inner, hole)
        case _:
            return False


def _searched(value: Any, options: range, target: Any) -> Iterator[Any]:
    """The options at which a monotone value is the target: the first is searched for, others stand next to it."""

    def at(index: int) -> Any:
        option = options[index]
        return evaluate(value, lambda _: option)

    last = len(options) - 1
    rises = at(0) <= at(last)
    index = bisect_left(range(len(options)), True, key=lambda i: at(i) >= target if rises else at(i) <= target)
    while index <= last and at(index) == target:
        if same(at(index), target):
            yield options[index]
        index += 1


@lru_cache(maxsize=65536)
def _inverse(value: Any, hole: ValueHole) -> dict[Any, tuple[Any, ...]]:
    """Which options of `hole` give which result, the one hole left in `value`."""
    table: dict[Any, tuple[Any, ...]] = {}
    for option in hole.options:
        try:
            result = _typed(evaluate(value, {hole: option}.__getitem__))
        except (HoleError, TypeError):
            continue
        table[result] = (*table.get(result, ()), option)
    return table


def same(a: Any, b: Any) -> bool:
    """Whether two values are the same in kind and size: 1, 1.0 and True are three values."""
    return bool(_typed(a) == _typed(b))


def _typed(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_typed, value))
    if isinstance(value, float) and math.isnan(value):
        return (float, "nan")
    return (type(value), value)
