"""Objectives beyond accuracy and MACs: measured latency, and a person's own function."""

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from nas.arch.cost import Shape, cost
from nas.arch.nodes import Act, Chain, Conv, Flatten, GlobalPool, Linear, Network, Norm, pick
from nas.arch.realize import realize
from nas.arch.text import parse, text
from nas.cli import group
from nas.errors import NasError
from nas.runs import Request, open_run
from nas.runs.journal import open_journal, read_trials
from nas.search.budget import Budget
from nas.search.errors import SearchError
from nas.search.limits import Terms
from nas.search.looks import looks
from nas.search.objectives import Seen, objectives, on_device
from nas.search.own import ObjectiveError, own, resolved
from nas.search.proposer import Proposer
from nas.search.run import resume, search
from nas.search.status import status
from nas.search.strategies import strategy
from nas.train import latency
from nas.train.failure import TrialFailure
from tests.shades import shades

SIDE = 12
NETWORK = Chain(Conv(4, 3), Norm(), Act(), GlobalPool(), Flatten(), Linear(2))
COST = cost(NETWORK, (1, SIDE, SIDE))
SPACE = Chain(
    Conv(pick("width", 2, 4, 6, 8, 10), pick("kernel", 1, 3)), Norm(), Act(), GlobalPool(), Flatten(), Linear(2)
)
RECIPE = {"epochs": 1, "batch": 20}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dark and light images."""
    return shades(tmp_path_factory.mktemp("data") / "shades", classes=2, images=40, side=SIDE, step=100, width=100)


@pytest.fixture
def searched(images: Path, tmp_path: Path) -> Any:
    def run(*names: str, budget: str = "3trials", **asked: Any) -> Any:
        fields = {"budget": budget, "workers": 0, "data": str(images), "recipe": RECIPE, **asked}
        request = Request(space="tiny", space_text=text(SPACE), objectives=names, **fields)
        return search(request, runs_dir=tmp_path / "runs", name="run", cache_dir=tmp_path / "cache")

    return run


def in_file(folder: Path, content: str) -> Path:
    file = folder / "mine.py"
    file.write_text(content)
    return file


def test_latency_is_measured_of_every_network_that_is_trained(searched: Any) -> None:
    result = searched("accuracy", "latency")
    trials = read_trials(result.run)
    assert len(trials) == 3
    assert all(0 < trial.values[1] < 0.1 for trial in trials)
    assert open_journal(result.run).directions == ("maximize", "minimize")


def test_latency_of_what_finds_no_memory_is_infinite(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise TrialFailure("out of memory", "")

    (goal,) = on_device(objectives(["latency"]), (1, SIDE, SIDE), "cpu")
    assert 0 < goal.value(Seen(NETWORK, COST)) < 0.1
    monkeypatch.setattr(latency, "latency", full)
    assert goal.value(Seen(NETWORK, COST)) == math.inf


@pytest.fixture
def a_nanosecond_a_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    """On an imagined device."""

    def measured(network: Network, input: Shape, **_: object) -> SimpleNamespace:
        return SimpleNamespace(median_s=cost(network, input).macs * 1e-9)

    monkeypatch.setattr(latency, "latency", measured)


@pytest.mark.usefixtures("a_nanosecond_a_mac")
@pytest.mark.parametrize("strategy", ["front-first", "random"])
def test_what_takes_longer_than_the_limit_is_not_trained(strategy: str, searched: Any) -> None:
    """All networks that keep to it are, each with its latency on record, though it is no objective."""
    every = [cost(realize(SPACE, {"width": w, "kernel": k}), (1, SIDE, SIDE)).macs
             for w in (2, 4, 6, 8, 10) for k in (1, 3)]  # fmt: skip
    middle = sorted(every)[len(every) // 2]
    result = searched("accuracy", "params", budget="10trials", strategy=strategy, max_latency=middle * 1e-9)
    trials = open_journal(result.run).frozen()
    assert sorted(trial.user_attrs["measured"]["latency"] for trial in trials) == pytest.approx(
        [macs * 1e-9 for macs in sorted(every) if macs <= middle]
    )


@pytest.mark.usefixtures("a_nanosecond_a_mac")
def test_a_limit_that_no_network_keeps_to_is_told_before_the_search(searched: Any, tmp_path: Path) -> None:
    with pytest.raises(SearchError) as caught:
        searched("accuracy", "macs", max_latency=1e-7)
    assert str(caught.value) == (
        "--max-latency: no network is found that answers within 0.0001 ms: the smallest of 10 takes 0.00029 ms on cpu\n"
        "hint: raise it, or choose another space"
    )
    assert not (tmp_path / "runs").exists()


def test_a_run_goes_on_though_its_smallest_network_now_takes_longer(
    searched: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Times are never the same twice; what is on record counts."""
    takes = [1e-3]
    monkeypatch.setattr(latency, "latency", lambda *_, **__: SimpleNamespace(median_s=takes[-1]))
    run = searched("accuracy", "params", budget="2trials", max_latency=2e-3).run
    takes.append(1.0)
    result = resume(run, more=Budget.parse("1trial"), cache_dir=tmp_path / "cache")
    assert len(read_trials(result.run)) == 2


