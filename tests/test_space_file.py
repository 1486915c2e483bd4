"""The Python of an opened network makes the same space, which holds the network, for any number of classes."""

import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import assume, given, settings
from PIL import Image

import nas.cli
from nas import catalog
from nas.arch.cost import Shape, cost
from nas.arch.info import info
from nas.arch.locate import locate
from nas.arch.nodes import Chain, Conv, Linear, Space, chain, pick
from nas.arch.opened import KINDS, opened
from nas.arch.points import decisions
from nas.arch.realize import realize
from nas.arch.rewrite import RewriteError, with_classes
from nas.errors import NasError
from nas.export import template
from nas.export.space_file import space_source
from tests.strategies import spaces

SMALL, LARGE = (3, 32, 32), (3, 64, 64)
LARGEST = ("1202", "1001", "264", "152", "_large", "msdnet_imagenet", "batch-7", "anytime-10")
NAMES = [name for name in catalog.networks() if not any(large in name for large in LARGEST)][::2]


def made(source: str, classes: int | None = None) -> Space:
    names: dict[str, object] = {}
    exec(compile(source, "space.py", "exec"), names)
    space = names["space"]
    assert callable(space)
    return space() if classes is None else space(classes)  # type: ignore[no-any-return]


def input_of(name: str) -> Shape:
    return SMALL if catalog.network(name).input[1] <= 32 else LARGE


@pytest.mark.parametrize("name", NAMES)
def test_the_file_of_a_network_is_the_space_around_it(name: str) -> None:
    network = catalog.network(name).fitted(10, input_of(name))
    space = opened(network, input_of(name), KINDS)
    source = space_source(space, 10, "About.")
    assert made(source) == space
    assert realize(made(source), locate(network, made(source))) == network
    assert max(map(len, source.splitlines())) <= 120


@settings(max_examples=50)
@given(spaces())
def test_any_space_is_written(space: Chain) -> None:
    whole = Chain(space, Linear(10))
    try:
        other = with_classes(whole, 7)
    except RewriteError:
        assume(False)
    source = space_source(whole, 10, "About.")
    assert chain(made(source, 7)) == other


def test_a_file_makes_networks_of_any_number_of_classes() -> None:
    network = catalog.network("googlenet").network()
    source = space_source(opened(network, (3, 224, 224)), 1000, "About.")
    fitted = catalog.network("googlenet").network(classes=7)
    assert made(source, 7) == opened(fitted, (3, 224, 224))
    assert cost(realize(made(source, 7), locate(fitted, made(source, 7))), (3, 224, 224)).output == (7,)


def test_names_of_holes_shadow_nothing_that_the_file_needs() -> None:
    holes = [pick(name, 1, 2, scope="") for name in ("Conv", "pick", "space", "classes", "lambda", "Chain")]
    space = Chain(*(Conv(hole, hole) for hole in holes), Linear(3))
    assert made(space_source(space, 3, 'About "this" \\\\ and """that"""')) == space


def test_groups_are_opened_only_where_asked() -> None:
    network = catalog.network("resnext29_8x64d").network()
    offered = decisions(opened(network, SMALL, ("groups",)), locate(network, opened(network, SMALL, ("groups",))))
    assert {name.rpartition(".")[2].rstrip("0123456789") for name in offered} == {"groups"}
    assert next(iter(offered.values())).options == (4, 8, 16)
    assert not any(
        "groups" in name for name in decisions(opened(network, SMALL), locate(network, opened(network, SMALL)))
    )


def run(*arguments: str) -> str:
    result = CliRunner().invoke(nas.cli.group, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_open_writes_a_file_that_is_searched_and_never_overwrites_one(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    said = run("open", "resnet20", "--width", "--depth", "--out", str(file))
    assert f"nas search --space {file}:space" in said
    network = catalog.network("resnet20").network()
    assert catalog.space(f"{file}:space").make(10) == opened(network, SMALL, ("width", "depth"))
    assert "Open: width and depth." in file.read_text()
    with pytest.raises(NasError, match="a file that exists is not overwritten"):
        run("open", "resnet18", "--out", str(file))
    assert "Open: width and depth." in file.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("resnet20", "--out", "mine.txt"), "a space file is a .py, got 'mine.txt'\nhint: mine.py"),
        (("lenet5", "--depth", "--expansion"), "got no depth and no expansion"),
        (("resnet18", "--out", "nowhere/mine.py"), "cannot be written"),
        (("resnett18",), "did you mean"),
    ],
)
def test_mistakes_of_open_are_told(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(NasError, match=message):
        run("open", *arguments)


def test_the_template_is_searched_as_it_is_and_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = random.Random(0)
    for kind in ("a", "b", "c"):
        (tmp_path / "images" / "train" / kind).mkdir(parents=True)
        for i in range(12):
            color = tuple(rng.randrange(256) for _ in range(3))
            Image.new("RGB", (8, 8), color).save(tmp_path / "images" / "train" / kind / f"{i}.png")
    search = run("new-space").splitlines()[-1].strip()
    assert search == "nas search --space my_space.py:space --budget 2trials"
    before = Path("my_space.py").read_text()
    with pytest.raises(NasError, match="a file that exists is not overwritten"):
        run("new-space")
    assert Path("my_space.py").read_text() == before
    few = ("--data", "images", "--epochs", "1", "--workers", "0", "--json")
    told = json.loads(run(*search.removeprefix("nas ").split(), *few))
    assert told["front"]
    assert told["ended"] == "budget"


def test_most_points_of_the_template_are_valid() -> None:
    found = info(template.space(7), (1, 28, 28))
    assert found.valid > 0.95
    assert found.cheapest is not None
    assert found.cheapest[1].output == (7,)
