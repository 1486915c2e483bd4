"""What choosing costs at rungs: python benchmarks/choosing.py nas_bench_201.csv.gz [--task cifar100] [--price 33].

A search with rungs trains many cells shortly and few of them in full. Printed is the hypervolume of accuracy and log
MACs that is missing, in percent, mean and standard error over searches: of those trained in full, of all trained at
least shortly, and of as many as were trained in full, but chosen anew among all: by the rules of the search when all
have ended their short training; by the same rules told what a Gaussian process expects of each that knows, for nothing,
both trainings of --known cells more; and in hindsight, one by one that which adds most by its true accuracy.
"""

import argparse
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import optuna

from nas import catalog
from nas.bench import Arena, read
from nas.bench.climb import climb
from nas.bench.table import EPOCHS, SHORT_EPOCHS, TASKS, Cell, cell_at, short
from nas.search.gaussian import GaussianProcess, Traits
from nas.search.rungs import Rungs
from nas.search.strategies import strategy

_WEIGHT = 24.0
"""Of the log error after a short training, beside traits: of 6, 12 and 24 the best on cells of `cifar100` held out."""


@dataclass(frozen=True)
class Noting(Arena):
    """A table that notes which cells it was asked for."""

    noted: list[Cell] = field(default_factory=list)

    def asked(self, trial: Any) -> dict[str, str]:
        """The point that a trial asks for."""
        point = super().asked(trial)
        if isinstance(trial, optuna.Trial):
            self.noted.append(cell_at(point))
        return point


def told(arena: Arena, cell: Cell, column: str, seed: int) -> float:
    """An accuracy, as a share, with the noise of a search."""
    noise = random.Random(f"{seed} {column} {cell}").gauss(0, arena.noise)
    return (arena.table[cell][column] + noise) / 100


def traits_of(arena: Arena, cell: Cell) -> Traits:
    """What a network of such cells is made of."""
    return arena.look(optuna.trial.FixedTrial(dict(zip(arena.holes, cell, strict=True)))).traits


def features(arena: Arena, cell: Cell, seed: int) -> Traits:
    """The same, and how its short training ended."""
    error = 1 - told(arena, cell, short(arena.task), seed)
    return {**traits_of(arena, cell), "short": float(np.expm1(-_WEIGHT * np.log(error)))}


def by_rules(
    arena: Arena, cells: Sequence[Cell], count: int, seed: int, promises: Callable[[Cell], float]
) -> list[Cell]:
    """So many of the cells, as a search would choose them by these accuracies; it is told how each choice ends."""
    rungs, chosen = Rungs((SHORT_EPOCHS, EPOCHS)), list[int]()

    def reach(number: int, accuracy: float) -> None:
        macs = arena.macs(cells[number])
        traits = traits_of(arena, cells[number])
        rungs.reach(number, accuracy, macs=macs, traits=traits, losses=lambda accuracy: (-accuracy, float(macs)))

    for number, cell in enumerate(cells):
        reach(number, promises(cell))
    for _ in range(count):
        chosen.append(rungs.best(rungs.resting()))
        rungs.go_on(chosen[-1])
        reach(chosen[-1], told(arena, cells[chosen[-1]], arena.task, seed))
    return [cells[number] for number in chosen]


def in_hindsight(arena: Arena, cells: Sequence[Cell], count: int) -> list[Cell]:
    """So many of the cells, each the one that adds most."""
    chosen = list[Cell]()
    for _ in range(count):
        chosen.append(max(cells, key=lambda cell: arena.volume([*chosen, cell])))
    return chosen


def searched(arena: Arena, price: int, seed: int) -> tuple[list[Cell], list[Cell]]:
    """The cells that a search trained in full, and all that it trained."""
    noting = Noting(arena.space, arena.table, arena.task)
    full = climb(strategy("front-first"), noting, seed=seed, evaluations=price).cells
    return list(dict.fromkeys(full)), list(dict.fromkeys(noting.noted))


def missing(arena: Arena, price: int, searches: int, known: int) -> Iterator[tuple[str, list[float]]]:
    """What is printed: a name, and what is missing in each search."""
    found = []
    for seed in range(searches):
        found.append(searched(arena, price, seed))
        print(f"search {seed + 1} of {searches}", file=sys.stderr)
    trained = {cell for _, cells in found for cell in cells}
    others = random.Random(0).sample([cell for cell in arena.table if cell not in trained], known)
    learned = GaussianProcess(
        [features(arena, cell, -1) for cell in others],
        np.log([1 - told(arena, cell, arena.task, -1) for cell in others]),
    )

    def expected(seed: int, cell: Cell) -> float:
        return float(1 - np.exp(learned.expect([features(arena, cell, seed)])[0][0]))

    def shortly(seed: int, cell: Cell) -> float:
        return told(arena, cell, short(arena.task), seed)

    def lost(cells: Sequence[Cell]) -> float:
        return 100 * (1 - arena.volume(cells) / arena.whole)

    def anew(promises: Callable[[int, Cell], float]) -> list[float]:
        return [
            lost(by_rules(arena, cells, len(full), seed, partial(promises, seed)))
            for seed, (full, cells) in enumerate(found)
        ]

    yield "trained in full", [lost(full) for full, _ in found]
    yield "by the rules", anew(shortly)
    yield f"by the rules, {known} more known", anew(expected)
    yield "in hindsight", [lost(in_hindsight(arena, cells, len(full))) for full, cells in found]
    yield "all trained shortly", [lost(cells) for _, cells in found]


def main() -> None:
    """Print what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--task", choices=TASKS, default="cifar100")
    parser.add_argument("--price", type=int, default=33, help="Of each search, in full trainings.")
    parser.add_argument("--searches", type=int, default=20)
    parser.add_argument("--known", type=int, default=2000, help="Cells of which a learner knows both trainings.")
    asked = parser.parse_args()
    arena = Arena(catalog.space("nas_bench_201").make(10), read(asked.file), asked.task)
    for name, each in missing(arena, asked.price, asked.searches, asked.known):
        error = np.std(each, ddof=1) / len(each) ** 0.5
        print(f"{name:35} {np.mean(each):6.2f} ± {error:.2f}", flush=True)


if __name__ == "__main__":
    main()
