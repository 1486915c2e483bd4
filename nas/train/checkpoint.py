"""A training on disk, between two epochs: whole or absent, and read without running code from the file."""

import io
from pathlib import Path
from typing import Any

import torch

from nas.errors import RunError
from nas.runs import files

NAME = "checkpoint.pt"
_VERSION = 1


def save(folder: Path, state: dict[str, Any]) -> None:
    """Write `folder/checkpoint.pt` in the place of the last one; a process killed meanwhile leaves that one whole.

    Args:
        folder: Made if absent.
        state: Tensors, numbers, strings, and lists and dicts of them.

    Raises:
        RunError: it cannot be written: no room, or no right to.
    """
    write(folder / NAME, {"version": _VERSION, **state})


def write(file: Path, state: dict[str, Any]) -> None:
    """Write tensors, for `torch.load` with `weights_only=True`, in the place of what `file` held.

    Raises:
        RunError: it cannot be written: no room, or no right to.
    """
    content = io.BytesIO()
    torch.save(state, content)
    files.write(file, content.getvalue())


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
        version = state.pop("version", None)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - where bytes are damaged, torch's reader stumbles in any way
        why = str(error).partition("\n")[0]
        raise RunError(f"not a readable checkpoint: {why}", path=str(path), hint="delete it to train anew") from None
    if version != _VERSION:
        hint = "delete it to train anew"
        raise RunError(f"checkpoints have version {_VERSION}, this one {version}", path=str(path), hint=hint)
    return state
