"""Strategies on a table: the table is read as it is, plays are judged as a brute force would."""

import gzip
import random
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from nas.arch.cost import cost
from nas.arch.realize import realize, sample
from nas.bench.climb import climb
from nas.bench.play import INPUT, Arena, Play, play
from nas.bench.table import EPOCHS, SHORT_EPOCHS, cell_at, cell_of, read, short
from nas.bench.tournament import tournament
from nas.errors import DataError
from nas.search.strategies import strategy
from search_spaces.spaces.nas_bench_201 import nas_bench_201_space

SPACE = nas_bench_201_space(10)
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
ARCH = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|none~1|nor_conv_3x3~2|"


def accuracy(cell):
    """An accuracy as good as any for a table: convolutions help, less and less."""
    return 60 + 30 * (1 - 0.6 ** sum({"nor_conv_3x3": 2, "nor_conv_1x1": 1}.get(op, 0) for op in cell))


@pytest.fixture(scope="module")
def arena():
    rows = {
        cell: {"cifar10": accuracy(cell), short("cifar10"): accuracy(cell) - 20}
        for cell in product(OPERATIONS, repeat=6)
    }
    return Arena(SPACE, rows, "cifar10")


def test_the_authors_string_names_six_operations():
    assert cell_of(ARCH) == (
        *("avg_pool_3x3", "nor_conv_1x1", "skip_connect"),
        *("nor_conv_1x1", "none", "nor_conv_3x3"),
    )
    with pytest.raises(ValueError, match="six edges"):
        cell_of("|none~0|+|none~0|none~1|")


def test_every_cell_is_a_point_of_the_space_and_costs_what_the_arena_believes(arena):
    rng = random.Random(0)
    for _ in range(20):
        point = sample(SPACE, rng)
        assert cost(realize(SPACE, point), INPUT).macs == arena.macs(cell_at(point))


def test_the_extremes_cost_what_the_authors_publish(arena):
    assert round(arena.macs(("none",) * 6) / 1e6, 2) == 7.78
    assert round(arena.macs(("nor_conv_3x3",) * 6) / 1e6, 2) == 220.12


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has 15,625 cells, got 0"),
        (b"arch,x\na,b\n", "no table of NAS-Bench-201"),
        (b"\xff\xfe\x00", "no table of NAS-Bench-201"),
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, content: bytes, message: str):
    file = tmp_path / "table.csv"
    file.write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        read(file)
    assert str(file) in str(error.value)


def test_a_damaged_archive_is_told(tmp_path: Path):
    file = tmp_path / "table.csv.gz"
    file.write_bytes(gzip.compress(b"arch,cifar10_test_200ep\n" * 100)[:-12])
    with pytest.raises(DataError):
        read(file)


def test_regret_is_that_of_a_brute_force(arena):
    made = play(strategy("random"), arena, seed=0, evaluations=12)
    axis = np.linspace(np.log(arena.macs(("none",) * 6)), np.log(arena.macs(("nor_conv_3x3",) * 6)), 20_001)[:-1]

    def area(cells):
        best = np.full(len(axis), 70.0)
        for cell in cells:
            best[axis >= np.log(arena.macs(cell)) - 1e-9] = np.maximum(
                best[axis >= np.log(arena.macs(cell)) - 1e-9], arena.table[cell]["cifar10"]
            )
        return (best - 70).sum()

    assert made.regret(arena, 12) == pytest.approx(100 * (1 - area(made.cells) / area(arena.table)), abs=0.05)


def test_evaluations_to_a_regret_are_the_first_with_no_more(arena):
    made = play(strategy("random"), arena, seed=1, evaluations=30)
    wanted = made.regret(arena, 20)
    found = made.evaluations_to(arena, wanted)
    assert found == next(n for n in range(1, 31) if made.regret(arena, n) <= wanted)
    assert made.evaluations_to(arena, -1.0) is None


def test_repeated_cells_count_as_spent(arena):
    cell = ("none",) * 6
    twice = Play("x", 0, (cell, cell, ("nor_conv_3x3",) * 6), 3, 0.0)
    assert twice.regret(arena, 2) == Play("x", 0, (cell,), 1, 0.0).regret(arena, 1)


def test_the_default_misses_less_than_random_search(arena):
    plays = tournament(["default", "random"], arena, seeds=2, evaluations=30, workers=0)
    mean = {
        name: np.mean([p.regret(arena, 30) for p in plays if p.strategy == name]) for name in ("front-first", "random")
    }
    assert mean["front-first"] < 0.5 * mean["random"]


def test_with_rungs_a_play_pays_for_every_training_and_is_judged_by_whole_ones(arena):
    made = climb(strategy("random"), arena, seed=0, evaluations=10)
    assert made.strategy == "random+rungs"
    assert len(made.cells) == len(made.spent) < 10
    assert list(made.spent) == sorted(made.spent)
    before_last = made.asks * SHORT_EPOCHS + len(made.cells) * EPOCHS
    assert made.spent[-1] * EPOCHS <= before_last <= 10 * EPOCHS
    assert made.regret(arena, 0) == 100
    assert made.regret(arena, 10) == Play("x", 0, made.cells, 0, 0.0).regret(arena, len(made.cells))


def test_with_rungs_less_is_missing_for_the_price(arena):
    plays = tournament(["random", "random+rungs"], arena, seeds=4, evaluations=12, workers=0)
    mean = {
        name: np.mean([p.regret(arena, 12) for p in plays if p.strategy == name]) for name in ("random", "random+rungs")
    }
    assert mean["random+rungs"] < 0.7 * mean["random"]


def test_rungs_need_short_trainings(arena):
    bare = Arena(SPACE, {cell: {"cifar10": 90.0} for cell in arena.table}, "cifar10")
    with pytest.raises(DataError, match="rungs need a column cifar10_val_12ep, and the table has none"):
        climb(strategy("random"), bare, seed=0, evaluations=3)
