"""The folder of an export: the network in one form, and its card, written whole or not at all."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from nas.arch.text import text
from nas.export.card import page
from nas.export.errors import ExportError
from nas.export.onnx import write_onnx
from nas.export.source import source
from nas.export.subject import Subject
from nas.export.weights import renamed


def export(subject: Subject, form: str, folder: Path) -> list[Path]:
    """Write a network and its card to a folder, and say which files there are.

    Args:
        subject: What leaves.
        form: One of `FORMS`.
        folder: Absent or empty.

    Raises:
        ExportError: the folder holds something, or the form needs a package that is not installed.
        PartError: the form cannot express the network.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise ExportError(
            "an export goes to a folder that is absent or empty, but this is there already",
            path=str(folder),
            hint="choose another --out, or remove it",
        )
    card = subject.card()
    unfinished = folder.with_name(f"{folder.name}.part")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        FORMS[form](subject, unfinished)
        (unfinished / "card.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        (unfinished / "card.md").write_text(page(card, form), encoding="utf-8")
        unfinished.replace(folder)
    except OSError as error:
        raise ExportError(
            f"an export needs a folder one can write to, but: {error.strerror}", path=str(folder), hint="--out DIR"
        ) from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return sorted(folder.iterdir())


def _python(subject: Subject, folder: Path) -> None:
    weights = "" if subject.weights else ", untrained"
    about = (
        f"{subject.name}{weights}: an image classifier for PyTorch, in one file.\n\n"
        "    python model.py image.jpg\n\n"
        "loads weights.pt and card.json beside it and prints the likeliest classes. card.md says where it comes from."
    )
    code, names = source(subject.network, subject.input, re.sub(r'[\\"]', "'", about))
    (folder / "model.py").write_text(code, encoding="utf-8")
    torch.save(renamed(subject.module.state_dict(), names), folder / "weights.pt")


def _weights(subject: Subject, folder: Path) -> None:
    (folder / "network.txt").write_text(text(subject.network), encoding="utf-8")
    torch.save(subject.module.state_dict(), folder / "weights.pt")


def _onnx(subject: Subject, folder: Path) -> None:
    write_onnx(subject.module, subject.input, folder / "model.onnx")


def _exported(subject: Subject, folder: Path) -> None:
    images = (torch.zeros(2, *subject.input),)
    with torch.inference_mode(False), torch.no_grad():
        program = torch.export.export(subject.module, images, dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))
    torch.export.save(program, folder / "model.pt2")


FORMS: dict[str, Callable[[Subject, Path], Any]] = {
    "python": _python,
    "onnx": _onnx,
    "torch.export": _exported,
    "weights": _weights,
}
