"""What every strategy keeps to, on any define-by-run objective with categorical and integer parameters."""

import math

import optuna
import pytest
from optuna.trial import TrialState

from nas.errors import NameUnknownError
from nas.search.strategies import STRATEGIES, Sight, sampler, strategy
from nas.search.strategies.known import Look

TRIALS = 24
DIRECTIONS = ("maximize", "minimize")


def ask(trial):
    """A little space of its own, whose second parameter exists under one label only; quality and cost."""
    kind = trial.suggest_categorical("kind", ["thin", "wide", "deep"])
    width = trial.suggest_int("width", 4, 64, step=4)
    depth = trial.suggest_int("kind=deep.depth", 1, 400, log=True) if kind == "deep" else 1
    cost = width * width * depth
    quality = 1 - 1 / (1 + math.log(cost)) + {"thin": 0.0, "wide": 0.02, "deep": 0.05}[kind]
    return quality, float(cost)


def look(trial):
    quality, cost = ask(trial)
    return Look((quality, cost), (None, cost), {"log cost": math.log(cost)})


def study(name, *, seed=0, trials=TRIALS, sighted=True, directions=DIRECTIONS):
    made = optuna.create_study(directions=directions, sampler=sampler(name, seed=seed, look=look if sighted else None))
    for _ in range(trials):
        trial = made.ask()
        made.tell(trial, ask(trial)[: len(directions)])
    return made


def params(made):
    return [trial.params for trial in made.trials]


@pytest.fixture(autouse=True)
def _quiet():
    optuna.logging.set_verbosity(optuna.logging.ERROR)


@pytest.mark.parametrize("name", STRATEGIES)
class TestEveryStrategy:
    def test_the_same_seed_asks_for_the_same_and_another_for_something_else(self, name):
        made = [params(study(name, seed=seed, trials=12 if name == "gp" else TRIALS)) for seed in (0, 0, 1)]
        assert made[0] == made[1] != made[2]

    def test_one_objective_will_do(self, name):
        made = study(name, trials=11, directions=["maximize"])
        assert made.best_value > 0.5

    def test_it_goes_on_beside_failed_and_running_trials(self, name):
        made = study(name, trials=11)
        made.tell(made.ask(), state=TrialState.FAIL)
        ask(made.ask())
        assert ask(made.ask())[0] > 0


def test_the_default_goes_on_as_it_would_have():
    """What it asks for follows from the study alone: a sampler made anew in the middle makes no difference."""
    whole, half = study("default"), study("default", trials=TRIALS // 2)
    again = optuna.create_study(directions=DIRECTIONS, sampler=sampler("default", seed=0, look=look))
    again.add_trials(half.trials)
    for _ in range(TRIALS - TRIALS // 2):
        trial = again.ask()
        again.tell(trial, ask(trial))
    assert params(again) == params(whole)


def test_the_default_begins_spread_over_the_costs():
    costs = [math.log(trial.values[1]) for trial in study("default", trials=12).trials]
    at_random = [math.log(trial.values[1]) for trial in study("random", trials=12).trials]
    assert max(costs) - min(costs) >= max(at_random) - min(at_random)


def test_the_default_tries_no_network_twice_as_long_as_there_are_others():
    made = study("default", trials=40)
    assert len({tuple(sorted(trial.params.items())) for trial in made.trials}) >= 37, "random ones may repeat"


def test_the_default_needs_no_sight():
    made = study("default", sighted=False, trials=30)
    random = study("random", trials=30)
    assert max(t.values[0] for t in made.trials) >= max(t.values[0] for t in random.trials) - 0.02
    assert Sight().is_blind


@pytest.mark.parametrize("name", ["optuna:QMCSampler", "optuna:NSGAIIISampler", "optuna:TPESampler"])
def test_samplers_of_optunas_are_strategies(name):
    made = [params(study(name, seed=seed, trials=6)) for seed in (0, 0, 1)]
    assert made[0] == made[1] != made[2]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "optuna:QMCSample",
            "Optuna has no sampler 'QMCSample' that takes a seed(?s:.*)did you mean optuna:QMCSampler",
        ),
        ("optuna:GridSampler", "made of a seed alone, GridSampler also needs search_space"),
        ("optuna:os", "Optuna has no sampler 'os'"),
    ],
)
def test_what_is_no_sampler_of_optunas_is_told(name, message):
    with pytest.raises(NameUnknownError, match=message):
        strategy(name)
