"""Zero-cost measures against formulas written out, what they leave alone, and what is said of their worth."""

import json
import math
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau
from torch.nn import functional as F  # noqa: N812

import nas.cli
from analysis.report.record import record
from analysis.report.sections.zero_cost import zero_cost
from nas.arch.nodes import (
    ACTS,
    Act,
    Branches,
    Chain,
    Conv,
    Dropout,
    Exit,
    Flatten,
    GlobalPool,
    Linear,
    Network,
    Norm,
    Part,
    Scale,
    Shortcut,
    pick,
)
from nas.arch.rewrite import rewrite
from nas.arch.text import text
from nas.data import load
from nas.lower import NetworkModule, build
from nas.runs import Request
from nas.runs.journal import read_trials
from nas.search.agreement import agreement
from nas.search.run import Result, search
from nas.train.failure import TrialFailure
from nas.train.zero_cost import gradient_norm, measured, naswot, synflow
from tests.shades import shades

INPUT, CLASSES, BATCH = (2, 5, 5), 3, 6
HEAD = Chain(GlobalPool(), Flatten(), Linear(CLASSES))
RESIDUAL = Chain(
    Conv(3, 3), Norm(), Act(), Branches(Chain(Norm(), Act(), Conv(3, 3)), Shortcut(), join="add"), Act(), HEAD
)


def made(network: Network, seed: int = 0) -> NetworkModule:
    torch.manual_seed(seed)
    return build(network, input=INPUT)


