"""Recipes: every named network has its paper's, they do as they say, and old ones are still read."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from torch import nn

from nas import catalog
from nas.data.augment import Augment
from nas.data.batches import Batches
from nas.errors import NasError
from nas.train.average import Average
from nas.train.fit import fit
from nas.train.initialize import initialize
from nas.train.recipe import Recipe, learning_rate, recipe_of
from nas.train.recipes import fast, from_file, markdown, of_paper, papers
from tests.test_train import CPU, RECIPE, data, network, same_weights  # noqa: F401


def test_every_named_network_has_its_papers_recipe() -> None:
    for name, named in catalog.networks().items():
        paper = of_paper(name)
        assert (paper.data == ("imagenet",)) == (named.classes == 1000), name
    assert {of_paper(name).family for name in catalog.networks()} == {paper.family for paper in papers()}
    assert of_paper("resnet20").family == "resnet-cifar"
    assert of_paper("resnet50+se").family == "resnet"
    with pytest.raises(NasError, match="no paper's recipe"):
        of_paper("mine")


def test_recipes_are_read_back_and_old_ones_too() -> None:
    for paper in papers():
        assert recipe_of(asdict(paper.recipe)) == paper.recipe
    old = {"epochs": 5, "batch": 64, "lr": 0.3, "augment": {"crop": 1, "flip": True, "cutout": 0}, "limit": None}
    assert recipe_of(old) == Recipe(epochs=5, augment=Augment(crop=1, flip=True))


def test_a_rate_falls_in_steps_and_exponentially() -> None:
    steps = of_paper("wrn-16-8").recipe
    rates = [learning_rate(steps, epoch / 200) for epoch in (0, 59, 61, 119, 121, 161, 199)]
    assert rates == pytest.approx([0.1, 0.1, 0.02, 0.02, 0.004, 0.0008, 0.0008])
    falls = of_paper("inception_v3").recipe
    assert learning_rate(falls, 2 / 100) == pytest.approx(0.045 * 0.94, rel=1e-3)
    assert learning_rate(falls, 50 / 100) == pytest.approx(0.045 * 0.94**25, rel=1e-3)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"optimizer": "adam"}, "optimizer is"),
        ({"optimizer": "rmsprop"}, "nesterov needs SGD"),
        ({"milestones": (0.5, 0.2)}, "milestones rise"),
        ({"milestones": (0.5, 1.2)}, "milestones rise"),
        ({"schedule": "square"}, "schedule is one of"),
        ({"clip": 0.0}, "clip is above 0"),
        ({"average": 1.0}, "average is from 0"),
        ({"init": "zero"}, "init is one of"),
    ],
)
def test_what_a_recipe_cannot_have(fields: dict[str, object], rule: str) -> None:
    with pytest.raises(NasError, match=rule):
        recipe_of({"epochs": 1, **fields})


def test_averaged_weights_are_judged_kept_and_resumed(data, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    recipe = replace(RECIPE, epochs=3, average=0.9, optimizer="rmsprop", nesterov=False, lr=0.01, clip=1.0)
    straight, resumed = network(), network()
    expected = fit(straight, data, recipe, device=CPU, seed=0)
    fit(network(), data, recipe, device=CPU, seed=0, folder=tmp_path, until=2)
    history = fit(resumed, data, recipe, device=CPU, seed=0, folder=tmp_path)
    assert [epoch.val_loss for epoch in history.epochs] == [epoch.val_loss for epoch in expected.epochs]
    assert same_weights(straight, resumed)


def test_an_average_is_the_mean_it_says() -> None:
    module = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        module.weight.fill_(0.0)
        average = Average(module, 0.5)
        for value in range(1, 31):
            module.weight.fill_(value)
            average.update()
    expected = 0.0
    for step in range(1, 31):
        keep = min(0.5, (1 + step) / (10 + step))
        expected = keep * expected + (1 - keep) * step
    with average.in_place():
        assert module.weight.item() == pytest.approx(expected)
    assert module.weight.item() == 30


def test_two_epochs_show_every_image_from_both_sides(data) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    batches = Batches(data.train, data, device=CPU, batch=512, augment=Augment(alternate=True), seed=1)
    plain = next(Batches(data.train, data, device=CPU, batch=512).once())[0]
    seen: dict[int, set[bool]] = {image: set() for image in range(512)}
    for epoch in range(2):
        for shown in next(iter(batches.epoch(epoch)))[0]:
            same, mirrored = ((plain == other).flatten(1).all(1).nonzero() for other in (shown, shown.flip(-1)))
            seen[int((same if len(same) else mirrored)[0])].add(bool(len(mirrored)))
    assert set(map(frozenset, seen.values())) == {frozenset({False, True})}


@pytest.mark.parametrize(
    ("init", "deviation"),
    [("he_fan_out", (2 / (64 * 9)) ** 0.5), ("xavier", (1 / (32 * 9)) ** 0.5), ("normal", 0.01)],
)
def test_weights_begin_as_papers_say(init: str, deviation: float) -> None:
    layer = nn.Conv2d(32, 64, 3)
    initialize(nn.Sequential(layer), init)  # type: ignore[arg-type]
    assert layer.weight.std().item() == pytest.approx(deviation, rel=0.05)
    assert layer.bias is not None
    assert not layer.bias.any()


def test_fast_is_gentle_where_nothing_is_normalized() -> None:
    with_norms, without = (fast(catalog.network(name).network()) for name in ("resnet20", "lenet5"))
    assert with_norms.clip is None
    assert (without.lr, without.clip) == (pytest.approx(with_norms.lr / 3), 1.0)


def test_a_persons_file_is_a_recipe(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('epochs = 3\nschedule = "steps"\nmilestones = [0.5]\naugment = {flip = true}\n')
    assert from_file(file) == Recipe(epochs=3, schedule="steps", milestones=(0.5,), augment=Augment(flip=True))
    for content, rule in (
        ("epochs = ", "cannot be read"),
        ("epoch = 3", "a recipe has no field"),
        ("epochs = 0", "at least"),
    ):
        file.write_text(content)
        with pytest.raises(NasError, match=rule):
            from_file(file)


def test_the_page_has_the_recipes_as_they_are() -> None:
    page = (Path(__file__).parents[1] / "docs" / "reproducing.md").read_text()
    table = page.partition("<!-- recipes -->\n\n")[2].partition("\n\n<!-- end -->")[0]
    assert table == "\n".join(markdown()), "put what `nas.train.recipes.markdown` says between the two marks"
