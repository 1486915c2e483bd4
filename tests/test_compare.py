"""What is published of networks set against their costs: the table, the pictures, the names in them."""

import csv
import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from matplotlib import pyplot as plt

import nas.cli
from analysis.labels import label
from analysis.published import published
from nas import catalog
from nas.arch.about import family
from nas.arch.cost import cost
from search_spaces.networks.published import facts, measured

IMAGENET = [named for named in catalog.networks().values() if named.classes == 1000]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(nas.cli.group, ["compare", "--published", *arguments])


def test_the_front_is_what_no_other_published_network_beats() -> None:
    of = {
        named.name: (cost(named.network(), named.input).macs, error)
        for named in IMAGENET
        if (error := named.facts(1000).top1_error) is not None
    }
    beaten = {
        name
        for name, (macs, error) in of.items()
        if any(m <= macs and e <= error and (m, e) != (macs, error) for m, e in of.values())
    }
    rows = published(IMAGENET)
    assert set(rows["name"][rows["front"]]) == of.keys() - beaten
    assert rows["macs"].is_monotonic_increasing


def test_measured_errors_are_of_named_networks_and_near_the_papers() -> None:
    assert measured().keys() <= {named.name for named in IMAGENET}
    for name, several in measured().items():
        assert catalog.network(name).measured == several
        for of in several:
            assert of.recipe in ("paper", "modern")
            assert of.weights.partition(":")[0] in ("timm", "torchvision")
            assert 0 < of.top5_error < of.top1_error < 60
            (said,) = {fact.top1_error for fact in facts()[name] if not fact.exit}
            if said is not None and of.recipe == "paper":
                assert abs(of.top1_error - said) < 1.2, of
    modern = {(of.name, of.recipe): of.top1_error for several in measured().values() for of in several}
    assert len(modern) == sum(map(len, measured().values())), "one of each recipe"


def test_a_networks_family_is_what_its_paper_calls_it() -> None:
    of = {name: family(catalog.network(name)) for name in ("mobilenet_v1-0.5", "mobilenet_v2", "bn_inception", "vgg16")}
    assert list(of.values()) == ["MobileNet", "MobileNet v2", "BN-Inception", "VGG"]


def test_the_table_marks_the_front_and_says_what_is_measured() -> None:
    lines = [line.split() for line in run("resnet50", "se_resnet50", "resnet101").output.splitlines()]
    assert ["*", "se_resnet50", "2017", "28.1", "M", "3.86", "G", "22.37", "6.36", "22.35"] in lines
    assert ["resnet50", "2015", "25.6", "M", "4.09", "G", "24.01", "7.02", "23.84", "19.15"] in lines
    assert ["resnet101", "2015", "44.5", "M", "7.8", "G", "22.6", "18.05"] in lines


def test_words_narrow_the_networks() -> None:
    def names(*words: str) -> set[str]:
        return {row["name"] for row in json.loads(run(*words, "--json").output)["networks"]}

    assert names("all") == names() == {named.name for named in IMAGENET}
    assert names("resnet50") == {"resnet50"}
    assert names("vgg", "densenet") == {n.name for n in IMAGENET if n.name.startswith(("vgg", "densenet"))}
    assert "no network for ImageNet" in str(run("wrn-28-10").exception)
    assert CliRunner().invoke(nas.cli.group, ["compare"]).exit_code == 2


def test_pictures_and_the_table_are_written(tmp_path: Path) -> None:
    told = json.loads(run("vgg", "googlenet", "--out", str(tmp_path / "made" / "few.png"), "--json").output)
    names = {"few.csv", "few.png", "few.svg", "few-by-year.png", "few-by-year.svg"}
    assert {Path(file).name for file in told["files"]} == names == {file.name for file in (tmp_path / "made").iterdir()}
    with (tmp_path / "made" / "few.csv").open() as lines:
        rows = {row["name"]: row for row in csv.DictReader(lines)}
    assert (rows["vgg16"]["top1_error"], rows["vgg16"]["measured_weights"]) == ("28.5", "timm:vgg16.tv_in1k")
    run("zfnet", "--out", str(tmp_path / "none"))
    assert {file.name for file in tmp_path.iterdir()} == {"made", "none.csv"}, "nothing to draw"


@pytest.mark.parametrize("seed", range(3))
def test_names_lie_on_nothing(seed: int) -> None:
    random = np.random.default_rng(seed)
    points = [(float(x), float(y)) for x, y in random.random((60, 2))]
    figure, axes = plt.subplots(figsize=(8, 5))
    axes.plot(*zip(*points, strict=True), "o")
    figure.canvas.draw()
    left_out = label(axes, [(f"network{i}", point) for i, point in enumerate(points[:40])], points)
    figure.canvas.draw()
    notes = {note.get_text(): plt.Text.get_window_extent(note) for note in axes.texts}
    assert len(notes) + len(left_out) == 40
    assert len(notes) > 20
    assert not any(a.overlaps(b) for a, b in combinations(notes.values(), 2))
    assert not any(box.contains(*axes.transData.transform(point)) for box in notes.values() for point in points)
    assert all(axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 for box in notes.values())
    plt.close(figure)
