"""Strategies by name. Each is an Optuna sampler, so ours and Optuna's own are interchangeable."""

import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from optuna import samplers
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, GPSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from nas.errors import NameUnknownError
from nas.search.strategies.evolution import AgingEvolution
from nas.search.strategies.front_first import FrontFirst
from nas.search.strategies.known import LookAt
from nas.search.strategies.local import LocalSearch
from nas.search.strategies.sight import Sight

DEFAULT = "front-first"
_OPTUNA = "optuna:"


@dataclass(frozen=True)
class Strategy:
    """A way to choose the next network.

    Args:
        name: What a person calls it.
        about: What it does, in a line.
        sampler: Makes the Optuna sampler, from a seed and what is known of a network before it is trained.
        spread: Whether the first networks are not asked of the sampler but spread over the range of MACs.
        named: Whether some of the first are named networks that lie in the space.
        asks: How often it is asked for a network that may be trained, before one is drawn: few times where it thinks
            long and knows what was tried.
        tells_parents: Whether it says of which networks each was made.
    """

    name: str
    about: str
    sampler: Callable[[int, Sight], BaseSampler]
    spread: bool = False
    named: bool = False
    asks: int = 50
    tells_parents: bool = False


def strategy(name: str) -> Strategy:
    """The strategy of that name.

    Args:
        name: Of a strategy; "default" for the one that is used unless said; or "optuna:" and the name of a sampler of
            Optuna's that takes a seed and needs no more, such as "optuna:BruteForceSampler".

    Raises:
        NameUnknownError: there is none.
    """
    name = DEFAULT if name == "default" else name
    if name.startswith(_OPTUNA):
        return _optunas(name.removeprefix(_OPTUNA))
    if name not in STRATEGIES:
        near = get_close_matches(name.lower(), STRATEGIES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(STRATEGIES)}"
        raise NameUnknownError(f"no strategy is called {name!r}", path="--strategy", hint=hint)
    return STRATEGIES[name]


def sampler(name: str, *, seed: int, look: LookAt | None = None) -> BaseSampler:
    """An Optuna sampler for any study: `optuna.create_study(directions=…, sampler=sampler("default", seed=0))`.

    Args:
        name: Of a strategy.
        seed: Of every choice.
        look: What is known of a network before it is trained, which only the default uses; see `Look`.

    Raises:
        NameUnknownError: there is no strategy of that name.
    """
    return strategy(name).sampler(seed, Sight(look))


def _optunas(name: str) -> Strategy:
    """A sampler of Optuna's as it comes."""
    known: dict[str, Callable[..., BaseSampler]] = {
        name: made
        for name, made in inspect.getmembers(samplers, inspect.isclass)
        if issubclass(made, BaseSampler) and "seed" in inspect.signature(made).parameters
    }
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {_OPTUNA}{near[0]}?" if near else f"known: {', '.join(sorted(known))}"
        raise NameUnknownError(f"Optuna has no sampler {name!r} that takes a seed", path="--strategy", hint=hint)
    made = known[name]
    needed = [
        parameter.name
        for parameter in inspect.signature(made).parameters.values()
        if parameter.default is parameter.empty
    ]
    if needed:
        rule = f"a sampler is made of a seed alone, {name} also needs {', '.join(needed)}"
        raise NameUnknownError(rule, path="--strategy", hint="use it in a study of your own, with nas.realize")

    def sampler(seed: int, _: Sight) -> BaseSampler:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return made(seed=seed)

    return Strategy(f"{_OPTUNA}{name}", f"Optuna's {name}", sampler)


def _tpe(seed: int, _: Sight) -> BaseSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return TPESampler(seed=seed, multivariate=True, group=True, constant_liar=True)


class _NSGA2(NSGAIISampler):
    """Optuna's NSGA-II, made a function of its study.

    Optuna sorts parents one way when it first selects them, and another when it reads them from its cache.
    """

    def select_parent(self, study: Study, generation: int) -> list[FrozenTrial]:
        """The parents by number."""
        return sorted(super().select_parent(study, generation), key=lambda trial: trial.number)


def _nsga2(seed: int, _: Sight) -> BaseSampler:
    # A population of Optuna's default of 50 has its first children after the last trial of a small budget.
    return _NSGA2(seed=seed, population_size=20)


def _gp(seed: int, _: Sight) -> BaseSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return GPSampler(seed=seed)


STRATEGIES: dict[str, Strategy] = {
    made.name: made
    for made in (
        Strategy(
            "front-first",
            "of many children of the front the one expected to widen it most for its price",
            lambda seed, sight: FrontFirst(seed=seed, sight=sight),
            named=True,
            asks=3,
            tells_parents=True,
        ),
        Strategy(
            "local",
            "one-edit children of the front",
            lambda seed, _: LocalSearch(seed=seed),
            spread=True,
            tells_parents=True,
        ),
        Strategy(
            "evolution",
            "regularized (aging) evolution",
            lambda seed, _: AgingEvolution(seed=seed),
            tells_parents=True,
        ),
        Strategy("nsga2", "Optuna's NSGA-II", _nsga2),
        Strategy("tpe", "Optuna's multivariate tree-structured Parzen estimator", _tpe),
        Strategy("gp", "Optuna's Gaussian process", _gp, asks=3),
        Strategy("random", "every hole at random", lambda seed, _: RandomSampler(seed=seed)),
    )
}
