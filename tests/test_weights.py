"""Weights of torchvision and timm give the same outputs under our names, and come back as they were."""

import json
import sys
from pathlib import Path
from types import ModuleType
from urllib.error import URLError

import pytest
import torch
from click.testing import CliRunner, Result
from torch import Tensor, nn

import nas.cli
from nas import catalog
from nas.arch.cost import Shape
from nas.arch.nodes import Chain
from nas.arch.text import parse, text
from nas.errors import WeightsError
from nas.lower import build
from nas.weights import exported, imported
from nas.weights.convert import difference
from nas.weights.files import read, write
from nas.weights.libraries import reference
from tests.test_references import enliven, with_ceil_pool

REFERENCES = {
    "vgg11_bn": ("torchvision:vgg11_bn", 224),
    "resnet18": ("torchvision:resnet18", 64),
    "resnet50": ("torchvision:resnet50", 64),
    "resnext50_32x4d": ("torchvision:resnext50_32x4d", 64),
    "googlenet_bn": ("torchvision:googlenet", 64),
    "inception_v3": ("torchvision:inception_v3", 299),
    "densenet121": ("torchvision:densenet121", 64),
    "mobilenet_v2": ("torchvision:mobilenet_v2", 64),
    "squeezenet1_1": ("torchvision:squeezenet1_1", 224),
    "shufflenet_v2-1.0": ("torchvision:shufflenet_v2_x1_0", 64),
    "xception": ("timm:legacy_xception", 107),
    "senet154": ("timm:legacy_senet154", 64),
}


def drawn(spec: str, input: Shape) -> nn.Module:
    """The reference with weights under which what comes out depends on every number.

    The deepest are of double precision, or rounding grows out of hand in them.
    """
    number = torch.float64 if "senet" in spec else torch.float32
    torch.manual_seed(0)
    module = reference(spec, weights=False).module.to_empty(device="cpu").to(number)
    for weight in module.state_dict().values():
        torch.nn.init.uniform_(weight, -1, 1) if weight.is_floating_point() else weight.zero_()
    enliven(module, torch.randn(2, *input, dtype=number))
    return module


@pytest.fixture(params=REFERENCES)
def pair(request: pytest.FixtureRequest) -> tuple[str, nn.Module, Shape]:
    """A network's name, the reference for it, and a shape of images for both."""
    spec, side = REFERENCES[request.param]
    request.getfixturevalue(spec.partition(":")[0])
    return request.param, drawn(spec, (3, side, side)), (3, side, side)


def network(name: str) -> Chain:
    whole = catalog.network(name).network()
    return with_ceil_pool(whole) if name == "senet154" else whole


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return list(a) == list(b) and all(torch.equal(a[key], b[key]) for key in a)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(nas.cli.group, list(arguments))


def test_outputs_are_the_references_and_the_way_back_is_exact(pair: tuple[str, nn.Module, Shape]) -> None:
    name, theirs, input = pair
    made = imported(network(name), input, theirs.state_dict(), theirs)
    assert difference(made, theirs, input) < 1e-4
    assert all(layer.startswith("aux") for layer in made.left_out)
    whole = {key: w for key, w in theirs.state_dict().items() if key.rpartition(".")[0] not in made.left_out}
    assert same(exported(network(name), input, made.state, theirs), whole)
    assert same(imported(network(name), input, theirs.state_dict()).state, made.state), "by the order in the file alone"


@pytest.fixture
def resnet18(torchvision: ModuleType) -> nn.Module:
    return drawn("torchvision:resnet18", (3, 64, 64))


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch, resnet18: nn.Module) -> dict[str, Tensor]:
    """What torchvision would fetch."""
    state = resnet18.state_dict()
    monkeypatch.setattr("torchvision.models._api.WeightsEnum.get_state_dict", lambda *_, **__: state)
    return state


def test_published_weights_are_imported_with_a_card_and_given_back(
    tmp_path: Path, fetched: dict[str, Tensor], resnet18: nn.Module
) -> None:
    file, back = tmp_path / "ours.pt", tmp_path / "theirs.pt"
    result = run("import", "resnet18", "--from", "torchvision:resnet18", "--out", str(file), "--json")
    assert result.exit_code == 0, result.output
    card = json.loads((tmp_path / "ours.pt.json").read_text())
    assert card["source"] == "torchvision:resnet18:IMAGENET1K_V1"
    assert card["mean"] == [0.485, 0.456, 0.406]
    assert card["difference"] < 1e-4
    module = build(parse(card["network"]), tuple(card["input"])).eval()
    module.load_state_dict(read(file))
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.allclose(module(images), resnet18(images), rtol=1e-4, atol=1e-4)
    run("import", "resnet18", "--from", str(file), "--to", "torchvision:resnet18", "--out", str(back))
    assert same(read(back), dict(fetched))


