"""Comparisons: real trainings under equal conditions, killed and resumed; means, spreads and ties."""

import json
import operator
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import nas.cli
from nas.errors import NasError
from nas.runs import Trial, open_run
from nas.runs.folder import create
from nas.runs.journal import open_journal
from nas.runs.repeats import Repeated, repeated
from nas.search import comparison
from nas.search.devices import devices_at
from nas.search.events import EpochDone, Event, Planned
from nas.search.pace import Pace
from nas.search.run import resume
from nas.search.standings import standings
from tests.shades import shades

TRIAL = Trial(
    number=0,
    state="complete",
    values=(0.5, 1.0),
    point={},
    fingerprint="",
    network="",
    params=1,
    macs=1,
    activations=1,
    memory=1,
    accuracies=(0.5,),
    seconds=1.0,
    seed=0,
    reason="",
    detail="",
    micro_batch=None,
)


def trainings(of: dict[str, tuple[int, list[float]]]) -> list[Trial]:
    """Trials of networks, by name: MACs, and what each training gets right."""
    return [
        replace(TRIAL, name=name, macs=macs, values=(0.5, macs), seed=seed, test=test)
        for name, (macs, tests) in of.items()
        for seed, test in enumerate(tests)
    ]


def macs(networks: list[Repeated]) -> list[tuple[float, ...]]:
    return [(network.macs,) for network in networks]


networks = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=2),
    st.tuples(st.integers(1, 5), st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4]), min_size=1, max_size=3)),
    max_size=8,
)


@given(networks)
def test_means_and_the_front_of_them_are_what_brute_force_finds(of: dict[str, tuple[int, list[float]]]) -> None:
    found = repeated(trainings(of))
    assert {network.name for network in found} == of.keys()
    for network in found:
        tests = of[network.name][1]
        assert network.mean == fmean(tests)
        assert network.spread == (stdev(tests) if len(tests) > 1 else None)
    points = {name: (macs, -fmean(tests)) for name, (macs, tests) in of.items()}
    beaten = {a for a, b in product(of, of) if points[b] != points[a] and all(map(operator.le, points[b], points[a]))}
    said = dict(zip((network.name for network in found), standings(found, macs(found)), strict=True))
    assert {name for name, standing in said.items() if standing == "front"} == of.keys() - beaten


