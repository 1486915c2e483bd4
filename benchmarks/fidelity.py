"""How far short trainings can lead, on a table of networks: python benchmarks/fidelity.py nas_bench_201.csv.gz.

Whoever knew the short training of every cell, at no price, and trained in full those that look best by them, would
still miss hypervolume of accuracy and log MACs: as much as is printed where the cells of the front by short trainings
are trained, and where the best by them of every number of MACs are. A search that chooses by short ones alone can
count on no less.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from nas import catalog
from nas.bench import Arena, read
from nas.bench.table import TASKS, Cell, short
from nas.search.objectives import front


def rank_correlation(a: Sequence[float], b: Sequence[float]) -> float:
    """Spearman's, of values of which few are equal."""
    ranks = [np.argsort(np.argsort(values)) for values in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])


def best_of_each(arena: Arena, column: str) -> list[Cell]:
    """For every number of MACs the cell that is best by a column."""
    best: dict[int, Cell] = {}
    for cell, row in arena.table.items():
        other = best.setdefault(arena.macs(cell), cell)
        if row[column] > arena.table[other][column]:
            best[arena.macs(cell)] = cell
    return list(best.values())


def told(arena: Arena) -> Iterator[str]:
    """What there is to say of a task."""
    column, table = short(arena.task), arena.table
    ranked = sorted(table, key=lambda cell: -table[cell][arena.task])

    def agreement(cells: Sequence[Cell]) -> float:
        return rank_correlation(*([table[cell][of] for cell in cells] for of in (column, arena.task)))

    def missing(cells: Sequence[Cell]) -> str:
        return f"{len(cells)} cells, {100 * (1 - arena.volume(cells) / arena.whole):.2f} % missing"

    better = ranked[: len(ranked) // 2]
    yield f"{arena.task}: rank correlation {agreement(ranked):.2f}, of the better half {agreement(better):.2f}"
    by_short = front(table, lambda cell: (-table[cell][column], arena.macs(cell)))
    yield f"  the front by short trainings: {missing(by_short)}"
    yield f"  the best by them of every number of MACs: {missing(best_of_each(arena, column))}"


def main() -> None:
    """Print what there is to say of every task."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    space, table = catalog.space("nas_bench_201").make(10), read(parser.parse_args().file)
    for task in TASKS:
        print("\n".join(told(Arena(space, table, task))))


if __name__ == "__main__":
    main()
