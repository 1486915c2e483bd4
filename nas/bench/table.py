"""NAS-Bench-201 as a table: the accuracies of 15,625 cells."""

import csv
import gzip
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nas.errors import DataError

TASKS = ("cifar10", "cifar100", "imagenet16")
CELLS = 5**6
_EDGE = re.compile(r"([a-z0-9_]+)~([0-2])")

Cell = tuple[str, ...]
"""The operations of a cell's six edges: into its second node, then into its third, then into its last."""


Table = Mapping[Cell, Mapping[str, float]]
"""The accuracies of each cell in percent: by task the one on the test split after 200 epochs; by `short(task)`, where
the table has it, the one on the validation split of a training of 12 epochs.
"""

EPOCHS, SHORT_EPOCHS = 200, 12


def short(task: str) -> str:
    """How the table calls what a short training of a task brings."""
    return f"{task}_val_{SHORT_EPOCHS}ep"


def read(file: Path) -> Table:
    """The table of a CSV file, gzipped or not.

    Its columns are arch, and for every task TASK_test_200ep, perhaps also TASK_val_12ep.

    Raises:
        DataError: the file is absent, damaged or not such a table.
    """
    opener = gzip.open if file.suffix == ".gz" else open
    try:
        with opener(file, "rt", encoding="utf-8", newline="") as stream:
            table = {cell_of(row["arch"]): _accuracies(row) for row in csv.DictReader(stream)}
    except OSError as error:
        raise DataError(f"the table cannot be read: {error}", path=str(file)) from None
    except (EOFError, KeyError, TypeError, ValueError, UnicodeDecodeError, csv.Error) as error:
        hint = "columns arch, " + ", ".join(f"{task}_test_200ep" for task in TASKS)
        raise DataError(f"this is no table of NAS-Bench-201: {error!r}", path=str(file), hint=hint) from None
    if len(table) != CELLS:
        raise DataError(f"a table of NAS-Bench-201 has {CELLS:,} cells, got {len(table):,}", path=str(file))
    return table


def cell_of(arch: str) -> Cell:
    """The operations that the authors' string `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|` names.

    Raises:
        ValueError: it is not such a string.
    """
    edges = _EDGE.findall(arch)
    if [source for _, source in edges] != ["0", "0", "1", "0", "1", "2"]:
        raise ValueError(f"a cell has six edges, got {arch!r}")
    return tuple(operation for operation, _ in edges)


def cell_at(point: Mapping[str, Any]) -> Cell:
    """The cell at a point of the space `nas_bench_201`."""
    return tuple(str(point[f"node{node}_from{source}"]) for node in (1, 2, 3) for source in range(node))


def _accuracies(row: Mapping[str, str]) -> Mapping[str, float]:
    whole = {task: float(row[f"{task}_test_{EPOCHS}ep"]) for task in TASKS}
    return whole | {short(task): float(row[short(task)]) for task in TASKS if short(task) in row}