def test_a_function_of_ones_own_is_an_objective(searched: Any, tmp_path: Path) -> None:
    """It is exact, so strategies are shown it, and its values are those of the networks."""
    file = in_file(
        tmp_path,
        'def parts(network):\n    """How many parts."""\n    return len(network.parts)\n\n'
        "def per_parameter(network, cost):\n    return cost.macs / cost.params\n\n"
        'per_parameter.direction = "maximize"\n',
    )
    result = searched("accuracy", f"{file}:parts", f"{file}:per_parameter")
    for trial in read_trials(result.run):
        network = parse(trial.network)
        counted = cost(network, (1, SIDE, SIDE))
        assert trial.values[1:] == (6.0, counted.macs / counted.params)
    assert open_journal(result.run).directions == ("maximize", "minimize", "maximize")
    look = looks(Terms(SPACE, (1, SIDE, SIDE)), objectives(["accuracy", "latency", f"{file}:per_parameter"]))
    seen = look({"width": 4, "kernel": 3})
    assert seen is not None
    assert seen.losses == (None, None, -COST.macs / COST.params)
    assert own(f"{file}:parts").about == "How many parts."
    assert own(f"{file}:parts:maximize").direction == "maximize"
    file.unlink()
    assert status(result.run).progress.complete == 3  # without the file


