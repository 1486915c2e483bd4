"""Reproductions: what they count, that they keep to their words, and what they call comparable."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from nas import catalog
from nas.cli import group
from nas.errors import NasError
from nas.reproduce.plan import Plan, _is_imagenet, plan
from nas.reproduce.structure import structure
from nas.reproduce.verdict import concluded, needs, verdict
from nas.train import final
from nas.train.recipes import of_paper
from tests.test_data import of_many_sizes

OURS = {"top1_error": 9.0, "spread": 0.1, "seeds": 3}


def run(*words: str) -> str:
    result = CliRunner().invoke(group, ["reproduce", *words])
    if isinstance(result.exception, NasError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def whole(name: str = "resnet20") -> Plan:
    named = catalog.network(name)
    return Plan(
        name=name,
        data="cifar10",
        classes=10,
        recipe="paper",
        full=of_paper(name).recipe,
        all_train=45_000,
        macs=structure(named)["macs"],
        is_papers_data=True,
        per_image_s=0.001,
        seconds=1.0,
        budget_s=1.0,
        trainings=(final.Training(name=name, network="", recipe=of_paper(name).recipe),),
    )


def less(plan: Plan, changed: tuple[str, ...] = (), **recipe: int) -> tuple[final.Training, ...]:
    first = plan.trainings[0]
    return (replace(first, changed=changed, recipe=replace(first.recipe, **recipe)),)  # type: ignore[arg-type]


def test_structure_is_that_of_the_references() -> None:
    for name in ("lenet5", "resnet50", "shufflenet_v1-1.0-g3"):
        assert structure(catalog.network(name))["agrees"] is True, name
    assert structure(catalog.network("resnet50"))["params"] == 25_557_032


def test_only_the_papers_whole_experiment_is_comparable() -> None:
    named = catalog.network("resnet20")
    plan = whole()
    said = verdict(named, plan, OURS)
    assert said["comparable"]
    assert said["difference"] == pytest.approx(9.0 - 8.75)
    assert any("the rate warms up linearly in the first 400 steps" in line for line in concluded(said))
    for changes, reason in (
        ({"is_papers_data": False, "data": "sample"}, "here it is sample"),
        ({"trainings": less(plan, epochs=3)}, "3 of 182 epochs"),
        ({"trainings": less(plan, limit=9000)}, "9,000 of 45,000"),
        ({"recipe": "fast"}, "the recipe is `fast`"),
        ({"trainings": less(plan, ("more",)), "macs": 1}, "the network was changed"),
    ):
        short = verdict(named, replace(plan, **changes), OURS)  # type: ignore[arg-type]
        assert not short["comparable"]
        assert short["difference"] is None
        assert any(reason in line for line in concluded(short)), reason


def test_a_thousand_classes_of_ones_own_are_not_imagenet() -> None:
    assert _is_imagenet([f"n{i:08}" for i in range(1000)])
    assert not _is_imagenet([f"n{i:08}" for i in range(999)])
    assert not _is_imagenet([f"class{i:03}" for i in range(1000)])


def test_what_a_published_number_needs() -> None:
    told = needs(catalog.network("resnet20"), whole())
    assert told["images_seen"] == 182 * 50_000
    assert told["hours_here"] == pytest.approx(182 * 50_000 * 0.001 / 3600)
    assert told["gpu_hours"] == pytest.approx(6 * structure(catalog.network("resnet20"))["macs"] * 9.1e6 / 3.6e17)


def test_it_ends_with_a_verdict_and_is_not_trained_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("lenet5", "--data", "sample", "--budget", "1cpus", "--seeds", "2", "--out", str(tmp_path / "out"))
    told = json.loads(run(*words, "--json"))
    assert len(told["measured"]["top1_errors"]) == 2
    assert told["measured"]["spread"] is not None
    assert told["plan"]["changed"] == []
    assert not told["verdict"]["comparable"]
    assert json.loads((tmp_path / "out" / "reproduce.json").read_text())["measured"] == told["measured"]
    assert "not comparable" in (tmp_path / "out" / "reproduce.md").read_text()
    monkeypatch.setattr(final, "fit", lambda *_: pytest.fail("trained again"))
    assert json.loads(run(*words, "--json")) == told
    with pytest.raises(NasError, match="something else"):
        run(*words, "--recipe", "paper")


def test_it_is_a_name_that_is_reproduced(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.touch()
    with pytest.raises(NasError, match="got a file"):
        run(str(file))


def test_images_of_many_sizes_are_made_those_of_the_paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))
    photos = str(of_many_sizes(tmp_path / "photos"))
    named = catalog.network("mobilenet_v1-0.25-128")
    made = plan(named, data=photos, recipe=None, device=torch.device("cpu"), budget_s=1, seeds=1)
    assert [training.size for training in made.trainings] == [128]
