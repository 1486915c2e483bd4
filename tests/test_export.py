"""What leaves nas: the source computes what the module does, and the card says where it comes from."""

import json
import os
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from hypothesis import assume, given, settings
from PIL import Image

import nas
import nas.cli
from nas import catalog
from nas.arch.cost import Shape, cost
from nas.arch.nodes import (
    Act,
    Branches,
    Chain,
    Conv,
    Exit,
    Flatten,
    GlobalPool,
    Linear,
    Norm,
    Shortcut,
    pick,
)
from nas.data import load
from nas.data.batches import Batches
from nas.errors import NasError, PartError, ShapeError
from nas.export.source import source
from nas.export.weights import renamed
from nas.runs import Request, Run
from nas.search.run import search
from nas.train.recipe import Recipe
from tests.drawn import filled, undrawn
from tests.strategies import Case, networks


def network_class(code: str) -> Any:
    """The class of the network in the text of a `model.py`."""
    names: dict[str, Any] = {"__name__": "model"}
    exec(compile(code, "model.py", "exec"), names)
    return names["Network"]


def assert_alike(network: nas.Network, image: Shape) -> None:
    code, names = source(network, image, "A network.")
    with undrawn():
        ours, theirs = nas.build(network, input=image), network_class(code)()
    ours, theirs = filled(ours).double(), theirs.double().eval()
    theirs.load_state_dict(renamed(ours.state_dict(), names))
    x = torch.randn(1, *image, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    with torch.inference_mode():
        expected, made = ours(x), theirs(x)
    assert expected.isfinite().all()
    torch.testing.assert_close(made, expected, rtol=1e-6, atol=1e-6 * float(expected.abs().max()))


def reads(network: nas.Network, image: Shape) -> bool:
    try:
        cost(network, image)
    except ShapeError:
        return False
    return True


TWINS = frozenset(
    {
        "vgg19",
        "vgg19_bn",
        "resnet152",
        "resnet152_v1",
        "resnet1202",
        "resnet1202_b",
        "preact_resnet101",
        "preact_resnet152",
        "preact_resnet200",
        "preact_resnet1001",
        "wrn-22-8",
        "wrn-28-10",
        "wrn-28-12",
        "wrn-40-4",
        "wrn-40-8",
        "wrn50_2",
        "fractalnet20",
        "fractalnet40_wide",
        "stochastic_depth1202",
        "densenet264",
        "densenet-100-12",
        "densenet-100-24",
        "densenet-bc-250-24",
        "densenet-bc-190-40",
        "resnext101_32x4d",
        "resnext101_64x4d",
        "resnext29_8x64d",
        "resnext29_16x64d",
        "se_resnet101",
        "se_resnet152",
        "se_resnext101_32x4d",
        "nasnet_a_large",
        "msdnet_imagenet-6",
        "msdnet_imagenet-7",
    }
)
"""Large networks that others tested here differ from in depth and width only."""


@pytest.mark.parametrize("name", [name for name in catalog.networks() if name not in TWINS])
def test_the_source_of_every_named_network_computes_what_the_module_does(name: str) -> None:
    named = catalog.network(name)
    network, (channels, height, _) = named.network(), named.input
    images = [(channels, side, side) for side in (*range(32, height, 32), height)]
    assert_alike(network, next(image for image in images if reads(network, image)))


@settings(max_examples=30)
@given(case=networks())
def test_the_source_of_any_network_computes_what_the_module_does(case: Case) -> None:
    try:
        source(*case, "A network.")
    except PartError as error:
        assume("exit" not in error.rule)
        raise
    assert_alike(*case)


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnext50_32x4d"])
def test_residual_networks_have_the_names_of_torchvision(name: str, torchvision: ModuleType) -> None:
    named = catalog.network(name)
    made = network_class(source(named.network(), named.input, name)[0])()
    theirs = getattr(torchvision.models, name)(weights=None)
    shapes = [{key: tensor.shape for key, tensor in model.state_dict().items()} for model in (made, theirs)]
    assert shapes[0] == shapes[1]


def test_exits_and_dropped_paths_are_those_of_training() -> None:
    def logits(name: str) -> Any:
        network = catalog.network(name).network(classes=10)
        return network_class(source(network, (3, 96, 96), name)[0])().train()(torch.randn(4, 3, 96, 96))

    last, exits = logits("googlenet")
    assert [tuple(each.shape) for each in (last, *exits)] == [(4, 10)] * 3
    assert logits("fractalnet34").isfinite().all()


def test_an_exit_inside_a_block_is_refused() -> None:
    inner = Chain(Conv(4), Exit(Chain(GlobalPool(), Flatten(), Linear(2))))
    with pytest.raises(PartError, match="main way"):
        source(Chain(Branches(inner, Chain()), GlobalPool(), Flatten(), Linear(2)), (4, 8, 8), "")


BODY = Chain(Conv(pick("width", 4, 8), 3), Norm(), Act(), Conv(8, 3), Norm())
SPACE = Chain(Conv(8, 3), Norm(), Act(), Branches(Shortcut(), BODY), Act(), GlobalPool(), Flatten(), Linear(3))
CLASSES = ("blue", "green", "red")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A search of two trials on pictures of three colours."""
    root = tmp_path_factory.mktemp("export")
    rng = np.random.default_rng(0)
    for split, count in (("train", 24), ("val", 4), ("test", 4)):
        for channel, label in zip((2, 1, 0), CLASSES, strict=True):
            folder = root / "colours" / split / label
            folder.mkdir(parents=True)
            for i in range(count):
                pixels = rng.integers(0, 160, (12, 12, 3), dtype=np.uint8)
                pixels[..., channel] += 80
                Image.fromarray(pixels).save(folder / f"{i}.png")
    request = Request(
        space="colours",
        space_text=nas.text(SPACE),
        budget="2trials",
        data=str(root / "colours"),
        workers=0,
        recipe=asdict(Recipe(epochs=3, batch=8, lr=0.1)),
    )
    return search(request, runs_dir=root / "runs", name="first", cache_dir=root / "cache").run


@pytest.fixture
def _here(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder to work in, and the cache of the run's data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NAS_CACHE", str(run.folder.parents[1] / "cache"))


def export(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(nas.cli.group, ["export", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def usage(folder: Path) -> None:
    """Run the example on a card, in its folder."""
    (code,) = re.findall(r"```python\n(.*?)```", (folder / "card.md").read_text(), re.S)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(".")
        patch.delitem(sys.modules, "model", raising=False)
        exec(compile(code, "card.md", "exec"), {})
        patch.delitem(sys.modules, "model", raising=False)


@pytest.mark.usefixtures("_here")
def test_a_trial_taken_home_classifies_as_it_did_in_its_run(run: Run, tmp_path: Path) -> None:
    told = export(f"{run.folder}:best")
    folder = tmp_path / told["folder"]
    card = json.loads((folder / "card.json").read_text())
    data = load(run.request.data)
    module = nas.build(nas.parse(card["network"]), input=data.input)
    module.load_state_dict(torch.load(run.weights(card["provenance"]["trial"]), weights_only=True))
    files = sorted((Path(str(run.request.data)) / "test").glob("*/*.png"))
    batches = Batches(data.test, data, device=torch.device("cpu"), batch=len(files))
    with torch.inference_mode():
        ((images, _),) = batches.once()
        expected = [CLASSES[label] for label in module.eval()(images).argmax(1)]

    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, str(folder / "model.py"), *map(str, files)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd="/").stdout
    lines = said.splitlines()
    assert lines[::4] == list(map(str, files))
    assert [line.split()[1] for line in lines[1::4]] == expected
    assert len(set(expected)) > 1
    assert not re.search(r"^(import|from) nas", (folder / "model.py").read_text(), re.M)
    usage(folder)


@pytest.mark.usefixtures("_here")
def test_a_card_says_how_good_of_what_and_made_how(run: Run, tmp_path: Path) -> None:
    trials = nas.runs.frame(run)
    best = int(trials.sort_values(["accuracy", "macs"], ascending=[False, True]).iloc[0]["number"])
    export(f"{run.folder}:best", "--format", "weights", "--out", "best")
    card = json.loads((tmp_path / "best" / "card.json").read_text())
    (metric,) = card["metrics"]
    trial = trials.loc[trials["number"] == best].iloc[0]
    assert card["provenance"]["trial"] == best
    assert metric["value"] == trial["accuracy"]
    assert (metric["split"], metric["epochs"], metric["among"]) == ("validation", 3, 2)
    assert card["recipe"]["epochs"] == 3
    assert card["fingerprint"] == trial["fingerprint"]
    assert card["provenance"]["point"] == trial["point"]
    page = (tmp_path / "best" / "card.md").read_text()
    assert f"{metric['value']:.2%} on 12 images of the validation split" in page
    assert "chosen among 2 by these same images" in page
    assert nas.parse((tmp_path / "best" / "network.txt").read_text()) == nas.parse(trial["network"])
    usage(tmp_path / "best")


@pytest.mark.usefixtures("_here")
def test_a_named_network_leaves_untrained_and_says_so(tmp_path: Path) -> None:
    told = export("resnet20+se", "--input", "3x16x16", "--classes", "7")
    card = json.loads((tmp_path / told["folder"] / "card.json").read_text())
    assert told["weights"] == card["weights"] == "untrained: random weights, seed 0"
    assert (card["input"], len(card["classes"])) == ([3, 16, 16], 7)
    assert "metrics" not in card
    export("resnet20+se", "--input", "3x16x16", "--classes", "7", "--out", "again")
    weights = [torch.load(tmp_path / name / "weights.pt", weights_only=True) for name in (told["folder"], "again")]
    assert all(torch.equal(one, other) for one, other in zip(*(each.values() for each in weights), strict=True))


@pytest.mark.usefixtures("_here")
def test_an_exported_program_computes_what_the_module_does(run: Run, tmp_path: Path) -> None:
    export(f"{run.folder}:0", "--format", "torch.export", "--out", "program")
    program = torch.export.load(tmp_path / "program" / "model.pt2").module()
    assert_same_logits(run, lambda images: program(images))
    usage(tmp_path / "program")


@pytest.mark.usefixtures("_here")
@pytest.mark.filterwarnings("ignore")
def test_onnx_computes_what_the_module_does(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript", reason="needs the extra `export`")
    runtime = pytest.importorskip("onnxruntime", reason="needs the extra `export`")
    export(f"{run.folder}:0", "--format", "onnx", "--out", "onnx")
    session = runtime.InferenceSession(tmp_path / "onnx" / "model.onnx")
    assert_same_logits(run, lambda images: torch.from_numpy(session.run(None, {"image": images.numpy()})[0]))
    usage(tmp_path / "onnx")


def assert_same_logits(run: Run, model: Any) -> None:
    """A model and the module of trial 0 agree on another number of images than the model was made with."""
    module = nas.build(nas.parse(nas.runs.frame(run).iloc[0]["network"]), input=(3, 12, 12))
    module.load_state_dict(torch.load(run.weights(0), weights_only=True))
    images = torch.randn(5, 3, 12, 12)
    with torch.no_grad():
        torch.testing.assert_close(model(images), module.eval()(images), rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("_here")
def test_mistakes_are_named(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def message(*arguments: str) -> str:
        result = CliRunner().invoke(nas.cli.group, ["export", *arguments])
        assert isinstance(result.exception, NasError), result.output
        return str(result.exception)

    assert "a run is a folder" in message("runs/absent:best")
    assert "got '9'" in message(f"{run.folder}:9")
    assert "the trials 0 to 1" in message(f"{run.folder}:last")
    assert "did you mean resnet20" in message("resnt20")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    assert "absent or empty" in message("resnet20", "--out", "full")
    monkeypatch.setattr("nas.export.onnx.importlib.util.find_spec", lambda name: None)
    assert "pip install 'nas-space[export]'" in message("resnet20", "--format", "onnx")
    assert not list(tmp_path.glob("resnet20*"))
    file = run.weights(1)
    file.rename(file.with_suffix(".away"))
    try:
        assert "those of trial 1 are not there" in message(f"{run.folder}:1")
    finally:
        file.with_suffix(".away").rename(file)
    refused = CliRunner().invoke(nas.cli.group, ["export", f"{run.folder}:1", "--classes", "3"])
    assert refused.exit_code == 2
