"""Finalists: who they are, that their trainings keep to the budget and survive, and what is said of them."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from statistics import fmean
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import nas.cli
from nas.arch.nodes import Act, Chain, Conv, Flatten, GlobalPool, Linear, Norm, pick
from nas.arch.text import text
from nas.errors import BudgetError
from nas.export.subject import of_trial
from nas.runs import Request, Run, Trial, open_run
from nas.runs.folder import weights
from nas.runs.journal import open_journal, read_finals, read_trials
from nas.runs.repeats import repeated
from nas.runs.request import from_json, to_json
from nas.search.budget import Budget
from nas.search.events import EpochDone, Event, Finished, Planned
from nas.search.finals import SEEDS, ordered
from nas.search.ledger import recorded_seconds
from nas.search.objectives import objectives
from nas.search.run import Result, resume, search
from nas.search.status import status
from nas.train import latency
from tests.shades import shades

SPACE = Chain(
    Conv(pick("width", 4, 8, 12, 16, 20), pick("kernel", 1, 3)), Norm(), Act(), GlobalPool(), Flatten(), Linear(3)
)
GOALS = objectives(["accuracy", "macs"])
TRIAL = Trial(
    number=0,
    state="complete",
    values=(),
    point={},
    fingerprint="",
    network="",
    params=1,
    macs=1,
    activations=1,
    memory=1,
    accuracies=(),
    seconds=1.0,
    seed=0,
    reason="",
    detail="",
    micro_batch=None,
)


class KilledError(Exception):
    """As the machine would."""


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image folder in which a class is how bright it is, more or less."""
    return shades(tmp_path_factory.mktemp("data") / "shades", classes=3, images=60, side=8, step=40, width=120)


@pytest.fixture
def request_of(pictures: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Request]:
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))

    def make(**more: Any) -> Request:
        fields = {
            "budget": "6cpus",
            "finalists": 0.4,
            "workers": 0,
            "data": str(pictures),
            "recipe": {"epochs": 1},
            "inherit": True,
        }
        return Request(space="tiny", space_text=text(SPACE), **(fields | more))

    return make


def begin(request: Request, home: Path, on_event: Callable[[Event], None] = lambda _: None) -> Result:
    return search(request, runs_dir=home / "runs", name="first", on_event=on_event)


def killed(when: Callable[[EpochDone, int], bool]) -> Callable[[Event], None]:
    """Kills where `when` says so of an epoch and of how many plans were told."""
    plans = []

    def listen(event: Event) -> None:
        if isinstance(event, Planned):
            plans.append(event)
        if isinstance(event, EpochDone) and when(event, len(plans)):
            raise KilledError

    return listen


def check(run: Run, budget_s: float) -> None:
    """All that must hold where a run with finalists is over."""
    trials, finals = read_trials(run), read_finals(run)
    names = {str(trial.number) for trial in trials if trial.state == "complete"}
    assert all(trial.test is None for trial in trials)
    assert not any(trial.inherited for trial in finals)
    done = [trial for trial in finals if trial.state == "complete"]
    assert done
    assert all(trial.test is not None for trial in done)
    assert len({(trial.name, trial.seed) for trial in finals}) == len(finals)
    assert {trial.name for trial in finals} <= names
    networks = {str(trial.number): trial.network for trial in trials}
    assert all(trial.network == networks[trial.name] for trial in finals)
    assert {trial.seed for trial in finals} <= set(range(2 * SEEDS))
    journal = open_journal(run)
    studied, made = journal.finals(), status(run)
    assert studied is not None
    overheads = [one.facts()["overhead"] for one in (journal, studied)]
    assert made.seconds == pytest.approx(sum(trial.seconds for trial in [*trials, *finals]) + sum(overheads))
    assert made.overhead == pytest.approx(sum(overheads))
    assert made.seconds < 1.5 * budget_s
    assert (made.state, made.finalists) == (
        "finished",
        (len(done), max(len(done), SEEDS * len(studied.facts()["finalists"]))),
    )
    assert not [folder for folder in (*run.checkpoints.iterdir(), *run.finalists.iterdir()) if folder.name.isdigit()]