def batch(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(BATCH, *INPUT, generator=generator), torch.randint(CLASSES, (BATCH,), generator=generator)


class TestGradientNorm:
    def test_of_a_linear_classifier_by_hand(self) -> None:
        """The gradient of the mean cross-entropy is the mean of (p - y) times the input, and of (p - y)."""
        module, (images, labels) = made(HEAD), batch()
        (weight, bias) = (parameter.detach().double().numpy() for parameter in module.parameters())
        inputs = images.double().numpy().mean(axis=(2, 3))
        powers = np.exp(inputs @ weight.T + bias)
        wrong = (powers / powers.sum(axis=1, keepdims=True) - np.eye(CLASSES)[labels]) / BATCH
        expected = math.sqrt(((wrong.T @ inputs) ** 2).sum() + (wrong.sum(axis=0) ** 2).sum())
        assert gradient_norm(module, images, labels) == pytest.approx(expected, rel=1e-5)

    def test_of_any_network_is_that_of_a_step(self) -> None:
        exits = Chain(Conv(3, 3), Norm(), Act(), Exit(HEAD, weight=0.5), Conv(4, 3), Act(), HEAD)
        for network in (RESIDUAL, exits):
            module, (images, labels) = made(network), batch()
            found = gradient_norm(module, images, labels)
            output = module.train()(images)
            logits, early = output if isinstance(output, tuple) else (output, [])
            loss = F.cross_entropy(logits, labels) + 0.5 * sum(F.cross_entropy(each, labels) for each in early)
            loss.backward()
            squares = sum(float((weight.grad**2).sum()) for weight in module.parameters() if weight.grad is not None)
            assert found == pytest.approx(math.sqrt(squares), rel=1e-4)


class TestNaswot:
    @pytest.mark.parametrize("kind", ACTS)
    def test_counts_the_units_that_agree(self, kind: str) -> None:
        module, (images, _) = made(Chain(Conv(3, 3), Act(kind), Conv(4, 3), Act(kind), HEAD)), batch()
        first, second = (module.get_parameter(f"conv{i}.weight").detach() for i in (1, 2))
        before = F.conv2d(images, first, padding=1)
        acted = made(Chain(Act(kind)))(before.clone()).detach()
        codes = [(part > 0).flatten(1).numpy() for part in (before, F.conv2d(acted, second, padding=1))]
        on = np.concatenate(codes, axis=1)
        kernel = np.array([[float((a == b).sum()) for b in on] for a in on])
        assert naswot(module, images) == pytest.approx(np.linalg.slogdet(kernel)[1], rel=1e-6)

    def test_is_least_where_two_images_are_the_same(self) -> None:
        images, _ = batch()
        images[1] = images[0]
        assert naswot(made(RESIDUAL), images) < naswot(made(RESIDUAL), batch()[0]) - 20


class TestSynflow:
    @settings(max_examples=3)
    @given(st.integers(0, 100))
    def test_is_what_is_lost_without_each_weight(self, seed: int) -> None:
        """R is linear in every single weight, so w times its derivative is R less R without the weight."""
        module = made(RESIDUAL, seed)
        bare = made(rewrite(RESIDUAL, lambda part: Chain() if isinstance(part, Norm) else part)).double().eval()
        weights = dict(bare.named_parameters())
        with torch.no_grad():
            for name, weight in weights.items():
                weight.copy_(module.get_parameter(name).abs())
            ones = torch.ones(1, *INPUT, dtype=torch.float64)
            whole, total = float(bare(ones).sum()), 0.0
            for weight in weights.values():
                for place in range(weight.numel()):
                    held = weight.view(-1)[place].clone()
                    weight.view(-1)[place] = 0
                    total += whole - float(bare(ones).sum())
                    weight.view(-1)[place] = held
        assert synflow(module, INPUT) == pytest.approx(math.log(total), rel=1e-9)

    def test_of_a_chain_is_its_output_once_for_each_layer(self) -> None:
        """Without biases R is homogeneous in the weights of every layer."""
        module = made(
            Chain(Conv(3, 3), Act(), Conv(4, 1), Norm(), Act(), GlobalPool(), Flatten(), Linear(2, bias=False))
        )
        first, second, last = (
            module.get_parameter(f"{name}.weight").detach().abs().double() for name in ("conv1", "conv2", "linear1")
        )
        maps = F.conv2d(F.conv2d(torch.ones(1, *INPUT, dtype=torch.float64), first, padding=1), second)
        assert synflow(module, INPUT) == pytest.approx(math.log(3 * float((maps.mean(dim=(2, 3)) @ last.T).sum())))


def test_nothing_is_left_behind() -> None:
    module, (images, labels) = made(Chain(RESIDUAL.parts[0], Dropout(0.5), *RESIDUAL.parts[1:])), batch()
    module.get_submodule("norm1").eval()
    state = {name: value.clone() for name, value in module.state_dict().items()}
    flags = {name: part.training for name, part in module.named_modules()}
    drawn, pixels = torch.random.get_rng_state(), images.clone()
    for _ in range(2):
        found = [naswot(module, images), synflow(module, INPUT), gradient_norm(module, images, labels)]
        assert all(map(math.isfinite, found))
        assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())
        assert {name: part.training for name, part in module.named_modules()} == flags
        assert all(weight.grad is None for weight in module.parameters())
        assert torch.equal(torch.random.get_rng_state(), drawn)
        assert torch.equal(images, pixels)
        assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


class TestAgreement:
    ROWS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=15)

    @given(ROWS)
    def test_is_counted_over_pairs_of_a_bin(self, rows: list[tuple[int, int, int]]) -> None:
        """Bins are octaves of MACs."""
        pairs = [(a, b) for a, b in combinations(rows, 2) if int(math.log2(a[0])) == int(math.log2(b[0]))]
        agreed = sum(np.sign(a[1] - b[1]) * np.sign(a[2] - b[2]) for a, b in pairs)
        differ = [sum(a[i] != b[i] for a, b in pairs) for i in (1, 2)]
        found = agreement([(macs, float(x), float(y)) for macs, x, y in rows])
        if not all(differ):
            assert found is None
        else:
            assert found is not None
            assert found.pairs == len(pairs)
            assert found.tau == pytest.approx(agreed / math.sqrt(differ[0] * differ[1]))

    @given(ROWS)
    def test_in_one_bin_is_kendalls(self, rows: list[tuple[int, int, int]]) -> None:
        _, x, y = zip(*rows, strict=True)
        expected = kendalltau(x, y).statistic
        found = agreement([(64 + macs, float(a), float(b)) for macs, a, b in rows])
        assert math.isnan(expected) if found is None else found.tau == pytest.approx(expected)

    def test_chance_is_two_deviations(self) -> None:
        """Of measures drawn without regard to accuracies: about one in twenty lies beyond."""
        rng = np.random.default_rng(0)
        found = [agreement([(8 * 2 ** (i % 3), rng.random(), rng.random()) for i in range(30)]) for _ in range(300)]
        taus = [one.tau for one in found if one is not None]
        assert found[0] is not None
        assert 2 * np.std(taus) == pytest.approx(found[0].chance, rel=0.15)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shades(tmp_path_factory.mktemp("data") / "shades", classes=CLASSES, images=40, side=8, step=40, width=120)