def test_one_that_is_not_exact_is_called_once_for_a_trained_network(searched: Any, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    file = in_file(
        tmp_path,
        f"def slow(network):\n    with open({str(log)!r}, 'a') as log:\n        log.write('x')\n    return 1.5\n\n"
        "slow.exact = False\n",
    )
    result = searched("accuracy", f"{file}:slow")
    assert [trial.values[1] for trial in read_trials(result.run)] == [1.5] * 3
    assert log.read_text() == "x" * (3 + 1)  # and once beforehand, to see that it works


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("", "", "an objective in a file is named after a colon"),
        ("def size(network): return 1", ":sise", "no 'sise' stands in it\nhint: it holds size"),
        ("size = 3", ":size", "an objective is a function of a network, got int"),
        (
            "def size(network, cost, more): return 1",
            ":size",
            "a network, or a network and its cost, got (network, cost",
        ),
        ("def size(): return 1", ":size", "an objective takes a network"),
        ("def size(network): return 1", ":size:smaller", "a direction is maximize or minimize, got 'smaller'"),
        ("def size(network): return 'big'", ":size", "an objective is a finite number, got 'big', str"),
        ("def size(network): return None", ":size", "an objective is a finite number, got None, NoneType"),
        ("def size(network): return float('nan')", ":size", "an objective is a finite number, got nan, float"),
        ("def size(network): return '3'", ":size", "an objective is a finite number, got '3', str"),
        ("def size(network):\n    return 1 / 0", ":size", "mine.py, line 2: ZeroDivisionError"),
        ("import nothing_of_the_kind", ":size", "mine.py, line 1: ModuleNotFoundError"),
        ("def size(network:", ":size", "mine.py, line 1: SyntaxError"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_made(
    searched: Any, tmp_path: Path, content: str, name: str, message: str
) -> None:
    file = in_file(tmp_path, content)
    with pytest.raises(ObjectiveError) as caught:
        searched("accuracy", f"{file}{name}")
    assert message in str(caught.value)
    assert not (tmp_path / "runs").exists()


def test_of_a_file_that_is_not_there() -> None:
    with pytest.raises(ObjectiveError, match="no such file"):
        objectives(["absent.py:size"])
    assert resolved("a/mine.py:size:maximize") == f"{Path.cwd()}/a/mine.py:size:maximize"


def test_one_that_fails_later_ends_the_search_and_loses_nothing(searched: Any, tmp_path: Path) -> None:
    """It fails for the second network; when it is mended the search goes on, and trains and measures nothing again."""
    mended = tmp_path / "mended"
    file = in_file(
        tmp_path,
        "import pathlib\ncalls = []\n\ndef moody(network):\n    calls.append(1)\n"
        f"    if len(calls) == 3 and not pathlib.Path({str(mended)!r}).exists():\n        raise OSError('no meter')\n"
        "    return len(calls)\n\nmoody.exact = False\n",
    )
    with pytest.raises(ObjectiveError, match="line 7: OSError: no meter"):
        searched("accuracy", f"{file}:moody")
    run = open_run(tmp_path / "runs" / "run")
    assert [(trial.state, trial.values[1]) for trial in read_trials(run)] == [("complete", 2)]
    mended.touch()
    resume(run, cache_dir=tmp_path / "cache")
    # The file is run again, and the function first tried: its calls are counted anew.
    assert [(trial.state, trial.values[1]) for trial in read_trials(run)] == [("complete", v) for v in (2, 2, 3)]


def test_one_that_fails_while_networks_are_chosen_ends_the_search(searched: Any, tmp_path: Path) -> None:
    file = in_file(
        tmp_path, "calls = []\n\ndef moody(network):\n    calls.append(1)\n    return 1 if len(calls) < 3 else 'much'\n"
    )
    with pytest.raises(ObjectiveError, match="an objective is a finite number, got 'much'"):
        searched("accuracy", f"{file}:moody", budget="10trials")


def test_the_command_line_takes_both(images: Path, tmp_path: Path) -> None:
    file = in_file(tmp_path, "def parts(network):\n    return len(repr(network))\n")
    words = ["search", "--space", "residual", "--data", str(images), "--budget", "1trial", "--workers", "0"]
    more = ["--objectives", "accuracy,latency", "--objective", f"{file}:parts", "--runs-dir", str(tmp_path / "runs")]
    result = CliRunner().invoke(group, [*words, *more, "--epochs", "1", "--name", "run"])
    assert result.exit_code == 0, result.output
    (trial,) = read_trials(open_run(tmp_path / "runs" / "run"))
    lines = [line for line in result.stdout.splitlines() if line]
    (place,) = (i for i, line in enumerate(lines) if line.startswith("trial "))
    head, row = lines[place : place + 2]
    assert head.split() == ["trial", "accuracy", "MACs", "params", "latency", "mine.py:parts", "fingerprint"]
    assert row.split()[-3:-1] == [f"{trial.values[1]:.4g}", f"{trial.values[2]:.4g}"]
    assert trial.values[2] == len(repr(parse(trial.network)))
    broken = CliRunner().invoke(group, [*words, "--objective", f"{file}:pats"])
    assert isinstance(broken.exception, NasError)


def test_strategies_go_on_where_several_objectives_are_known_only_after_training(tmp_path: Path) -> None:
    file = in_file(tmp_path, "def width(network):\n    return network.parts[0].out\n\nwidth.direction = 'maximize'\n")
    goals = objectives(["accuracy", "latency", f"{file}:width"])
    layer = Chain(
        Conv(pick("width", *range(2, 30)), pick("kernel", 1, 3)), Norm(), pick("act", relu=Act(), none=Chain())
    )
    terms = Terms(Chain(layer, *NETWORK.parts), (1, SIDE, SIDE))
    proposer, found = Proposer(terms, strategy("front-first"), goals, seed=0), set()
    for _ in range(30):
        proposal = proposer.propose(lambda _: True)
        assert proposal is not None
        made = proposal.candidate
        found.add(made.fingerprint)
        macs = made.cost.macs
        proposer.tell(proposal, [1 - 1 / macs**0.1, macs**0.5 / 1e6, made.network.parts[0].out])
    assert len(found) == 30
