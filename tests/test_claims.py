"""Claims: their networks differ in one part, their verdicts say no more than the seeds, and what is asked goes on."""

import json
import random
from pathlib import Path
from statistics import mean

import pytest
import torch
from click.testing import CliRunner

from nas import catalog
from nas.arch.cost import cost
from nas.arch.diff import diff
from nas.claims import speed, verdict
from nas.claims.claims import CLAIMS, Contrast
from nas.claims.plan import Plan, plan
from nas.claims.run import run as run_all
from nas.cli import group
from nas.errors import NasError
from nas.train import final
from nas.train.evaluate import Score
from nas.train.failure import TrialFailure
from nas.train.fit import Epoch
from nas.train.recipe import Recipe
from tests.test_data import of_many_sizes

IMAGE = (1, 28, 28)
TRAINED = [name for name, claim in CLAIMS.items() if claim.arms]
SAYS = Contrast("a does better", worse=("b",), better=("a",))


def run(*words: str) -> str:
    result = CliRunner().invoke(group, ["claims", *words])
    if isinstance(result.exception, NasError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def contrasted(*differences: float) -> dict[str, object]:
    return verdict.contrasted(SAYS, [{"a": 10.0, "b": 10.0 + difference} for difference in differences])


@pytest.mark.parametrize("name", TRAINED)
def test_the_networks_of_a_claim_cost_the_same_and_differ(name: str) -> None:
    claim = CLAIMS[name]
    made = {arm.label: arm.make(catalog.network(arm.network), 10, IMAGE) for arm in claim.arms}
    assert len(set(made.values())) == len(claim.arms)
    for contrast in claim.contrasts:
        assert {*contrast.worse, *contrast.better} <= made.keys()
        assert len(contrast.worse) == len(contrast.better)
        if not {"20", "56"} <= {label[-2:] for label in (*contrast.worse, *contrast.better)}:
            worse, better = (
                sum(cost(made[label], IMAGE).macs for label in side) for side in (contrast.worse, contrast.better)
            )
            assert better == pytest.approx(worse, rel=0.02)


def test_what_the_networks_of_a_claim_differ_in() -> None:
    def kinds(name: str) -> set[str]:
        with_it, without = (arm.make(catalog.network(arm.network), 10, IMAGE) for arm in CLAIMS[name].arms)
        return {str(edit).partition(": ")[2].split("(")[0] for edit in diff(with_it, without)}

    assert kinds("shuffle") == {"removed shuffle"}
    assert kinds("linear-bottleneck") == {"added act"}


def test_a_difference_that_all_seeds_have_is_shown_and_one_that_they_have_not_is_not() -> None:
    assert contrasted(2.0, 2.1, 1.9)["shown"] == "yes"
    assert contrasted(-2.0, -2.1, -1.9)["shown"] == "opposite"
    assert contrasted(2.0, -1.0, 0.5)["shown"] == "no"
    alone = contrasted(5.0)
    assert (alone["shown"], alone["interval"]) == ("unknown", None)
    assert "One seed shows nothing" in verdict.concluded(alone, 1)
    assert contrasted(0.0, 0.0)["shown"] == "no"


def test_the_interval_is_students() -> None:
    """Textbook: 2.776 standard errors with 5 seeds; here one of 1."""
    made = contrasted(*(5**0.5 * x / 2.5**0.5 for x in (-2.0, -1.0, 0.0, 1.0, 2.0)))
    assert made["interval"] == pytest.approx([-2.776, 2.776], abs=1e-3)


def test_chance_alone_shows_a_claim_in_one_case_of_forty() -> None:
    rng = random.Random(0)
    shown = [contrasted(*(rng.gauss(0, 1) for _ in range(5)))["shown"] for _ in range(1000)]
    assert 0.01 < mean(said == "yes" for said in shown) < 0.04
    assert 0.01 < mean(said == "opposite" for said in shown) < 0.04


def test_depth_that_pays_more_is_a_difference_of_differences() -> None:
    (contrast,) = (one for one in CLAIMS["residual"].contrasts if "pays more" in one.says)
    errors = {"plain-20": 10.0, "plain-56": 14.0, "residual-20": 9.0, "residual-56": 7.0}
    assert verdict.contrasted(contrast, [errors])["effect"] == 4 + 2


def planned(seeds: int = 4, budget_s: float = 100.0) -> Plan:
    trainings = tuple(
        final.Training(name=label, network="", recipe=Recipe(epochs=1), seed=seed)
        for seed in range(seeds)
        for label in ("linear", "relu6")
    )
    costs = {label: {"params": 1, "macs": 1} for label in ("linear", "relu6")}
    return Plan(
        claim="linear-bottleneck", data="sample", input=IMAGE, classes=10, all_train=10, train=10, costs=costs,
        seconds=None, budget_s=budget_s, seeds=seeds, trainings=trainings,
    )  # fmt: skip


def trained(training: final.Training, folder: Path) -> final.Trained:
    """Ten seconds; the network with ReLU6 diverges with seed 1."""
    if (training.name, training.seed) == ("relu6", 1):
        raise TrialFailure("diverged", "loss nan")
    return final.Trained(training, (Epoch(1, 1.0, 1.0, 0.5, 10.0, 10),), Score(0.8, 1.0, 1.0, 100))


def test_a_training_that_diverges_counts_as_guessing_and_is_said(tmp_path: Path) -> None:
    found = run_all(planned(), tmp_path, train=trained)
    assert [[one.error for one in of_seed] for of_seed in found[:2]] == [
        pytest.approx([20, 20]),
        pytest.approx([20, 90]),
    ]
    told = verdict.verdict(CLAIMS["linear-bottleneck"], planned(), found)
    assert [one["diverged"] for one in told["networks"]] == [0, 1]
    assert told["seconds"] == 70
    with pytest.raises(TrialFailure):
        run_all(planned(), tmp_path, train=lambda *_: (_ for _ in ()).throw(TrialFailure("out of memory", "")))


def test_no_seed_begins_that_the_budget_has_no_room_for(tmp_path: Path) -> None:
    for budget_s, seeds in ((1.0, 2), (45.0, 3), (100.0, 4)):
        assert len(run_all(planned(budget_s=budget_s), tmp_path, train=trained)) == seeds


def test_it_ends_with_a_verdict_and_is_not_trained_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = (
        "se",
        "--data",
        "sample",
        "--budget",
        "1cpus",
        "--seeds",
        "2",
        "--epochs",
        "1",
        "--out",
        str(tmp_path / "out"),
    )
    told = json.loads(run(*words, "--json"))
    assert [network["label"] for network in told["verdict"]["networks"]] == ["with-se", "without-se"]
    assert told["plan"]["epochs"] == 1
    assert told["verdict"]["seeds"] == 2
    assert len(told["verdict"]["contrasts"][0]["interval"]) == 2
    page = (tmp_path / "out" / "claim.md").read_text()
    assert "arXiv:1709.01507" in page
    assert "paired t of 2 seeds" in page
    monkeypatch.setattr(final, "fit", lambda *_: pytest.fail("trained again"))
    assert json.loads(run(*words, "--json")) == told
    with pytest.raises(NasError, match="a claim goes to a folder that is empty or its own"):
        run(*words, "--seeds", "3")


def test_they_are_listed_and_told_apart() -> None:
    listed = run()
    assert all(name in listed for name in CLAIMS)
    assert [claim["name"] for claim in json.loads(run("--json"))] == list(CLAIMS)
    with pytest.raises(NasError, match="did you mean 'shuffle'"):
        run("shufle")


def test_speed_is_measured_and_trains_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "SECONDS", 0.5)
    told = json.loads(run("speed", "--json", "--out", str(tmp_path / "out")))
    first = told["measured"]["ratios"][0]
    assert first["macs"] == pytest.approx(19.2, abs=0.1)
    assert 1 < first["median"] < 13
    assert "are not reached" in (tmp_path / "out" / "claim.md").read_text()
    result = CliRunner().invoke(group, ["claims", "speed", "--seeds", "3"])
    assert result.exit_code == 2
    assert "speed trains nothing" in result.output


def test_images_of_many_sizes_are_made_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))
    photos = str(of_many_sizes(tmp_path / "photos"))
    made = plan(CLAIMS["shuffle"], catalog.network, data=photos, device=torch.device("cpu"), budget_s=1, seeds=1)
    assert made.input == (3, 32, 32)
    assert {training.size for training in made.trainings} == {32}
