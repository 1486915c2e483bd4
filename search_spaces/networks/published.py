"""The readers of `published.csv`, where every published fact and reference count stands, once, and of `measured.csv`.

What is measured are errors of published weights of the same structure, on images of the paper's size. Those of timm are
from results/results-imagenet.csv of huggingface/pytorch-image-models (Apache-2.0), those of torchvision from what it
says of its weights (BSD-3-Clause). Weights that have seen other images than ImageNet's 1,000 classes, or that were
trained against adversaries, are left out; of those of later recipes the best of a network stands there.
"""

import csv
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from nas.arch.published import Measured, Published

HUMAN_TOP5_ERROR = 5.1
"""Percent, of a trained annotator on ImageNet, as the article quotes it (arXiv:1409.0575, unverified)."""

_NUMBERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("classes", "params", "macs"), int),
    **dict.fromkeys(("top1_error", "top5_error", "quoted_error"), float),
}
_Fact = TypeVar("_Fact")


@cache
def facts() -> dict[str, tuple[Published, ...]]:
    """The facts about each network, by name, in the order of the file."""
    return _read("published.csv", Published)


@cache
def measured() -> dict[str, tuple[Measured, ...]]:
    """The measured errors of each network, by name, in the order of the file."""
    return _read("measured.csv", Measured)


def _read(file: str, kind: type[_Fact]) -> dict[str, tuple[_Fact, ...]]:
    found: dict[str, tuple[_Fact, ...]] = {}
    with Path(__file__).with_name(file).open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            fact = kind(**{column: _value(column, text) for column, text in row.items()})
            found[row["name"]] = (*found.get(row["name"], ()), fact)
    return found


def _value(column: str, text: str) -> Any:
    read = _NUMBERS.get(column)
    return text if read is None else read(text) if text else None
