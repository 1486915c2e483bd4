"""One strategy on a table: it asks for cells, is told noisy accuracies, and is judged by what it asked for."""

import math
import random
import time
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import optuna

from nas.arch.cost import Shape, cost
from nas.arch.nodes import Space
from nas.arch.points import decisions
from nas.arch.realize import realize, sample
from nas.arch.scopes import Hole
from nas.arch.traits import traits
from nas.bench.table import Cell, Table, cell_at
from nas.errors import NasError
from nas.runs.journal import Direction
from nas.search.hypervolume import hypervolume
from nas.search.strategies import Strategy
from nas.search.strategies.known import Look
from nas.search.strategies.sight import Sight

INPUT: Shape = (3, 32, 32)
WORST = {"cifar10": 70.0, "cifar100": 40.0, "imagenet16": 15.0}
"""Accuracies, in percent, from which on a network counts; the dearest network is the other end of the reference."""

_DEAREST: Cell = ("nor_conv_3x3",) * 6


@dataclass(frozen=True)
class Arena:
    """What strategies are compared on.

    Args:
        space: Whose points are the cells of the table.
        table: Of trained networks.
        task: The data set.
        noise: Standard deviation of what a strategy is told, in percent of accuracy.
        single: Whether accuracy is the only objective; else log MACs are the other.
    """

    space: Space
    table: Table
    task: str
    noise: float = 0.2
    single: bool = False

    def __post_init__(self) -> None:
        if self.task not in WORST:
            raise NasError(f"a task of the table is one of {', '.join(WORST)}, got {self.task!r}", path="--task")

    @property
    def directions(self) -> list[Direction]:
        """Optuna's words."""
        return ["maximize"] if self.single else ["maximize", "minimize"]

    @cached_property
    def holes(self) -> Mapping[str, Hole]:
        """What a trial is asked, by name: all cells have the same six decisions."""
        return decisions(self.space, sample(self.space, random.Random(0)))

    @cached_property
    def seen(self) -> dict[Cell, Look]:
        """What is known of cells before they are trained, as far as they were looked at."""
        return {}

    @cached_property
    def prices(self) -> tuple[int, int]:
        """MACs of a network without a convolution in its cells, and of a 1×1 convolution in each cell of it."""
        without, with_one = (
            cost(realize(self.space, dict.fromkeys(self.holes, "none") | changed), INPUT).macs
            for changed in ({}, {next(iter(self.holes)): "nor_conv_1x1"})
        )
        return without, with_one - without

    @cached_property
    def whole(self) -> float:
        """The hypervolume of all cells."""
        return self.volume(list(self.table))

    @cached_property
    def best(self) -> float:
        """The highest accuracy."""
        return max(row[self.task] for row in self.table.values())

    def asked(self, trial: Any) -> dict[str, str]:
        """The point that a trial asks for."""
        return {name: trial.suggest_categorical(name, hole.options) for name, hole in self.holes.items()}

    def look(self, trial: Any) -> Look:
        """What is known of the network that a trial asks for."""
        point = self.asked(trial)
        cell = cell_at(point)
        if cell not in self.seen:
            network = realize(self.space, point)
            made = cost(network, INPUT)
            exact = (None,) if self.single else (None, float(made.macs))
            self.seen[cell] = Look(network, exact, traits(network, made))
        return self.seen[cell]

    def macs(self, cell: Cell) -> int:
        """MACs of a network of such cells: a convolution costs the same in every cell of it, a 3×3 nine times a 1×1."""
        without, one = self.prices
        return without + one * (cell.count("nor_conv_1x1") + 9 * cell.count("nor_conv_3x3"))

    def volume(self, cells: Sequence[Cell]) -> float:
        """What cells dominate, by their true accuracy and the logarithm of their MACs."""
        points = [(np.log(self.macs(cell)), -self.table[cell][self.task]) for cell in cells]
        return hypervolume(points, (np.log(self.macs(_DEAREST)), -WORST[self.task]))


@dataclass(frozen=True)
class Play:
    """What a strategy did.

    Args:
        strategy: Its name.
        seed: Of its choices and of the noise.
        cells: In the order in which they were trained; one that it asked for again counts again.
        asks: How many cells it asked for.
        seconds: CPU time of all asks.
        spent: At each, what was spent with it in all, in trainings; empty where that is one for each.
    """

    strategy: str
    seed: int
    cells: tuple[Cell, ...]
    asks: int
    seconds: float
    spent: tuple[float, ...] = ()

    @property
    def evaluations(self) -> int:
        """What was spent in all, in trainings."""
        return math.ceil(self.spent[-1]) if self.spent else len(self.cells)

    def regret(self, arena: Arena, evaluations: int) -> float:
        """What is missing after so many evaluations, in percent: of hypervolume, or of the highest accuracy."""
        count = bisect_right(self.spent, evaluations) if self.spent else evaluations
        cells = list(dict.fromkeys(self.cells[:count]))
        if not cells:
            return 100.0
        if arena.single:
            return arena.best - max(arena.table[cell][arena.task] for cell in cells)
        return 100 * (1 - arena.volume(cells) / arena.whole)

    def evaluations_to(self, arena: Arena, regret: float) -> int | None:
        """After how many evaluations no more was missing than that; None where more was missing at the end."""
        low, high = 1, self.evaluations
        if self.regret(arena, high) > regret:
            return None
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.regret(arena, middle) <= regret else (middle + 1, high)
        return low


def play(strategy: Strategy, arena: Arena, *, seed: int, evaluations: int) -> Play:
    """Let a strategy ask for so many cells.

    Args:
        strategy: To be judged.
        arena: On what.
        seed: Of the strategy's choices and of the noise; a cell asked for again gets the accuracy it got before.
        evaluations: How many.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    rng = np.random.default_rng(seed)
    told: dict[Cell, float] = {}
    study = optuna.create_study(directions=arena.directions, sampler=strategy.sampler(seed, Sight(arena.look)))
    cells, seconds = [], 0.0
    for _ in range(evaluations):
        begin = time.process_time()
        trial = study.ask()
        point = arena.asked(trial)
        seconds += time.process_time() - begin
        cell = cell_at(point)
        cells.append(cell)
        if cell not in told:
            told[cell] = arena.table[cell][arena.task] + arena.noise * rng.standard_normal()
        study.tell(trial, [told[cell]] if arena.single else [told[cell], float(arena.macs(cell))])
    return Play(strategy.name, seed, tuple(cells), len(cells), seconds)