def test_the_front_is_trained_again_and_every_command_says_so(
    request_of: Callable[..., Request], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = begin(request_of(), tmp_path)
    run = result.run
    check(run, 6)
    assert sorted(result.finalists, key=lambda trial: trial.number) == read_finals(run)
    means = {network.name: (network.macs, -network.mean) for network in repeated(read_finals(run))}
    best = {a for a in means if not any(means[b] != means[a] and _no_worse(means[b], means[a]) for b in means)}
    told = json.loads(CliRunner().invoke(nas.cli.group, ["pareto", "first", "--json"]).stdout)
    assert {row["name"] for row in told["front"]} == best
    for row in told["front"]:
        tests = [trial.test for trial in result.finalists if trial.name == row["name"] and trial.test is not None]
        assert (row["accuracy"], row["seeds"], row["split"]) == (pytest.approx(fmean(tests)), len(tests), "test")
    said = CliRunner().invoke(nas.cli.group, ["status", "first"]).output
    assert f"front   {len(best)} of {len(means)} networks, on the test split" in said

    subject = of_trial(run, "best", read_trials(run))
    chosen = max(repeated(read_finals(run)), key=lambda network: (network.validated, -network.macs))
    assert subject.weights == weights(run.finalists, chosen.best.number)
    assert text(subject.network) == chosen.network
    assert subject.card()["metrics"][0]["value"] == chosen.best.test
    assert subject.card()["metrics"][1]["value"] == chosen.mean
    assert subject.module(torch.zeros(1, *subject.input)).shape == (1, 3)

    again = resume(run, more=Budget.parse("2cpus"))
    before = {(trial.name, trial.seed): trial.test for trial in result.finalists}
    assert before.items() <= {(trial.name, trial.seed): trial.test for trial in again.finalists}.items()
    check(run, 8)


@pytest.mark.ray
def test_workers_of_ray_train_finalists_too(request_of: Callable[..., Request], tmp_path: Path) -> None:
    result = begin(request_of(workers=1, budget="20cpus"), tmp_path)
    assert result.cause == "space"
    assert {trial.state for trial in result.finalists if trial.seed < SEEDS} == {"complete"}
    processes = re.findall(r"trial (\d+) is at process (\d+)", result.run.log.read_text())
    assert len(processes) > len(read_trials(result.run))
    assert len({process for _, process in processes}) == 1  # The worker of the search.
    check(result.run, 20)


def _no_worse(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("phase", [1, 2])
def test_a_run_that_is_killed_goes_on_in_the_right_phase(
    request_of: Callable[..., Request], tmp_path: Path, phase: int
) -> None:
    with pytest.raises(KilledError):
        begin(request_of(), tmp_path, killed(lambda event, plans: plans == phase and event.number == 2))
    run = open_run(tmp_path / "runs" / "first")
    trials, finals = read_trials(run), read_finals(run)
    assert [trial.state for trial in (trials, finals)[phase - 1]][-1] == "running"
    seconds = status(run).seconds
    events: list[Event] = []
    result = resume(run, on_event=events.append)
    check(run, 6)
    plans = [event for event in events if isinstance(event, Planned)]
    assert len(plans) == 3 - phase
    assert plans[0].recorded == 3
    assert status(run).seconds > seconds
    if phase == 2:
        assert read_trials(run) == trials
        kept = read_finals(run)
        assert [asdict(trial) for trial in kept[:2]] == [asdict(trial) for trial in finals[:2]]
        assert kept[2].accuracies[: len(finals[2].accuracies)] == finals[2].accuracies
    assert len([event for event in events if isinstance(event, Finished)]) == 1
    assert recorded_seconds(open_journal(run)) > 0
    assert result.finalists


def test_a_finalist_kept_to_the_limit_when_it_was_searched(
    request_of: Callable[..., Request], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is trained again whatever a second measurement would say."""
    takes, plans = [0.001], []
    monkeypatch.setattr(latency, "latency", lambda *_, **__: SimpleNamespace(median_s=takes[-1]))

    def listen(event: Event) -> None:
        if isinstance(event, Planned):
            plans.append(event)
        if len(plans) == 2:
            takes.append(1.0)

    run = begin(request_of(max_latency=0.01), tmp_path, listen).run
    assert len(plans) == 2
    assert [trial for trial in read_finals(run) if trial.state == "complete"]


def test_finalists_need_a_budget_of_time_and_old_runs_have_none(
    request_of: Callable[..., Request], tmp_path: Path
) -> None:
    with pytest.raises(BudgetError, match="finalists have a share of device time"):
        begin(request_of(budget="3trials"), tmp_path)
    assert not (tmp_path / "runs").exists()
    told = json.loads(to_json(request_of()))
    old = {name: told[name] for name in told.keys() - {"finalists", "networks", "seeds"}}
    assert from_json(json.dumps(old), path="run.json").finalists == 0
    result = CliRunner().invoke(nas.cli.group, ["search", "--budget", "3trials", "--finalists", "0.5"])
    assert result.exit_code == 2
    assert "counts trials" in result.output


def test_a_plan_says_what_is_kept_for_finalists() -> None:
    def plan(*words: str) -> Any:
        asked = ["search", "--epochs", "1", "--workers", "1", "--dry-run", "--json", *words]
        return json.loads(CliRunner().invoke(nas.cli.group, asked).stdout)

    assert plan("--budget", "1cpuh")["finalists_s"] == pytest.approx(1080)
    assert plan("--budget", "10cpumin")["finalists_s"] == 0
    assert plan("--budget", "1cpuh", "--finalists", "0")["finalists_s"] == 0


points = st.lists(st.tuples(st.sampled_from([0.5, 0.6, 0.61, 0.7, 0.9]), st.integers(1, 6)), min_size=1, max_size=12)


@given(points, st.sampled_from([100, 1000, 10**6]))
def test_candidates_are_the_front_and_then_what_is_near_it(found: list[tuple[float, int]], images: int) -> None:
    trials = [
        replace(TRIAL, number=i, values=(accuracy, macs), accuracies=(accuracy,), macs=macs)
        for i, (accuracy, macs) in enumerate(found)
    ]

    def beats(a: Trial, b: Trial) -> bool:
        return a.macs <= b.macs and a.values[0] >= b.values[0] and a.values != b.values

    taken = ordered(trials, GOALS, images=images)
    front = [trial for trial in trials if not any(beats(other, trial) for other in trials)]
    assert {trial.number for trial in taken[: len(front)]} == {trial.number for trial in front}
    assert taken[0].values[0] == max(trial.values[0] for trial in trials)
    assert len({trial.number for trial in taken}) == len(taken)
    for trial, other in product(trials, front):
        if trial in taken[len(front) :] and beats(other, trial):
            gap = other.values[0] - trial.values[0]
            assert gap <= (2 * trial.values[0] * (1 - trial.values[0]) / images) ** 0.5
    if len(front) > 2:
        assert taken[1].values[0] == min(trial.values[0] for trial in front), "the other end of the front"
