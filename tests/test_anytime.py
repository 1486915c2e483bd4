"""Exits in use: logits as far as they are asked for, answers as soon as they are sure, budgets kept."""

from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given, reject, settings
from torch import Tensor, nn

import nas
from nas import catalog
from nas.arch.cost import Shape
from nas.arch.exits import exits
from nas.arch.nodes import Act, Branches, Cells, Chain, Conv, Exit, Flatten, GlobalPool, Linear
from nas.arch.rewrite import RewriteError, rewrite
from nas.data import Dataset, Split
from nas.errors import NasError
from nas.lower import NetworkModule
from nas.train.anytime import answer, confidences, thresholds_for
from tests.laws.test_cost import Counter
from tests.strategies import networks

CPU = torch.device("cpu")
SMALL = (3, 32, 32)
NAME = "msdnet_cifar-batch-5"


@pytest.fixture(scope="module")
def module() -> NetworkModule:
    """A network with four exits whose logits tell images apart, in evaluation mode."""
    torch.manual_seed(0)
    made = nas.build(catalog.network(NAME).network(), SMALL)
    for layer in made.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
        elif isinstance(layer, nn.Linear):
            layer.weight.data *= 20
    with torch.no_grad():
        made(images(64))
    return made.eval()


@pytest.fixture(scope="module")
def macs() -> list[int]:
    """What each exit of that network costs, the heads before it included."""
    return [made.macs + made.exit_macs for made in exits(catalog.network(NAME).network(), SMALL)]


def images(count: int, *, seed: int = 0) -> Tensor:
    return torch.randn(count, *SMALL, generator=torch.Generator().manual_seed(seed))


def without_drops(part):
    return Branches(*part.branches, join=part.join) if isinstance(part, Branches) else part


@settings(max_examples=20)
@given(networks())
def test_anytime_gives_the_exits_and_then_the_output(case):
    module = nas.build(rewrite(case.network, without_drops), case.input).eval()
    x = torch.randn(2, *case.input)
    with torch.no_grad():
        *early, last = module.anytime(x)
        assert torch.equal(last, module(x)) or last.isnan().any()
        module.training = True  # the heads run, while norms and dropout stay as they are in evaluation
        made = module(x)
    assert len(early) == len(module.exit_weights)
    for a, b in zip(early, made[1] if early else [], strict=True):
        torch.testing.assert_close(a, b, equal_nan=True)


def test_nothing_of_a_training_pass_stays_for_anytime():
    join = Branches(Conv(2, 3), Conv(2, 1), join="mean", drop_path=0.9)
    head = Chain(GlobalPool(), Flatten(), Linear(3))
    module = nas.build(Chain(join, Exit(head), join, head), (1, 4, 4))
    x = torch.randn(2, 1, 4, 4)
    for _ in range(5):
        module.train()(x)
        *_, last = module.eval().anytime(x)
        assert torch.equal(last, module(x))


@pytest.mark.parametrize("name", [NAME, "googlenet", "nasnet_a_cifar"])
def test_no_more_runs_than_was_asked_for(name):
    named = catalog.network(name)
    check_what_runs(named.network(10), named.input)


@settings(max_examples=20)
@given(networks())
def test_what_runs_to_an_exit_is_what_it_costs(case):
    try:
        exits(case.network, case.input)
    except RewriteError:
        reject()
    check_what_runs(case.network, case.input)


def check_what_runs(network: Chain, input: Shape) -> None:
    """The logits at each exit, and the MACs up to there, are those that `exits` says."""
    x, module = torch.zeros(2, *input), nas.build(network, input).eval()
    counter = Counter(module)
    with torch.no_grad():
        costs = exits(network, input)
        assert len(costs) == 1 + len(module.exit_weights)
        for asked, said in enumerate(costs, 1):
            counter.macs = 0
            *_, last = islice(module.anytime(x), asked)
            assert (last.shape[1:], counter.macs) == (said.output, said.macs + said.exit_macs)


