"""The folder of a reproduction: its plan, before anything is trained, and what it ended with."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nas.errors import RunError
from nas.reproduce.plan import Plan, plan_of
from nas.runs import files

VERSION = 1
_PLAN, _RESULT, _PAGE = "plan.json", "reproduce.json", "reproduce.md"


def begun(folder: Path, asked: dict[str, Any]) -> Plan | None:
    """The plan of a folder in which the same was asked; None where the folder is free.

    Raises:
        RunError: the folder holds something else, or its plan is damaged.
    """
    file = folder / _PLAN
    try:
        told = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        if told and told["version"] == VERSION and told["asked"] == asked:
            return plan_of(told["plan"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RunError(f"not the plan of a reproduction: {error!r}", path=str(file), hint="remove the folder") from None
    if folder.exists() and any(folder.iterdir()):
        raise RunError(
            "a reproduction goes to a folder that is empty or its own, but this one holds something else",
            path=str(folder),
            hint="choose another --out, or ask the same again to go on",
        )
    return None


def begin(folder: Path, asked: dict[str, Any], plan: Plan) -> None:
    """Record a plan."""
    told = {"version": VERSION, "asked": asked, "plan": asdict(plan)}
    files.write(folder / _PLAN, (json.dumps(told) + "\n").encode())


def end(folder: Path, told: dict[str, Any], page: str) -> None:
    """Record what a reproduction ended with, for programs and for people."""
    files.write(folder / _RESULT, (json.dumps(told, indent=2) + "\n").encode())
    files.write(folder / _PAGE, page.encode())
