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
"""The test accuracy of each cell after 200 epochs, in percent, by task."""


def read(file: Path) -> Table:
    """The table of a CSV file, gzipped or not.

    Its columns are arch, and TASK_test_200ep for every task.

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
    return {task: float(row[f"{task}_test_200ep"]) for task in TASKS}