def test_a_tie_is_beaten_by_less_than_two_standard_errors() -> None:
    of = {"best": (1, [0.80, 0.82]), "near": (2, [0.79, 0.81]), "far": (2, [0.70, 0.72]), "dear": (3, [0.83, 0.85])}
    found = repeated(trainings(of))
    said = {network.name: standing for network, standing in zip(found, standings(found, macs(found)), strict=True)}
    assert said == {"best": "front", "near": "tie", "far": "", "dear": "front"}
    alone = repeated(trainings({"best": (1, [0.8]), "near": (2, [0.7999])}))
    assert standings(alone, macs(alone)) == ["front", ""], "nothing is known of noise"


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image folder in which a class is how bright it is."""
    return shades(tmp_path_factory.mktemp("data") / "shades", classes=3, images=40, side=16, step=80, width=90)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))
    return tmp_path


def answer(*arguments: str) -> Any:
    result = CliRunner().invoke(nas.cli.group, [*arguments, "--json"])
    if isinstance(result.exception, NasError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def compare(images: Path, *more: str) -> Any:
    words = ["lenet5", "resnet8", "--data", str(images), "--workers", "0", "--name", "two", *more]
    return answer("compare", *words)


def test_networks_are_trained_alike_and_every_command_knows_them(home: Path, images: Path) -> None:
    told = compare(images, "--epochs", "1", "--seeds", "2")
    run = open_run("runs/two")
    trials = open_journal(run).trials()
    assert [(trial.seed, trial.name) for trial in trials] == list(product([0, 1], ["resnet8", "lenet5"]))
    assert {len(trial.accuracies) for trial in trials} == {1}
    rates = {entry["name"]: entry["recipe"]["lr"] for entry in run.request.networks}
    assert rates["lenet5"] < rates["resnet8"], "no norms"
    for row in told["networks"]:
        own = [trial.test for trial in trials if trial.name == row["name"]]
        assert row["accuracy"] == pytest.approx(fmean(x for x in own if x is not None))
        assert row["seeds"] == 2
        assert row["latency_ms"] > 0
        assert row["accuracy_per_mmac"] == pytest.approx(row["accuracy"] / row["macs"] * 1e6)
    assert (told["conditions"]["epochs"], told["conditions"]["split"], told["missing"]) == (1, "test", [])
    assert {Path(file).suffix for file in told["files"]} == {".png", ".svg", ".csv"}
    status = answer("status", "two")
    assert (status["state"], status["complete"], status["left"]) == ("finished", 4, 0)
    assert "of 2 networks, on the test split" in CliRunner().invoke(nas.cli.group, ["status", "two"]).output
    front = answer("pareto", "two")["front"]
    assert [row["accuracy"] for row in front] == [
        row["accuracy"] for row in told["networks"] if row["standing"] == "front"
    ]
    assert answer("runs")[0]["space"] == "compare"


def test_a_comparison_that_was_killed_goes_on_and_tests_each_training_once(home: Path, images: Path) -> None:
    class KilledError(Exception):
        """As the machine would."""

    def kill(event: Event) -> None:
        if isinstance(event, EpochDone) and event.number == 1:
            raise KilledError

    request = _request(home, images)
    with pytest.raises(KilledError):
        resume(request, on_event=kill)
    events: list[Event] = []
    resume(request, on_event=events.append)
    trials = open_journal(request).trials()
    assert [(trial.state, len(trial.accuracies)) for trial in trials] == [("complete", 2)] * 4
    assert all(trial.test is not None for trial in trials)
    assert [event.recorded for event in events if isinstance(event, Planned)] == [2]
    assert len([event for event in events if isinstance(event, EpochDone)]) == 1 + 2 * 2
    assert set(open_journal(request).facts()["latency"]["ms"]) == {"lenet5", "resnet8"}


def _request(home: Path, images: Path) -> Any:
    """The folder of a comparison of which nothing but the request is there."""
    compare(images, "--epochs", "2", "--seeds", "2")
    asked = open_run("runs/two").request
    return create(asked, runs_dir=home / "runs", name="killed")


def test_a_budget_says_for_how_long_all_are_trained(home: Path, images: Path) -> None:
    compare(images, "--epochs", "1", "--seeds", "1")
    asked = open_run("runs/two").request
    many = tuple({**entry, "recipe": {**entry["recipe"], "epochs": 400}} for entry in asked.networks)
    asked = replace(asked, seeds=3, networks=many)
    with devices_at(None) as devices:
        budgets = ("10cpus", "1000cpuh")
        short, long = (comparison.plan(replace(asked, budget=each), devices=devices) for each in budgets)
    assert 1 < short.length.recipe.epochs < long.length.recipe.epochs == 400
    for planned in (short, long):
        assert {entry.recipe.epochs for entry in planned.entries} == {planned.length.recipe.epochs}
        assert (planned.trials, planned.seeds) == (6, (0, 1, 2))
    assert short.trial_s is not None
    assert 3 < 6 * short.trial_s <= 8


def test_small_batches_are_planned_as_what_they_were_measured_to_take(
    home: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image takes 10 ms, a step 320 ms beside its images: so one takes 30 ms in a batch of 16."""
    compare(images, "--epochs", "1", "--seeds", "1")
    asked = open_run("runs/two").request
    many = tuple({**entry, "recipe": {**entry["recipe"], "epochs": 400}} for entry in asked.networks)
    asked = replace(asked, seeds=3, networks=many, budget="60cpus", workers=0)

    def pace(network: Any, data: Any, recipe: Any, **_: Any) -> Pace:
        per_image_s = 0.01 + 0.32 / recipe.batch
        return Pace(recipe, len(data.train), len(data.val), len(data.test), per_image_s, step_s=0.32)

    monkeypatch.setattr(comparison, "pace", pace)
    with devices_at(None) as devices:
        planned = comparison.plan(asked, devices=devices)
    assert {entry.recipe.batch for entry in planned.entries} == {16}
    assert planned.trial_s == pytest.approx(0.03 * planned.length.all_images)
    assert 24 < 6 * planned.trial_s <= 48


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["resnet20"], "--epochs and --budget exclude each other"),
        ([], "which networks"),
        (["--published"], "so --epochs says nothing"),
    ],
)
def test_what_says_nothing_is_refused(words: list[str], message: str) -> None:
    result = CliRunner().invoke(nas.cli.group, ["compare", *words, "--epochs", "1", "--budget", "9cpus"])
    assert result.exit_code == 2
    assert message in result.output


def test_networks_that_are_not_there_are_refused(home: Path, images: Path) -> None:
    with pytest.raises(NasError, match="no network's name is like 'nothing"):
        compare(images, "nothing*", "--epochs", "1")
    with pytest.raises(NasError, match="no network is called 'resnt20'"):
        compare(images, "resnt20", "--epochs", "1")
    result = CliRunner().invoke(nas.cli.group, ["compare", "lenet5", "--budget", "9trials"])
    assert "device time" in result.output
    assert not (home / "runs").exists()