def test_a_difference_in_what_has_no_weights_is_told(tmp_path: Path, fetched: dict[str, Tensor]) -> None:
    file = tmp_path / "other.txt"
    file.write_text(text(catalog.network("resnet18").network()).replace("act()", 'act("tanh")'))
    result = run("import", str(file), "--from", "torchvision:resnet18", "--out", str(tmp_path / "ours.pt"))
    assert "the networks are not the same" in result.output


def test_old_and_wrapped_files_are_read(tmp_path: Path, resnet18: nn.Module) -> None:
    state = {f"module.{key}": w for key, w in resnet18.state_dict().items() if "num_batches_tracked" not in key}
    torch.save({"state_dict": state, "epoch": 90}, tmp_path / "old.pth")
    made = run("import", "resnet18", "--from", str(tmp_path / "old.pth"), "--out", str(tmp_path / "ours.pt"))
    assert "order in the file" in made.output
    whole = imported(network("resnet18"), (3, 224, 224), resnet18.state_dict(), resnet18).state
    assert same(read(tmp_path / "ours.pt"), {k: w * ("num_batches" not in k) for k, w in whole.items()})


def test_a_file_without_order_needs_to_be_told_whose_names_it_has(tmp_path: Path, resnet18: nn.Module) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    file, ours = tmp_path / "theirs.safetensors", tmp_path / "ours.pt"
    safetensors.save_file(resnet18.state_dict(), file)
    assert "keeps no order" in str(run("import", "resnet18", "--from", str(file), "--out", str(ours)).exception)
    run("import", "resnet18", "--from", str(file), "--like", "torchvision:resnet18", "--out", str(ours))
    assert same(read(ours), imported(network("resnet18"), (3, 224, 224), resnet18.state_dict(), resnet18).state)


def test_the_first_layer_that_does_not_fit_is_named(resnet18: nn.Module) -> None:
    theirs = resnet18.state_dict()
    with pytest.raises(WeightsError, match=r"linear1 \(bias 10, .*\) finds none; .* fc \(bias 1000, weight 1000×512\)"):
        imported(catalog.network("resnet18").network(10), (3, 224, 224), theirs)
    with pytest.raises(WeightsError, match=r"^each layer there .*, more \(weight 64\) finds none$"):
        imported(network("resnet18"), (3, 224, 224), {**theirs, "more.weight": torch.zeros(64)})
    with pytest.raises(WeightsError, match=r"ResNet has to run on images of 1×28×28"):
        imported(network("lenet_caffe"), (1, 28, 28), theirs, resnet18)
    with pytest.raises(WeightsError, match=r"none called conv1 \(weight 64×3×7×7\)"):
        exported(network("resnet18"), (3, 224, 224), {"conv1.bias": torch.zeros(64)}, resnet18)


def no_network(*_: object, **__: object) -> None:
    raise URLError("no route to host")


def mistakes(folder: Path) -> list[tuple[list[str], str]]:
    torch.save([1], folder / "list.pt")
    torch.save({"run": slice(1)}, folder / "code.pt")
    (folder / "damaged.pt").write_bytes(b"no weights")
    return [
        (["--from", "torchvision:resnett18"], "did you mean resnet18"),
        (["--from", "torchvision:resnet18:V7"], "it has IMAGENET1K_V1"),
        (["--from", "torchvision:"], "torchvision:NAME"),
        (["--from", "torchvision:resnet18"], "cannot be fetched: URLError"),
        (["--from", "timm:resnet18"], "timm is not installed"),
        (["--from", str(folder / "absent.pt")], "no such file"),
        (["--from", str(folder / "list.pt")], "a dict of tensors, got list"),
        (["--from", str(folder / "code.pt")], "not a readable state dict"),
        (["--from", str(folder / "damaged.pt")], "not a readable state dict"),
        (["--from", "a.pt", "--out", "a.pt"], "overwritten"),
        (["--from", "a.pt", "--to", "nowhere:resnet18"], "torchvision:NAME"),
    ]


def test_mistakes_are_told(tmp_path: Path, torchvision: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torchvision.models._api.WeightsEnum.get_state_dict", no_network)
    monkeypatch.setitem(sys.modules, "timm", None)
    for arguments, message in mistakes(tmp_path):
        result = run("import", "resnet18", *arguments)
        assert isinstance(result.exception, WeightsError), (arguments, result.output)
        assert message in str(result.exception), arguments
    assert run("import", "resnet18", "--from", "torchvision:resnet18", "--to", "timm:resnet18").exit_code == 2
    assert run("import", "resnet18", "--from", "torchvision:resnet18", "--like", "timm:resnet18").exit_code == 2


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WeightsError, match="the file cannot be written") as caught:
        write(tmp_path / "file" / "state.pt", {"weight": torch.ones(1)})
    assert "hint: --out FILE" in str(caught.value)
