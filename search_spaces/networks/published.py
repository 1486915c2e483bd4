"""The reader of `published.csv`, where every published fact and reference count stands, once."""

import csv
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from nas.arch.published import Published

HUMAN_TOP5_ERROR = 5.1
"""Percent, of a trained annotator on ImageNet, as the article quotes it (arXiv:1409.0575, unverified)."""

_FILE = Path(__file__).with_name("published.csv")
_NUMBERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("classes", "params", "macs"), int),
    **dict.fromkeys(("top1_error", "top5_error", "quoted_error"), float),
}


@cache
def facts() -> dict[str, tuple[Published, ...]]:
    """The facts about each network, by name, in the order of the file."""
    found: dict[str, tuple[Published, ...]] = {}
    with _FILE.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            fact = Published(**{column: _value(column, text) for column, text in row.items()})
            found[fact.name] = (*found.get(fact.name, ()), fact)
    return found


def _value(column: str, text: str) -> Any:
    read = _NUMBERS.get(column)
    return text if read is None else read(text) if text else None
