"""A training on disk, between two epochs: whole or absent, and read without running code from the file."""

import os
import pickle
from pathlib import Path
from typing import Any

import torch

from nas.errors import RunError

NAME = "checkpoint.pt"
_VERSION = 1


def save(folder: Path, state: dict[str, Any]) -> None:
    """Write `folder/checkpoint.pt` in the place of the last one; a process killed meanwhile leaves that one whole.

    Args:
        folder: Made if absent.
        state: Tensors, numbers, strings, and lists and dicts of them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{NAME}.part"
    torch.save({"version": _VERSION, **state}, unfinished)
    os.replace(unfinished, folder / NAME)  # noqa: PTH105  Says that it replaces; Path.rename does not.


def load(folder: Path, *, device: torch.device) -> dict[str, Any] | None:
    """What `save` was given, its tensors on `device`, or None where no checkpoint lies.

    Raises:
        RunError: the file is damaged, or of another version.
    """
    path = folder / NAME
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise RunError(f"not a readable checkpoint: {error}", path=str(path), hint="delete it to train anew") from None
    version = state.pop("version", None)
    if version != _VERSION:
        hint = "delete it to train anew"
        raise RunError(f"checkpoints have version {_VERSION}, this one {version}", path=str(path), hint=hint)
    return state