def body(*parts: Part, width: Any = 4) -> Chain:
    return Chain(Conv(width, 3), Norm(), Act(), *parts, HEAD)


class TestSearch:
    def search(self, images: Path, home: Path, **asked: Any) -> Result:
        space = body(width=pick("width", 4, 5, 6, 7))
        fields = {"space_text": text(space), "budget": "4trials", "recipe": {"epochs": 1, "batch": 32}, **asked}
        request = Request(space="tiny", strategy="random", workers=0, data=str(images), **fields)
        return search(request, runs_dir=home / "runs", cache_dir=home / "cache")

    def test_measures_are_on_record_and_training_is_as_without(self, images: Path, tmp_path: Path) -> None:
        run = self.search(images, tmp_path, zero_cost=True).run
        trials, without = read_trials(run), read_trials(self.search(images, tmp_path).run)
        assert all(trial.measures.keys() == {"gradient_norm", "naswot", "synflow"} for trial in trials)
        assert [(t.fingerprint, t.accuracies) for t in trials] == [(t.fingerprint, t.accuracies) for t in without]
        assert not any(trial.measures for trial in without)

        said = CliRunner().invoke(nas.cli.group, ["status", str(run.folder)]).output
        told = json.loads(CliRunner().invoke(nas.cli.group, ["status", str(run.folder), "--json"]).output)["measures"]
        rows = [(t.macs, t.measures["synflow"], t.accuracy or 0.0) for t in trials]
        expected = agreement(rows)
        if expected is not None:
            assert told["synflow"]["tau"] == expected.tau
            assert f"synflow {expected.tau:+.2f}" in said
        assert ("ranks" in said) == bool(told)
        section = str(zero_cost(record(run)))
        assert all(f"{one['tau']:+.2f}" in section for one in told.values())

    def test_the_dead_are_not_trained(self, images: Path, tmp_path: Path) -> None:
        overflows, silent = Chain(*[Scale(1e6)] * 8), Chain(Scale(0.0))
        space = Chain(body(pick("block", whole=Chain(), over=overflows)), pick("end", whole=Chain(), silent=silent))
        trials = read_trials(self.search(images, tmp_path, space_text=text(space), zero_cost=True).run)
        assert len(trials) == 4
        for trial in trials:
            lives = (trial.point["block"], trial.point["end"]) == ("whole", "whole")
            assert (trial.state, trial.reason) == (("complete", "") if lives else ("fail", "dead network"))
            assert lives or not trial.accuracies


def test_of_real_images(images: Path, tmp_path: Path) -> None:
    data = load(str(images), cache_dir=tmp_path)
    module = build(body(), input=data.input)
    found = measured(module, data, device=torch.device("cpu"), seed=0)
    assert found == measured(module, data, device=torch.device("cpu"), seed=0)
    with torch.no_grad():
        module.get_parameter("linear1.weight").fill_(math.nan)
    with pytest.raises(TrialFailure, match="dead network: before training its gradient has the norm nan"):
        measured(module, data, device=torch.device("cpu"), seed=0)
