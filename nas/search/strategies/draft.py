"""A trial that is only thought of: it answers what it is asked by a plan, else at random, and remembers."""

import random
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution

from nas.arch.holes import log_uniform
from nas.search.strategies.origin import CHANCE, Origin

Parameters = dict[str, Any]


class Plan:
    """Values for a trial: those of a parent, some of them changed.

    A parameter that is newly asked for takes over the value of its namesake under the label that was left:
    `block=a.width` that of `block=b.width`.

    Args:
        parent: Parameters of another trial.
        changed: What differs from them.
        origin: Where they come from.
    """

    def __init__(
        self, parent: Mapping[str, Any], changed: Mapping[str, Any] | None = None, *, origin: Origin = CHANCE
    ) -> None:
        self.origin = origin
        self._values = {**parent, **(changed or {})}
        self._moved = [
            (f"{name}={option}.", f"{name}={parent[name]}.")
            for name, option in (changed or {}).items()
            if name in parent
        ]

    def value(self, asked: str, offered: BaseDistribution, rng: random.Random) -> Any:
        """The planned value of a parameter, or a random one where the plan has none that is offered."""
        names = (asked, *(asked.replace(opened, left, 1) for opened, left in self._moved if opened in asked))
        for name in names:
            if name in self._values and self._values[name] in options(offered):
                return self._values[name]
        return draw(offered, rng)


class Draft:
    """Anything that can be realized from a trial can be realized from it.

    Args:
        plan: What to answer.
        rng: For what the plan leaves open.
    """

    def __init__(self, plan: Plan, rng: random.Random) -> None:
        self._plan, self._rng = plan, rng
        self.params: Parameters = {}
        self.distributions: dict[str, BaseDistribution] = {}

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """One of the choices."""
        return self._suggest(name, _categorical(tuple(choices), tuple(map(type, choices))))

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """An integer of the range."""
        made: int = self._suggest(name, IntDistribution(low, high, log=log, step=step))
        return made

    def _suggest(self, name: str, offered: BaseDistribution) -> Any:
        if name not in self.params:
            self.params[name] = self._plan.value(name, offered, self._rng)
            self.distributions[name] = offered
        return self.params[name]


@lru_cache(maxsize=10_000)
def _categorical(choices: tuple[Any, ...], _: tuple[type, ...]) -> CategoricalDistribution:
    """One object for all who offer the same, so that many thousand trials have room; 1 and True are not the same."""
    return CategoricalDistribution(choices)


def options(offered: BaseDistribution) -> Sequence[Any]:
    """What a parameter offers.

    Raises:
        TypeError: the parameter is a float, of which there is no list.
    """
    match offered:
        case CategoricalDistribution(choices=choices):
            return choices
        case IntDistribution(low=low, high=high, step=step):
            return range(low, high + 1, step)
        case _:
            raise TypeError(f"this strategy takes categorical and integer parameters, got {offered}")


def draw(offered: BaseDistribution, rng: random.Random) -> Any:
    """A random value of a parameter, even by its logarithm where it is said so."""
    if isinstance(offered, IntDistribution) and offered.log:
        return log_uniform(offered.low, offered.high, rng)
    return rng.choice(options(offered))


def mutated(
    params: Mapping[str, Any],
    distributions: Mapping[str, BaseDistribution],
    rng: random.Random,
    *,
    parents: tuple[int, ...],
) -> Plan | None:
    """The parameters of `parents` with one changed; None where none has another value."""
    free = sorted(name for name, offered in distributions.items() if len(options(offered)) > 1)
    if not free:
        return None
    name = rng.choice(free)
    while (option := draw(distributions[name], rng)) == params[name]:
        pass
    return Plan(params, {name: option}, origin=Origin("child", parents))


def crossed(a: Mapping[str, Any], b: Mapping[str, Any], rng: random.Random, *, parents: tuple[int, ...]) -> Plan:
    """Each parameter from one of two of the `parents`, at random where both have it."""
    made = {name: rng.choice([p[name] for p in (a, b) if name in p]) for name in sorted({*a, *b})}
    return Plan(made, origin=Origin("crossing", parents))
