"""Evaluation on a folder: the crop is the middle one, labels follow the names, and mistakes are told."""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

import nas
from nas.arch.nodes import Chain, Conv, Flatten, GlobalPool
from nas.arch.text import text
from nas.cli import group
from nas.data.crops import Crops
from nas.errors import NasError
from nas.weights.files import write

CPU = torch.device("cpu")
COLOURS = {"blue": (0, 0, 255), "green": (0, 255, 0), "red": (255, 0, 0)}
NETWORK = Chain(GlobalPool(), Conv(3, bias=True), Flatten())
PLAIN = {"mean": (0.0,) * 3, "std": (1.0,) * 3}


@pytest.fixture
def images(tmp_path: Path) -> Path:
    root = tmp_path / "val"
    for name, colour in COLOURS.items():
        (root / name).mkdir(parents=True)
        for number, size in enumerate(((40, 30), (20, 50))):
            Image.new("RGB", size, colour).save(root / name / f"{number}.png")
    return root


def evaluate(*words: str) -> str:
    result = CliRunner().invoke(group, ["evaluate", *words])
    if isinstance(result.exception, NasError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def weights(folder: Path) -> Path:
    """Sees blue, green and red: the classes by name."""
    state = nas.build(NETWORK, input=(3, 16, 16)).state_dict()
    state["conv1.weight"].copy_(torch.eye(3).flip(1)[:, :, None, None])
    state["conv1.bias"].zero_()
    card = {"name": "eye", "network": text(NETWORK), "input": [3, 16, 16], **PLAIN}
    write(folder / "eye.pt", state, card)
    return folder / "eye.pt"


def test_the_middle_of_an_image_is_seen(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, 4:12] = np.arange(8)[None, :, None] * 10
    Image.fromarray(pixels).save(tmp_path / "one" / "wide.png")
    seen, labels = next(Crops(tmp_path, (3, 8, 8), **PLAIN, device=CPU, share=1.0).once())
    torch.testing.assert_close(seen[0] * 255, torch.from_numpy(pixels[:, 4:12]).permute(2, 0, 1).float())
    assert labels.tolist() == [0]
    small, _ = next(Crops(tmp_path, (1, 4, 4), mean=(0.5,), std=(0.5,), device=CPU).once())
    assert small.shape == (1, 1, 4, 4)


def test_labels_follow_the_names_of_classes(tmp_path: Path, images: Path) -> None:
    file = weights(tmp_path)
    told = json.loads(evaluate(str(file), str(images), "--json"))
    assert (told["accuracy"], told["top5"], told["count"]) == (1.0, 1.0, 6)
    (images / "green").rename(images / "a green")
    assert json.loads(evaluate(str(file), str(images), "--json"))["accuracy"] == pytest.approx(1 / 3)
    assert "top-1 error 66.67 %" in evaluate(str(file), str(images))


def bomb() -> bytes:
    """A PNG file of a few bytes that says it holds ten thousand million pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_mistakes_are_told(tmp_path: Path, images: Path) -> None:
    file = weights(tmp_path)
    (tmp_path / "none").mkdir()
    torch.save({"other.weight": torch.zeros(1)}, tmp_path / "other.pt")
    (tmp_path / "other.pt.json").write_text((tmp_path / "eye.pt.json").read_text())
    for words, rule in (
        ((file, tmp_path / "none"), "found none"),
        ((tmp_path / "other.pt", images), "not the weights"),
        ((tmp_path / "absent.pt", images), "no such file"),
    ):
        with pytest.raises(NasError, match=rule):
            evaluate(*map(str, words))
    (images / "red" / "0.png").write_bytes(b"no picture")
    with pytest.raises(NasError, match="whole PNG or JPEG"):
        evaluate(str(file), str(images))
    (images / ".hidden").mkdir()  # No class.
    (images / "red" / "0.png").write_bytes(bomb())
    with pytest.raises(NasError, match="whole PNG or JPEG"):
        evaluate(str(file), str(images))
    (images / "white").mkdir()
    with pytest.raises(NasError, match="3 classes apart, the folder has 4"):
        evaluate(str(file), str(images))