def test_only_the_samples_that_stay_go_on(module):
    x = images(6)
    with torch.no_grad():
        whole = list(module.anytime(x))
        walk = module.anytime(x)
        next(walk)
        second = walk.send(torch.tensor([0, 2, 3, 5]))
        third = walk.send(torch.tensor([True, False, False, True]))
    torch.testing.assert_close(second, whole[1][[0, 2, 3, 5]])
    torch.testing.assert_close(third, whole[2][[0, 5]])


def test_an_exit_costs_the_way_to_it_and_its_head():
    head = Chain(GlobalPool(), Flatten(), Linear(2))
    cells = Cells(Conv(4), Chain(Act(), Exit(head)), Conv(8))
    first, second, output = exits(Chain(Conv(3), Exit(head), cells, head), (1, 8, 8))
    assert (first.params, first.macs, first.exit_params) == (3 + 8, 3 * 64 + 6, 0)
    assert (second.params, second.macs, second.exit_params) == (3 + 12 + 10, 15 * 64 + 8, 8)
    assert (output.params, output.macs, output.exit_params) == (3 + 12 + 32 + 18, 47 * 64 + 16, 18)


def test_an_exit_in_a_branch_has_no_network_of_its_own():
    with pytest.raises(RewriteError, match="stands in a chain or in a cell"):
        exits(Branches(Chain(), Exit(Chain(GlobalPool(), Flatten()))), (1, 8, 8))


def test_each_image_is_answered_where_its_confidence_suffices(module):
    x, thresholds = images(40), (0.8, 0.7, 0.6, 0.5)
    with torch.no_grad():
        whole = torch.stack(list(module.anytime(x)))
    sure = whole.softmax(2).amax(2) >= torch.tensor([*thresholds, 0.0])[:, None]
    first = sure.int().argmax(0)
    assert len(first.unique()) >= 3, "images leave at several exits"
    got = answer(module, x, thresholds)
    assert torch.equal(got.exits, first)
    torch.testing.assert_close(got.logits, whole[first, torch.arange(40)])


def test_a_budget_is_kept_and_used(module, macs):
    x = images(100)
    with torch.no_grad():
        sure = torch.stack([logits.softmax(1).amax(1) for logits in module.anytime(x)])
    spent = []
    for budget in np.linspace(macs[0], macs[-1], 5):
        exits = answer(module, x, thresholds_for(sure, macs, budget)).exits
        spent.append(float(torch.tensor(macs)[exits].double().mean()))
        assert 0.95 * budget <= spent[-1] <= budget
    assert spent == sorted(spent)
    assert (spent[0], spent[-1]) == (macs[0], pytest.approx(macs[-1], rel=0.05))


def test_shares_change_from_exit_to_exit_by_one_factor(macs):
    sure = torch.rand(5, 4000, generator=torch.Generator().manual_seed(0))
    left, leaving = sure, []
    for exit, threshold in enumerate(thresholds_for(sure, macs, 20e6)):
        leaving.append(int((left[exit] >= threshold).sum()))
        left = left[:, left[exit] < threshold]
    factors = np.divide([*leaving[1:], left.shape[1]], leaving)
    assert np.allclose(factors, factors[0], rtol=0.02)


def test_a_budget_below_the_first_exit_is_refused(macs):
    with pytest.raises(NasError, match="the budget is at least the MACs of the first exit, 6,781,184, got 1,000"):
        thresholds_for(torch.rand(5, 10), macs, 1000)


def test_confidences_are_those_of_a_split(module):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8).transpose(0, 3, 1, 2)
    split = Split(pixels, np.zeros(20, dtype=np.int64))
    data = Dataset("noise", split, split, split, tuple("abcdefghij"), (0.5,) * 3, (0.25,) * 3, ())
    sure = confidences(module, split, data, device=CPU, batch=8)
    with torch.no_grad():
        logits = list(module.anytime((torch.tensor(pixels) / 255 - 0.5) / 0.25))
    torch.testing.assert_close(sure, torch.stack([y.softmax(1).amax(1) for y in logits]), rtol=1e-4, atol=1e-4)
