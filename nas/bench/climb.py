"""A strategy on a table with rungs: every cell it asks for is trained shortly, and few in full."""

import time

import numpy as np
import optuna

from nas.bench.play import Arena, Play
from nas.bench.table import EPOCHS, SHORT_EPOCHS, Cell, cell_at, short
from nas.errors import DataError
from nas.search.objectives import losses
from nas.search.retold import RetoldStorage
from nas.search.rungs import Rungs
from nas.search.strategies import Strategy
from nas.search.strategies.sight import Sight

SUFFIX = "+rungs"
_PERCENT = 100


def climb(strategy: Strategy, arena: Arena, *, seed: int, evaluations: int) -> Play:
    """Let a strategy spend as much as so many full trainings take.

    The table's short training has a schedule of its own, so a full one begins anew and nothing of its price is saved.

    Args:
        strategy: To be judged. What a short training promises for the end, it is told as if it had come true.
        arena: On what.
        seed: As in `play`.
        evaluations: Full trainings that could be paid.

    Raises:
        DataError: the table has no short trainings.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    climbing = _Climbing(strategy, arena, seed)
    while climbing.spent + EPOCHS <= evaluations * EPOCHS:
        climbing.step(left=evaluations * EPOCHS - climbing.spent)
    return climbing.play(strategy.name + SUFFIX, seed)


class _Climbing:
    def __init__(self, strategy: Strategy, arena: Arena, seed: int) -> None:
        if short(arena.task) not in next(iter(arena.table.values())):
            raise DataError(f"rungs need a column {short(arena.task)}, and the table has none", path="--rungs")
        self._arena, self._rng = arena, np.random.default_rng(seed)
        self._storage, self._rungs = RetoldStorage(), Rungs((SHORT_EPOCHS, EPOCHS))
        self._study = optuna.create_study(
            directions=arena.directions, sampler=strategy.sampler(seed, Sight(arena.look)), storage=self._storage
        )
        self._asked: list[Cell] = []
        self._known: dict[Cell, int] = {}
        """The first trial of each cell. One that is asked for again is paid for again, and told what the first was."""
        self._full: dict[int, float] = {}
        """After how many epochs in all the full training of a trial had ended."""
        self._seconds = 0.0
        self.spent = 0

    def step(self, *, left: int) -> None:
        """One training: of a new cell, or a full one; only full ones where what is left pays no more than those due."""
        ending = left <= EPOCHS * len(self._rungs.promising())
        resting = self._rungs.resting()
        due = self._rungs.best(resting) if ending and resting else self._rungs.due()
        if due is None:
            self._begin()
        else:
            self._complete(due)
        for number, accuracy in self._rungs.expected().items():
            self._retell(number, accuracy)

    def play(self, name: str, seed: int) -> Play:
        """What was done."""
        cells = tuple(self._asked[number] for number in self._full)
        spent = tuple(after / EPOCHS for after in self._full.values())
        return Play(name, seed, cells, len(self._asked), self._seconds, spent)

    def _begin(self) -> None:
        begin = time.process_time()
        trial = self._study.ask()
        cell = cell_at(self._arena.asked(trial))
        self._seconds += time.process_time() - begin
        self._asked.append(cell)
        self.spent += SHORT_EPOCHS
        if cell in self._known:
            self._study.tell(trial, self._study.get_trials(deepcopy=False)[self._known[cell]].values)
            return
        self._known[cell] = trial.number
        accuracy = self._told(cell, short(self._arena.task))
        self._study.tell(trial, self._values(cell, accuracy))
        self._reach(trial.number, accuracy)

    def _complete(self, number: int) -> None:
        self._rungs.go_on(number)
        self.spent += EPOCHS
        self._full[number] = self.spent
        accuracy = self._told(self._asked[number], self._arena.task)
        self._reach(number, accuracy)
        self._retell(number, accuracy)

    def _reach(self, number: int, accuracy: float) -> None:
        cell = self._asked[number]
        directions = self._arena.directions

        def lost(accuracy: float) -> tuple[float, ...]:
            return losses(self._values(cell, accuracy), directions)

        look = self._arena.look(self._study.get_trials(deepcopy=False)[number])
        self._rungs.reach(number, accuracy, macs=self._arena.macs(cell), traits=look.traits, losses=lost)

    def _retell(self, number: int, accuracy: float) -> None:
        trial = self._study.get_trials(deepcopy=False)[number]
        self._storage.retell(trial, self._values(self._asked[number], accuracy))

    def _told(self, cell: Cell, column: str) -> float:
        return (self._arena.table[cell][column] + self._arena.noise * self._rng.standard_normal()) / _PERCENT

    def _values(self, cell: Cell, accuracy: float) -> list[float]:
        return [_PERCENT * accuracy] if self._arena.single else [_PERCENT * accuracy, float(self._arena.macs(cell))]
