"""State dicts on disk, and the card beside ours that says of which network they are."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nas.errors import RunError, WeightsError
from nas.runs import files


def read(file: Path) -> dict[str, Tensor]:
    """The state dict that a .pt, .pth or .safetensors file holds; nothing of the file is run.

    Raises:
        WeightsError: there is none.
    """
    if not file.is_file():
        raise WeightsError("no such file", path=str(file), hint="or a network of a library: torchvision:resnet50")
    if is_unordered(file):
        return _safetensors(file)
    try:
        held = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001 - where bytes are damaged, torch's reader stumbles in any way
        why = str(error).partition("\n")[0]
        raise WeightsError(f"not a readable state dict: {why}", path=str(file)) from None
    for wrapper in ("state_dict", "model"):
        held = held[wrapper] if isinstance(held, dict) and isinstance(held.get(wrapper), dict) else held
    if not isinstance(held, dict) or not all(isinstance(value, Tensor) for value in held.values()):
        raise WeightsError(f"a state dict is a dict of tensors, got {type(held).__name__}", path=str(file))
    return held


def is_unordered(file: Path) -> bool:
    """Whether the order of the layers in the file says nothing."""
    return file.suffix == ".safetensors"


def write(file: Path, state: Mapping[str, Tensor], card: Mapping[str, Any] | None = None) -> list[Path]:
    """Write a state dict, and `card` as JSON beside it; the paths.

    Raises:
        WeightsError: there is no room, or no right to.
    """
    content = io.BytesIO()
    torch.save(dict(state), content)
    contents = {file: content.getvalue()}
    if card is not None:
        contents[file.with_name(f"{file.name}.json")] = (json.dumps(card, indent=2) + "\n").encode()
    try:
        for path, held in contents.items():
            files.write(path, held)
    except RunError as error:
        raise WeightsError(error.rule, path=error.path, hint="--out FILE") from None
    return list(contents)


def _safetensors(file: Path) -> dict[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError:
        raise WeightsError("safetensors is not installed", path=str(file), hint="pip install safetensors") from None
    try:
        held: dict[str, Tensor] = load_file(file)
    except SafetensorError as error:
        raise WeightsError(f"not a readable file of safetensors: {error}", path=str(file)) from None
    return held
