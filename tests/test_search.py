import json
import math
import os
import random
import signal
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import optuna
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nas.arch.cost import Cost
from nas.arch.nodes import Act, Chain, Conv, Flatten, GlobalPool, Linear, Norm, Scale, Space, pick
from nas.arch.text import parse, text
from nas.data import load
from nas.errors import BudgetError, NameUnknownError, NasError, RunError
from nas.lower import build
from nas.runs import Request, Trial
from nas.runs.folder import create
from nas.runs.journal import Journal, begin_journal, open_journal, read_trials
from nas.search.budget import Budget
from nas.search.driver import Driver
from nas.search.errors import SearchError
from nas.search.events import Began, Ended, EpochDone, Event, Finished, Planned, Recalled
from nas.search.forecast import Forecast
from nas.search.ledger import Ledger, recorded_ledger
from nas.search.length import Length, fitted, full
from nas.search.limits import Terms, count, time_limit
from nas.search.objectives import OBJECTIVES, Seen, front, objectives
from nas.search.proposer import Proposer
from nas.search.run import Result, search
from nas.search.strategies import STRATEGIES, strategy
from nas.search.strategies.local import LocalSearch, room_around
from nas.search.strategies.spread import spread
from nas.search.trial import Outcome
from nas.search.workers.tune import _Desk
from nas.train.evaluate import evaluate
from nas.train.fit import Epoch
from nas.train.recipe import Recipe
from tests.shades import shades

SIDE, CLASSES = 8, 3
RECIPE = {"epochs": 2, "batch": 16, "lr": 0.1}
OVERFLOW = Chain(*[Scale(1e6)] * 8)
EXAMPLES = "for example 100gpuh, 30gpumin, 2cpuh, 10cpumin or 40trials"
COST = Cost(output=(CLASSES,), params=10, macs=100, activations=10, memory=10)


def network(*parts: Any, width: Any = 4, kernel: Any = 3) -> Chain:
    return Chain(Conv(width, kernel), Norm(), Act(), *parts, GlobalPool(), Flatten(), Linear(CLASSES))


def ten_points() -> Chain:
    return network(width=pick("width", 4, 8, 12, 16, 20), kernel=pick("kernel", 1, 3))


