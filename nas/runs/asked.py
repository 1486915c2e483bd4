"""A folder that belongs to what was asked: its plan before anything is trained, its answer at the end."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from nas.errors import RunError
from nas.runs import files
from nas.runs.lock import is_free, locked

VERSION = 1
_PLAN = "plan.json"

T = TypeVar("T")


@contextmanager
def begun(
    folder: Path, asked: dict[str, Any], plan_of: Callable[[dict[str, Any]], T], *, what: str
) -> Iterator[T | None]:
    """The plan of a folder in which the same was asked; None where the folder is free. Holds the folder's lock.

    Args:
        folder: Of the answer.
        asked: By the person, in words.
        plan_of: Reads the plan.
        what: Is answered, in words: "a reproduction".

    Raises:
        RunError: the folder holds something else, another process works there, or its plan is damaged.
    """
    _found(folder, asked, plan_of, what)  # So that no lock is left in what belongs to somebody else.
    with locked(folder):
        yield _found(folder, asked, plan_of, what)


def _found(folder: Path, asked: dict[str, Any], plan_of: Callable[[dict[str, Any]], T], what: str) -> T | None:
    file = folder / _PLAN
    try:
        told = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        if told and told["version"] == VERSION and told["asked"] == asked:
            return plan_of(told["plan"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RunError(f"not the plan of {what}: {error!r}", path=str(file), hint="remove the folder") from None
    if not is_free(folder):
        raise RunError(
            f"{what} goes to a folder that is empty or its own, but this one holds something else",
            path=str(folder),
            hint="choose another --out, or ask the same again to go on",
        )
    return None


def begin(folder: Path, asked: dict[str, Any], plan: dict[str, Any]) -> None:
    """Record a plan."""
    told = {"version": VERSION, "asked": asked, "plan": plan}
    files.write(folder / _PLAN, (json.dumps(told) + "\n").encode())


def end(folder: Path, name: str, told: dict[str, Any], page: str) -> None:
    """Record the answer, for programs and for people: `name`.json and `name`.md."""
    files.write(folder / f"{name}.json", (json.dumps(told, indent=2) + "\n").encode())
    files.write(folder / f"{name}.md", page.encode())
