"""Branches drop in training as often as they are told to, by sample, by batch and at FractalNet's joins."""

from collections import Counter
from itertools import combinations

import pytest
import torch
from torch import Tensor, nn

import nas
from nas.arch.nodes import Act, Branches, Chain, DropPath, Fork, Part, Scale

ONE = (1, 1, 1)
PASSES = 1000


def built(*parts: Part) -> nn.Module:
    torch.manual_seed(0)
    return nas.build(Chain(*parts), ONE)


def share(outcomes: Tensor | list[bool]) -> float:
    return float(torch.as_tensor(outcomes, dtype=torch.float).mean())


def near(p: float, *, of: int = PASSES) -> object:
    """A share that draws of probability p give: five standard deviations wide."""
    return pytest.approx(p, abs=5 * (p * (1 - p) / of) ** 0.5 + 1e-9)


def test_by_sample_each_sample_drops_apart_and_survivors_are_scaled() -> None:
    made = built(DropPath(0.2))(torch.ones(PASSES, *ONE)).flatten()
    assert set(made.tolist()) == {0.0, 1.25}
    assert share(made == 0) == near(0.2)


def test_by_sample_evaluation_is_the_identity() -> None:
    x = torch.randn(4, *ONE)
    assert torch.equal(built(DropPath(0.2)).eval()(x), x)


def test_by_batch_all_samples_drop_together_and_nothing_is_scaled() -> None:
    module, x = built(DropPath(0.2, by="batch")), torch.ones(5, *ONE)
    passes = torch.stack([module(x).flatten() for _ in range(PASSES)])
    assert set(map(tuple, passes.tolist())) == {(0.0,) * 5, (1.0,) * 5}
    assert share(passes[:, 0] == 0) == near(0.2)


def test_by_batch_evaluation_is_the_expectation() -> None:
    x = torch.randn(4, *ONE)
    assert torch.equal(built(DropPath(0.2, by="batch")).eval()(x), 0.8 * x)


@pytest.mark.parametrize("by", ["sample", "batch"])
def test_what_surely_drops_is_zero(by: str) -> None:
    assert torch.equal(built(DropPath(1.0, by=by))(torch.ones(4, *ONE)), torch.zeros(4, *ONE))


FACTORS = (1.0, 10.0, 100.0)
KEPT = {
    round(sum(FACTORS[i] for i in kept) / len(kept), 3): kept
    for count in (1, 2, 3)
    for kept in combinations(range(3), count)
}
"""What a join of these factors kept of a one, by what it makes of it."""


def join(drop_path: float, inputs: int = 3) -> Branches:
    return Branches(*map(Scale, FACTORS[:inputs]), join="mean", drop_path=drop_path)


def passes(*joins: Branches) -> list[tuple[tuple[int, ...], ...]]:
    """For each pass in training what each join, side by side with the others, kept."""
    module = built(Branches(*joins, join="concat"))
    made = [module(torch.ones(2, *ONE)).flatten(1) for _ in range(PASSES)]
    assert all(torch.equal(of_one, of_other) for of_one, of_other in made), "all samples of a batch go one way"
    return [tuple(KEPT[round(value, 3)] for value in of_one.tolist()) for of_one, _ in made]


def test_a_local_join_drops_each_input_apart_and_keeps_one_at_least() -> None:
    p = 0.4
    kept = Counter(one for one, _ in passes(join(p), join(p)))
    assert set(kept) == set(KEPT.values())
    for places in KEPT.values():
        local = (1 - p) ** len(places) * p ** (3 - len(places)) + (p**3 / 3 if len(places) == 1 else 0)
        column = 1 / 3 if len(places) == 1 else 0
        assert kept[places] / PASSES == near((local + column) / 2), places


def test_a_global_pass_keeps_one_column_at_every_join() -> None:
    """Locally these joins keep everything, in so few passes, so what keeps less is global."""
    kept = Counter(passes(join(1e-9), join(1e-9), join(1e-9, inputs=2)))
    everything = ((0, 1, 2), (0, 1, 2), (0, 1))
    deepest, middle, shallow = ((0,), (0,), (0,)), ((1,), (1,), (1,)), ((2,), (2,), (0, 1))
    assert set(kept) == {everything, deepest, middle, shallow}
    assert kept[everything] / PASSES == near(1 / 2)
    for column in (deepest, middle, shallow):
        assert kept[column] / PASSES == near(1 / 6)


def test_local_joins_drop_apart_from_each_other() -> None:
    """Locally these joins keep one input each, so half of the passes agree by the column, a third of the others too."""
    assert share([one == other for one, other in passes(join(1.0), join(1.0))]) == near(1 / 2 + 1 / 6)


def test_merged_joins_count_their_columns_through_the_fork() -> None:
    merged = Branches(Chain(Act(), Fork(Scale(1.0), Scale(10.0))), Scale(100.0), join="mean", drop_path=1e-9)
    assert Counter(passes(merged, join(1e-9))) == Counter(passes(join(1e-9), join(1e-9)))


def test_in_evaluation_a_join_keeps_everything() -> None:
    module, x = built(join(0.9)).eval(), torch.randn(4, *ONE)
    assert torch.allclose(module(x), 37 * x)


def test_the_generator_decides_what_drops() -> None:
    assert passes(join(0.4), join(0.4)) == passes(join(0.4), join(0.4))


def test_what_a_join_drops_has_gradients_of_zero() -> None:
    module = nas.build(nas.parse("nas 1 mean([conv(1)], [conv(1)], drop_path=1)"), ONE)
    module(torch.ones(1, *ONE)).sum().backward()
    assert sorted(float(parameter.grad) for parameter in module.parameters()) == [0.0, 1.0]
