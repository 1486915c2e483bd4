"""What an exported `model.py` does with its network: load the weights beside it, and classify an image file."""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


def load(folder: Path, network: nn.Module) -> nn.Module:
    """The network with the weights of a folder, ready to classify."""
    network.load_state_dict(torch.load(folder / "weights.pt", map_location="cpu", weights_only=True))
    return network.eval()


def read_image(file: Path, card: dict[str, Any]) -> Tensor:
    """An image file as the network was trained to see it: (1, channels, height, width), normalized."""
    from PIL import Image

    channels, height, width = card["input"]
    with Image.open(file) as opened:
        image = opened.convert("RGBA") if opened.mode in ("P", "PA") else opened
        image = image.convert("L" if channels == 1 else "RGB")
        if image.size != (width, height):
            image = image.resize((width, height), Image.Resampling.BICUBIC)
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    pixels = pixels.view(height, width, channels).permute(2, 0, 1).float() / 255
    mean, std = (torch.tensor(card[name]).view(-1, 1, 1) for name in ("mean", "std"))
    return ((pixels - mean) / std).unsqueeze(0)


def main(network: nn.Module) -> None:
    """Print the likeliest classes of each image file on the command line."""
    if len(sys.argv) < 2:
        sys.exit(f"usage: python {sys.argv[0]} IMAGE...")
    folder = Path(__file__).parent
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    model = load(folder, network)
    for file in map(Path, sys.argv[1:]):
        with torch.inference_mode():
            chances = model(read_image(file, card)).softmax(1)[0]
        print(file)  # noqa: T201
        for chance, label in zip(*chances.topk(min(5, len(chances))), strict=True):
            print(f"  {chance:6.1%}  {card['classes'][label]}")  # noqa: T201
