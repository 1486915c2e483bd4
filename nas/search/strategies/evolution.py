"""Regularized evolution: Real et al. 2019, arXiv:1802.01548; a tournament among the youngest, the oldest forgotten."""

import random

import optuna
from optuna.trial import FrozenTrial

from nas.search.objectives import front
from nas.search.strategies.draft import Plan, mutated
from nas.search.strategies.planned import PlanningSampler, finished, lost


class AgingEvolution(PlanningSampler):
    """Mutates the winner of a tournament in a population from which age alone removes.

    With several objectives a random one of those whom no other of the tournament beats wins.

    Args:
        seed: Of every choice.
        population: How many of the youngest networks live.
        tournament: How many of them compete.
    """

    def __init__(self, *, seed: int, population: int = 50, tournament: int = 10) -> None:
        super().__init__(seed=seed)
        self._population, self._tournament = population, tournament

    def plan(self, study: optuna.Study, trial: FrozenTrial, rng: random.Random) -> Plan | None:
        """A child of the winner; anything until the population is full."""
        alive = finished(study)[-self._population :]
        if len(alive) < self._population:
            return None
        competing = rng.sample(alive, self._tournament)
        winner = rng.choice(front(competing, lambda done: lost(study, done)))
        return mutated(winner.params, winner.distributions, rng, parents=(winner.number,))