def many_points() -> Chain:
    def layer(i: int) -> Chain:
        wide = Chain(Conv(pick("width", 4, 8, 12, 16, 24, 32), pick("kernel", 1, 3)), Norm(), Act())
        return Chain(pick(f"layer{i}", wide=wide, none=Chain()))

    return network(layer(1), layer(2), layer(3))


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image folder in which a class is how bright it is."""
    return shades(tmp_path_factory.mktemp("data") / "shades", classes=CLASSES, images=60, side=SIDE, step=80, width=90)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def run_search(images: Path, cache: Path, tmp_path: Path) -> Any:
    def run(space: Space | None = None, *, events: list[Event] | None = None, **asked: Any) -> Result:
        listen = asked.pop("on_event", (lambda event: None) if events is None else events.append)
        name = asked.pop("name", None)
        fields = {"budget": "6trials", "workers": 0, "data": str(images), "recipe": RECIPE, **asked}
        request = Request(space="tiny", space_text=text(ten_points() if space is None else space), **fields)
        return search(request, runs_dir=tmp_path / "runs", name=name, cache_dir=cache, on_event=listen)

    return run


class TestBudget:
    @pytest.mark.parametrize(
        ("typed", "amount", "unit"),
        [
            ("100gpuh", 360_000, "gpu"),
            ("30gpumin", 1800, "gpu"),
            ("2cpuh", 7200, "cpu"),
            ("10cpumin", 600, "cpu"),
            ("1.5cpuh", 5400, "cpu"),
            (" 90CPUs ", 90, "cpu"),
            ("40trials", 40, "trials"),
            ("1trial", 1, "trials"),
        ],
    )
    def test_is_read(self, typed: str, amount: float, unit: str) -> None:
        assert Budget.parse(typed) == Budget(amount, unit)  # type: ignore[arg-type]

    @pytest.mark.parametrize("typed", ["100gpuh", "30gpumin", "90cpus", "0.5cpus", "40trials"])
    def test_is_written_as_it_was_read(self, typed: str) -> None:
        assert str(Budget.parse(typed)) == typed

    @pytest.mark.parametrize(
        ("typed", "message"),
        [
            ("soon", f"a budget is device time or trials, got 'soon'\nhint: {EXAMPLES}"),
            ("-3cpuh", f"a budget is device time or trials, got '-3cpuh'\nhint: {EXAMPLES}"),
            ("10min", "a budget is device time or trials, got '10min'\nhint: whose time? 10cpumin or 10gpumin"),
            ("0cpuh", f"a budget is more than nothing, got '0cpuh'\nhint: {EXAMPLES}"),
            ("2.5trials", f"a trial is trained whole, got '2.5trials'\nhint: {EXAMPLES}"),
        ],
    )
    def test_is_refused(self, typed: str, message: str) -> None:
        with pytest.raises(BudgetError) as caught:
            Budget.parse(typed)
        assert str(caught.value) == f"--budget: {message}"

    def test_of_gpus_needs_one(self) -> None:
        with pytest.raises(BudgetError) as caught:
            Budget.parse("30gpumin").on_gpu(gpus=0)
        assert str(caught.value) == (
            "--budget: a GPU budget needs a GPU, and this machine has none\nhint: for CPU time say --budget 30cpumin"
        )

    def test_says_where_it_is_spent(self) -> None:
        assert Budget.parse("1gpuh").on_gpu(gpus=1)
        assert Budget.parse("4trials").on_gpu(gpus=1)
        assert not Budget.parse("4trials").on_gpu(gpus=0)
        assert not Budget.parse("1cpuh").on_gpu(gpus=8)


class TestLedger:
    def test_adds_up_what_holders_hold(self) -> None:
        ledger = Ledger(Budget.parse("10cpus"))
        ledger.hold("a", 3.0)
        ledger.hold("b", 2.0)
        ledger.hold("a", 4.0)
        ledger.hold("b", 1.0)  # A report that comes late.
        assert (ledger.spent, ledger.left, ledger.is_spent) == (6.0, 4.0, False)
        ledger.hold("a", 40.0)
        assert (ledger.left, ledger.is_spent) == (0.0, True)

    def test_counts_trials_where_they_are_the_budget(self) -> None:
        ledger = Ledger(Budget.parse("2trials"))
        ledger.hold("a", 300.0)
        ledger.train(0, 250.0)
        assert (ledger.spent, ledger.left, ledger.seconds, ledger.overhead) == (1, 1, 300.0, 50.0)

    def test_is_the_sum_of_trials_and_overhead_also_when_it_goes_on(self) -> None:
        ledger = Ledger(Budget.parse("100cpus"), trials={0: 5.0, 1: 2.0}, overhead=3.0)
        assert (ledger.seconds, ledger.overhead) == (10.0, 3.0)
        ledger.hold("a new process", 4.0)
        ledger.lose(6.0)
        ledger.train(1, 11.0)
        assert (ledger.seconds, ledger.overhead) == (20.0, 4.0)


class TestLimits:
    @pytest.mark.parametrize(
        ("typed", "number"), [("50M", 50_000_000), ("1.2G", 1_200_000_000), ("300k", 300_000), ("7", 7)]
    )
    def test_are_read(self, typed: str, number: int) -> None:
        assert count(typed) == number

    @pytest.mark.parametrize("typed", ["", "0", "-5M", "fifty", "5X"])
    def test_are_refused(self, typed: str) -> None:
        with pytest.raises(NasError) as caught:
            count(typed, flag="--max-macs")
        assert str(caught.value) == (
            f"--max-macs: a limit is a number above zero, got {typed!r}\nhint: for example 50M, 1.2G or 300k"
        )

    @pytest.mark.parametrize(("typed", "number"), [("5ms", 0.005), ("250 us", 0.00025), ("0.1s", 0.1)])
    def test_of_time_are_read(self, typed: str, number: float) -> None:
        assert time_limit(typed) == pytest.approx(number)

    @pytest.mark.parametrize("typed", ["", "5", "0ms", "-1s", "fast", "5 min"])
    def test_of_time_are_refused(self, typed: str) -> None:
        with pytest.raises(NasError) as caught:
            time_limit(typed, flag="--max-latency")
        assert str(caught.value) == (
            f"--max-latency: a latency is a time above zero, got {typed!r}\nhint: for example 5ms or 250us"
        )


class TestFront:
    @given(st.lists(st.tuples(*[st.integers(0, 5)] * 3), max_size=30))
    def test_is_what_no_other_beats(self, points: list[tuple[int, int, int]]) -> None:
        def beats(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
            return all(x <= y for x, y in zip(a, b, strict=True)) and any(x < y for x, y in zip(a, b, strict=True))

        brute = sorted(p for p in points if not any(beats(q, p) for q in points))
        assert front(points, lambda point: point) == brute

    def test_of_an_unknown_objective(self) -> None:
        with pytest.raises(NameUnknownError) as caught:
            objectives(["accuracy", "mac"])
        assert str(caught.value) == "--objectives: no objective is called 'mac'\nhint: did you mean 'macs'?"
        with pytest.raises(NameUnknownError, match="hint: known: accuracy, macs, params, memory, activations"):
            objectives(["beauty"])

    def test_objectives_read_cost_and_accuracy(self) -> None:
        seen = Seen(Chain(), COST, accuracy=0.5)
        told = {name: objective.value(seen) for name, objective in OBJECTIVES.items() if objective.known != "measured"}
        costs = {"macs": 100, "params": 10, "memory": 10, "activations": 10}
        assert told == {"accuracy": 0.5, **costs}
        assert {name for name, objective in OBJECTIVES.items() if objective.known == "exact"} == costs.keys()


class TestForecast:
    def test_knows_nothing_at_first(self) -> None:
        assert Forecast().seconds(COST, images=10) is None

    def test_finds_the_terms_that_count(self) -> None:
        rng, forecast = random.Random(0), Forecast()

        def cost() -> Cost:
            macs, activations, params = (rng.randrange(10**4, 10**7) for _ in range(3))
            return Cost(output=(10,), params=params, macs=macs, activations=activations, memory=1)

        def truth(cost: Cost) -> float:
            return 1e-4 + 2e-10 * cost.macs + 5e-9 * cost.activations

        for measured in (cost() for _ in range(12)):
            forecast.learn(measured, images=100, seconds=100 * truth(measured) * rng.uniform(0.97, 1.03))
        for asked in (cost() for _ in range(20)):
            assert forecast.seconds(asked, images=1000) == pytest.approx(1000 * truth(asked), rel=0.08)

    def test_of_one_measurement_is_proportional_to_macs(self) -> None:
        forecast = Forecast()
        forecast.learn(COST, images=1, seconds=2.0)
        assert forecast.seconds(replace(COST, macs=300, params=10**9), images=2) == pytest.approx(12.0)

    def test_is_never_negative(self) -> None:
        forecast = Forecast()
        for macs, seconds in ((10**6, 3.0), (2 * 10**6, 2.0), (4 * 10**6, 1.0)):
            forecast.learn(replace(COST, macs=macs), images=1, seconds=seconds)
        asked = forecast.seconds(replace(COST, macs=10**9), images=1)
        assert asked is not None
        assert asked > 0


class TestLength:
    WHOLE = full(Recipe(epochs=5), train=9000, val=1000)

    def test_is_full_where_sixteen_trials_fit(self) -> None:
        assert fitted(self.WHOLE, rungs=False, seconds_per_image=1e-3, seconds=16 * 47) == self.WHOLE

    def test_halves_images_first(self) -> None:
        length = fitted(self.WHOLE, rungs=False, seconds_per_image=1e-3, seconds=16 * 46)
        assert (length.train, length.val, length.recipe.epochs, length.recipe.limit) == (4500, 1000, 5, 4500)

    def test_leaves_out_epochs_then(self) -> None:
        length = fitted(self.WHOLE, rungs=False, seconds_per_image=1e-3, seconds=16 * 3)
        assert (length.train, length.val, length.recipe.epochs) == (1125, 1000, 2)

    def test_ends_somewhere(self) -> None:
        assert fitted(self.WHOLE, rungs=False, seconds_per_image=1.0, seconds=1).recipe.epochs == 1

    def test_keeps_the_limit_of_a_recipe(self) -> None:
        assert full(Recipe(epochs=1, limit=300), train=9000, val=100).train == 300


class TestSpread:
    def test_covers_the_range_of_macs(self) -> None:
        terms = Terms(many_points(), (1, SIDE, SIDE))
        chosen = spread(terms, count=8, seed=0)
        assert len({candidate.fingerprint for _, candidate in chosen}) == 8
        logs = sorted(math.log(candidate.cost.macs) for _, candidate in chosen)
        widest = max(b - a for a, b in pairwise(logs))
        assert widest < 2.5 * (logs[-1] - logs[0]) / 8

    def test_of_a_small_space_is_the_space(self) -> None:
        assert len(spread(Terms(ten_points(), (1, SIDE, SIDE)), count=50, seed=0)) == 10

    def test_of_nothing_within_the_limits(self) -> None:
        with pytest.raises(SearchError) as caught:
            spread(Terms(ten_points(), (1, SIDE, SIDE), max_macs=100), seed=0)
        assert str(caught.value) == (
            "none of 2,000 random networks of the space can be trained: 2,000 too many MACs; "
            "the smallest has 268 MACs\n"
            "hint: raise --max-macs or --max-params, or choose another space"
        )

    def test_of_a_space_that_takes_other_images(self) -> None:
        space = Chain(Conv(pick("width", 4, 8), 9, padding=0), Flatten(), Linear(CLASSES))
        with pytest.raises(SearchError) as caught:
            spread(Terms(space, (1, SIDE, SIDE)), seed=0)
        assert str(caught.value) == (
            "none of 2,000 random networks of the space can be trained: 2,000 does not fit together\n"
            "hint: does the space take images of this shape?"
        )


class TestLocalSearch:
    @staticmethod
    def objective(trial: optuna.Trial) -> tuple[float, float]:
        """Large where all parameters are; one is asked for only under one label."""
        block, depth = trial.suggest_categorical("block", ["a", "b"]), trial.suggest_int("depth", 1, 9, step=2)
        width = trial.suggest_categorical(f"block={block}.width", [1, 2, 4, 8])
        return depth * width + (block == "a"), depth + width

    def study(self, seed: int) -> optuna.Study:
        study = optuna.create_study(directions=["maximize", "minimize"], sampler=LocalSearch(seed=seed))
        study.optimize(self.objective, n_trials=40)
        return study

    def test_serves_any_objective_and_repeats_itself(self) -> None:
        first, second, other = self.study(1), self.study(1), self.study(2)
        assert [t.params for t in first.trials] == [t.params for t in second.trials]
        assert [t.params for t in first.trials] != [t.params for t in other.trials]

    def test_changes_one_decision_of_a_member_of_the_front(self) -> None:
        trials = self.study(0).trials

        def decided(trial: optuna.trial.FrozenTrial) -> dict[str, Any]:
            return {name.rpartition(".")[2]: value for name, value in trial.params.items()}

        for i, trial in enumerate(trials[1:], 1):
            earlier = front(trials[:i], lambda t: (-t.values[0], t.values[1]))
            changed = [
                sum(decided(trial)[name] != value for name, value in decided(member).items()) for member in earlier
            ]
            assert 1 in changed

    def test_refuses_floats(self) -> None:
        study = optuna.create_study(sampler=LocalSearch(seed=0))
        with pytest.raises(TypeError, match="this strategy takes categorical and integer parameters, got Float"):
            study.ask().suggest_float("x", 0, 1)

    def test_prefers_the_widest_gaps(self) -> None:
        room = room_around([(-0.9, 100.0), (-0.8, 90.0), (-0.1, 10.0), (-0.05, 9.0)])
        assert room[1] > room[0]
        assert room[2] > room[3]
        assert room_around([(1.0, 2.0)]) == [1.0]
        assert room_around([(1.0, 2.0), (1.0, 2.0)]) == [1.0, 1.0]


@pytest.mark.parametrize("name", STRATEGIES)
class TestEveryStrategy:
    """What holds for every strategy, trained or not: here accuracies are made up, networks and costs are real."""

    @staticmethod
    def count(name: str) -> int:
        """How many networks to ask for: a Gaussian process takes a second to think of one."""
        return 12 if name == "gp" else 30

    def asked(self, name: str, *, seed: int = 0, space: Space | None = None, **limits: int) -> list[Any]:
        goals = objectives(["accuracy", "macs"])
        terms = Terms(many_points() if space is None else space, (1, SIDE, SIDE), **limits)
        start = [point for point, _ in spread(terms, seed=seed)] if strategy(name).spread else []
        proposer, found = Proposer(terms, strategy(name), goals, start=start, seed=seed), []
        for _ in range(self.count(name)):
            if (proposal := proposer.propose(lambda _: True)) is None:
                break
            found.append(proposal.candidate)
            accuracy = 1 - 1 / math.log(proposal.candidate.cost.macs)
            proposer.tell(
                proposal,
                [goal.value(Seen(proposal.candidate.network, proposal.candidate.cost, accuracy)) for goal in goals],
            )
        return found

    def test_same_seed_same_trials(self, name: str) -> None:
        first, second, other = (self.asked(name, seed=seed) for seed in (0, 0, 1))
        assert first == second
        assert first != other

    @pytest.mark.parametrize("killed", [(0.2, 0.45), (0.75,)])
    def test_goes_on_from_its_record(self, name: str, killed: tuple[float, ...], tmp_path: Path) -> None:
        """Made anew from the study on disk, while the last trial is under way, it proposes what it would have."""
        goals, terms = objectives(["accuracy", "macs"]), Terms(many_points(), (1, SIDE, SIDE))
        start = [point for point, _ in spread(terms, seed=0)] if strategy(name).spread else []
        request = Request(space="many", space_text=text(many_points()), budget="30trials")
        journal = begin_journal(create(request, runs_dir=tmp_path), directions=[goal.direction for goal in goals])
        proposer = Proposer(terms, strategy(name), goals, start=start, seed=0)
        candidates = self.asked(name)
        for number, expected in enumerate(candidates):
            proposal = proposer.propose(lambda _: True)
            assert proposal is not None
            made = proposal.candidate
            assert made == expected
            journal.begin(proposal.asked, network="", fingerprint=made.fingerprint, cost=made.cost, seed=0)
            if number in {int(share * self.count(name)) for share in killed}:
                proposer = Proposer(terms, strategy(name), goals, start=start, seed=0)
                for frozen in journal.frozen():
                    proposal = proposer.recall(frozen, candidates[frozen.number])
            values = [goal.value(Seen(made.network, made.cost, 1 - 1 / math.log(made.cost.macs))) for goal in goals]
            journal.complete(number, values, seconds=0.0)
            proposer.tell(proposal, values)

    def test_nothing_twice(self, name: str) -> None:
        prints = [candidate.fingerprint for candidate in self.asked(name)]
        assert len(set(prints)) == len(prints) == self.count(name)

    def test_nothing_over_the_limits(self, name: str) -> None:
        found = self.asked(name, max_macs=60_000, max_params=2000)
        assert len(found) == self.count(name)
        assert all(c.cost.macs <= 60_000 and c.cost.params <= 2000 for c in found)

    def test_a_small_space_is_exhausted(self, name: str) -> None:
        assert len(self.asked(name, space=ten_points())) == 10


def test_an_unknown_strategy() -> None:
    with pytest.raises(NameUnknownError) as caught:
        strategy("locale")
    assert str(caught.value) == "--strategy: no strategy is called 'locale'\nhint: did you mean 'local'?"
    with pytest.raises(NameUnknownError, match="hint: known: front-first, local, evolution, nsga2, tpe, gp, random"):
        strategy("luck")


class TestSearch:
    def test_leaves_a_front_of_trained_networks(self, run_search: Any, images: Path, cache: Path) -> None:
        events: list[Event] = []
        result = run_search(events=events, name="first")
        trials = read_trials(result.run)
        assert [trial.state for trial in trials] == ["complete"] * 6
        assert len({trial.fingerprint for trial in trials}) == 6
        beaten = front(trials, lambda trial: (-trial.values[0], trial.values[1]))
        assert [t.number for t in result.front] == [t.number for t in beaten]
        assert result.cause == "budget"
        best, data = result.front[0], load(str(images), cache_dir=cache)
        module = build(parse(best.network), input=data.input)
        module.load_state_dict(torch.load(result.run.weights(best.number), weights_only=True))
        assert evaluate(module, data.val, data, device=torch.device("cpu")).accuracy == best.accuracy > 0.5
        assert (best.values, len(best.accuracies)) == ((best.accuracy, best.macs), 2)

    def test_tells_what_happens(self, run_search: Any) -> None:
        events: list[Event] = []
        run_search(events=events, budget="2trials")
        kinds = [Planned, *[Began, EpochDone, EpochDone, Ended] * 2, Finished]
        assert [type(event) for event in events] == kinds
        plan, ended, finished = events[0], events[-2], events[-1]
        assert isinstance(plan, Planned)
        assert (plan.plan.trials, plan.plan.workers, plan.plan.length.train, plan.recorded) == (2, 0, 144, 0)
        assert plan.plan.trial_s is not None
        assert plan.plan.wall_s is not None
        assert 0 < plan.plan.wall_s == pytest.approx(2 * plan.plan.trial_s)
        assert isinstance(ended, Ended)
        assert isinstance(finished, Finished)
        assert (ended.progress.complete, ended.progress.spent, ended.progress.left) == (2, 2, 0)
        assert len(finished.front) == finished.progress.front >= 1
        assert "trial 1 is complete" in plan.run.log.read_text()

    def test_same_seed_same_trials(self, run_search: Any) -> None:
        def told(trials: list[Trial]) -> list[Any]:
            return [(t.point, t.values, t.accuracies) for t in trials]

        first, second = (told(read_trials(run_search(budget="4trials", name=name).run)) for name in "ab")
        assert first == second
        assert told(read_trials(run_search(budget="4trials", seed=1, name="c").run)) != first

    def test_keeps_to_a_budget_of_time(self, run_search: Any) -> None:
        events: list[Event] = []
        result = run_search(
            many_points(), budget="3cpus", strategy="local", recipe={**RECIPE, "epochs": 4}, events=events
        )
        finished = events[-1]
        assert isinstance(finished, Finished)
        assert result.cause == "budget"
        assert 0.85 * 3 < finished.progress.spent < 1.1 * 3
        assert finished.progress.complete > 5
        overhead = open_journal(result.run).facts()["overhead"]
        assert 0 < overhead < finished.progress.spent
        parts = [trial.seconds for trial in read_trials(result.run)]
        assert sum(parts) + overhead == pytest.approx(finished.progress.spent, rel=1e-6)

    def test_ends_where_every_network_was_tried(self, run_search: Any) -> None:
        result = run_search(budget="40trials")
        assert (result.cause, len(read_trials(result.run))) == ("space", 10)

    def test_records_what_fails_and_goes_on(self, run_search: Any) -> None:
        space = network(pick("scale", none=Chain(), one=Scale(1.0), vast=OVERFLOW, vaster=Chain(OVERFLOW, Scale(2.0))))
        result = run_search(space, budget="4trials")
        trials = read_trials(result.run)
        failed = [trial for trial in trials if trial.state == "fail"]
        assert sorted(trial.state for trial in trials) == ["complete", "complete", "fail", "fail"]
        assert {trial.reason for trial in failed} == {"diverged"}
        assert all("loss" in trial.detail and trial.values == () for trial in failed)

    @pytest.mark.parametrize("budget", ["12trials", "20cpus"])
    def test_ends_where_the_first_trials_all_fail(self, run_search: Any, tmp_path: Path, budget: str) -> None:
        space = network(OVERFLOW, width=pick("width", *range(4, 20)))
        with pytest.raises(SearchError) as caught:
            run_search(space, budget=budget, name="failing")
        assert str(caught.value) == (
            "the first 5 trials all failed: diverged\nhint: log.txt and study.db in the run say more"
        )
        study = optuna.load_study(study_name=None, storage=f"sqlite:///{tmp_path / 'runs' / 'failing' / 'study.db'}")
        assert [trial.state.name for trial in study.trials] == ["FAIL"] * 5

    def test_an_interruption_ends_it_with_what_there_is(self, run_search: Any) -> None:
        def interrupt(event: Event) -> None:
            if isinstance(event, EpochDone) and event.number == 2:
                raise KeyboardInterrupt

        result = run_search(on_event=interrupt)
        trials = read_trials(result.run)
        assert result.cause == "interrupted"
        assert [(t.state, t.reason) for t in trials] == [("complete", "")] * 2 + [("running", "")]
        assert result.front

    def test_what_the_caller_raises_is_no_fault_of_the_trial(self, run_search: Any) -> None:
        def break_down(event: Event) -> None:
            if isinstance(event, EpochDone):
                raise OSError("the terminal is gone")

        with pytest.raises(OSError, match="the terminal is gone"):
            run_search(on_event=break_down)

    @pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
    def test_refuses_before_it_makes_a_folder(self, run_search: Any, tmp_path: Path) -> None:
        for asked, message in (
            ({"budget": "1gpuh"}, "for CPU time say --budget 1cpuh"),
            ({"strategy": "luck"}, "no strategy is called 'luck'"),
            ({"objectives": ("beauty",)}, "no objective is called 'beauty'"),
            ({"max_macs": 3}, "too many MACs"),
            ({"data": "fashion"}, "data must be one of"),
            ({"recipe": {"epochs": 0}}, "epochs is at least 1"),
        ):
            with pytest.raises(NasError, match=message):
                run_search(**asked)
        assert not (tmp_path / "runs").exists()


class TestDriver:
    @pytest.fixture
    def driver(self, tmp_path: Path) -> Driver:
        request = Request(space="tiny", space_text=text(ten_points()), budget="100cpus")
        self.run = create(request, runs_dir=tmp_path, name="driven")
        self.ledger, self.forecast = Ledger(Budget.parse("100cpus")), Forecast()
        self.events: list[Event] = []
        return self.made(begin_journal(self.run, directions=["maximize", "minimize"]))

    def made(self, journal: Journal) -> Driver:
        goals = objectives(["accuracy", "macs"])
        return Driver(
            proposer=Proposer(Terms(ten_points(), (1, SIDE, SIDE)), strategy("local"), goals, seed=0),
            journal=journal,
            ledger=self.ledger,
            forecast=self.forecast,
            objectives=goals,
            length=Length(Recipe(epochs=10), train=100, val=30),
            workers=2,
            clock=None,
            tell=self.events.append,
        )

    def resumed(self) -> Driver:
        """Another process's driver of the same run."""
        journal = open_journal(self.run)
        self.ledger, self.forecast = recorded_ledger(Budget.parse("100cpus"), journal), Forecast()
        driver, terms = self.made(journal), Terms(ten_points(), (1, SIDE, SIDE))
        driver.recall(journal.frozen(), lambda network: terms.known(parse(network)))
        return driver

    @staticmethod
    def epoch(number: int, *, seconds: float = 1.0) -> Epoch:
        return Epoch(number, train_loss=1.0, val_loss=1.0, val_accuracy=0.5, seconds=seconds, images=100)

    def test_stops_a_trial_where_the_budget_ends(self, driver: Driver) -> None:
        job = driver.begin()
        assert job is not None
        driver.hold("a worker", 99.0)
        assert driver.epoch(job.number, self.epoch(1), seconds=1.5)
        driver.hold("a worker", 101.0)
        assert not driver.epoch(job.number, self.epoch(2), seconds=2.5)
        driver.end(job.number, Outcome(3.0))  # What comes after is no news.
        assert driver.begin() is None
        assert driver.over
        (trial,) = read_trials(self.run)
        assert (trial.state, trial.reason, trial.accuracies, trial.seconds) == ("pruned", "budget", (0.5, 0.5), 2.5)
        assert open_journal(self.run).facts()["overhead"] == 101.0 - 2.5

    def test_says_how_far_a_long_record_is_read_back(self, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("nas.search.driver._RECALLED", 2)
        for _ in range(5):
            assert driver.begin()
        self.events.clear()
        self.resumed()
        assert self.events == [Recalled(2, 5), Recalled(4, 5)]

    def test_lets_a_trial_end_that_is_at_its_last_epoch(self, driver: Driver) -> None:
        job = driver.begin()
        assert job is not None
        driver.hold("a worker", 101.0)
        for number in range(1, 10):
            self.ledger.budget = Budget.parse("200cpus")
            assert driver.epoch(job.number, self.epoch(number), seconds=number)
        self.ledger.budget = Budget.parse("100cpus")
        assert driver.epoch(job.number, self.epoch(10), seconds=10.0)
        driver.end(job.number, Outcome(11.0))
        assert [(trial.state, trial.seconds) for trial in read_trials(self.run)] == [("complete", 11.0)]

    def test_begins_only_what_fits_beside_what_runs(self, driver: Driver) -> None:
        smallest, largest = 268, 12_000
        first = driver.begin()
        assert first is not None
        self.forecast.learn(replace(COST, macs=largest), images=1100, seconds=40.0)
        self.ledger.hold("a worker", 60.0)
        begun = [first]
        while (job := driver.begin()) is not None:
            begun.append(job)
        assert not driver.over
        macs = [trial.macs for trial in read_trials(self.run)]
        assert sum(40.0 * m / largest for m in macs) <= 40.0
        assert 40.0 - sum(40.0 * m / largest for m in macs) < 1.1 * 40.0 * max(m for m in macs) / largest
        assert min(macs) >= smallest

    def test_prefers_trials_of_an_eighth_of_the_budget(self, driver: Driver) -> None:
        self.forecast.learn(replace(COST, macs=3000), images=1100, seconds=12.0)
        job = driver.begin()
        assert job is not None
        assert read_trials(self.run)[0].macs * 12.0 / 3000 <= 12.5

    def test_goes_on_from_its_record(self, driver: Driver) -> None:
        first, second = driver.begin(), driver.begin()
        assert first is not None
        assert second is not None
        driver.hold("a worker", 9.0)
        driver.end(first.number, Outcome(2.0, "diverged", "loss nan"))
        driver.epoch(second.number, self.epoch(1), seconds=3.0)

        again = self.resumed()
        assert (self.ledger.seconds, self.ledger.overhead) == (9.0, 4.0)
        assert self.forecast.seconds(COST, images=1) is not None
        progress = again.progress()
        assert (progress.failed, progress.running, progress.spent) == (1, 1, 9.0)
        assert again.begin() == second
        again.hold("a worker", 2.5)
        for number in range(1, 11):
            assert again.epoch(second.number, self.epoch(number), seconds=0.2 * number)
        again.end(second.number, Outcome(2.25))
        failed, complete = read_trials(self.run)
        assert (failed.state, failed.seconds) == ("fail", 2.0)
        assert (complete.state, complete.seconds, len(complete.accuracies)) == ("complete", 3.0 + 2.25, 10)
        assert [e.epoch for e in self.events if isinstance(e, EpochDone)] == list(range(1, 11))  # Each told once.
        assert (self.ledger.seconds, self.ledger.overhead) == (11.5, 11.5 - 2.0 - 5.25)
        third = again.begin()
        assert third is not None
        assert third.network not in (first.network, second.network)

    @pytest.mark.parametrize("interrupted", [True, False])
    def test_what_ends_a_search_is_no_fault_of_its_trials(self, driver: Driver, interrupted: bool) -> None:
        job = driver.begin()
        for _ in range(6):
            if interrupted:
                driver.interrupt()
            driver = self.resumed()
            assert driver.begin() == job

    def test_gives_a_trial_whose_worker_died_to_another(self, driver: Driver) -> None:
        job = driver.begin()
        assert job is not None
        driver.epoch(job.number, self.epoch(1), seconds=2.0)
        driver.lose(job.number, 3.0)
        assert driver.begin() == job
        assert driver.epoch(job.number, self.epoch(1), seconds=0.5)  # From its checkpoint: no news.
        driver.epoch(job.number, self.epoch(2), seconds=1.5)
        driver.lose(job.number, 1.0)
        assert driver.begin() == job
        (trial,) = read_trials(self.run)
        assert (trial.state, len(trial.accuracies), trial.seconds) == ("running", 2, 2.0 + 3.0 + 1.5)

    def test_fails_a_trial_that_workers_die_of(self, driver: Driver) -> None:
        job = driver.begin()
        assert job is not None
        for _ in range(3):
            driver.lose(job.number, 3.0)
            assert driver.begin() == job
        driver.lose(job.number, 4.0)
        assert driver.begin() != job
        trial = read_trials(self.run)[0]
        assert (trial.state, trial.reason, trial.seconds) == ("fail", "the worker died", 13.0)
        assert trial.detail == "4 one after the other; perhaps the machine ran out of memory"
        assert self.ledger.seconds == 13.0

    def test_fails_a_trial_whose_worker_hangs(self, driver: Driver) -> None:
        job = driver.begin()
        assert job is not None
        assert not driver.hangs(job.number, 299.0)
        assert driver.hangs(job.number, 301.0)
        macs = read_trials(self.run)[0].macs
        self.forecast.learn(replace(COST, macs=macs), images=110, seconds=60.0)
        assert not driver.hangs(job.number, 1199.0)
        assert driver.hangs(job.number, 1201.0)
        driver.lose(job.number, 1201.0, hung=True)
        (trial,) = read_trials(self.run)
        assert (trial.state, trial.reason) == ("fail", "the worker hung")
        assert trial.detail == "no epoch and no end for 1201 s"
        assert not driver.hangs(job.number, 1e9)

    def test_a_fault_of_the_world_ends_the_search_and_leaves_the_trial(self, driver: Driver) -> None:
        first, second = driver.begin(), driver.begin()
        assert first is not None
        assert second is not None
        driver.end(first.number, Outcome(1.0, error=RunError("the disk is full")))
        assert str(driver.error) == "the disk is full"
        assert driver.begin() is None
        assert not driver.epoch(second.number, self.epoch(1), seconds=1.0)
        assert driver.over
        assert [trial.state for trial in read_trials(self.run)] == ["running", "running"]


@pytest.mark.ray
def test_ray_trains_on_several_workers_and_outlives_one(
    run_search: Any,
    images: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(images.parent)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    held: set[int] = set()
    killed: list[int] = []
    hear = _Desk.hear

    def listen(desk: _Desk, trial_id: str, told: dict[str, Any]) -> bool:
        """Kill the worker that has just done the first epoch of trial 2, and stop the one that does that of trial 5."""
        goes_on = hear(desk, trial_id, told)
        number, process = desk.places[trial_id].number, told["process"]
        held.add(process)
        if number == 2 and "epoch" in told and not killed:
            killed.append(process)
            os.kill(process, signal.SIGKILL)
        if number == 5 and "epoch" in told and len(killed) < 2:
            killed.append(process)
            os.kill(process, signal.SIGSTOP)
        return goes_on

    monkeypatch.setattr(_Desk, "hear", listen)
    monkeypatch.setattr(Driver, "hangs", lambda driver, number, silent: number == 5 and silent > 1.0)
    result = run_search(many_points(), workers=2, budget="10trials", data=images.name)
    trials = read_trials(result.run)
    assert len(trials) == 10
    assert len({trial.fingerprint for trial in trials}) == 10
    assert [(trial.number, trial.reason) for trial in trials if trial.state == "fail"] == [(5, "the worker hung")]
    assert sum(trial.state == "complete" for trial in trials) == 9
    assert len(held) >= 3
    assert capfd.readouterr() == ("", "")
    assert not (tmp_path / "home").exists()
    assert json.loads((result.run.folder / "run.json").read_text())["workers"] == 2
