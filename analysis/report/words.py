"""Numbers and names as a report reads them."""

import shlex
from pathlib import Path

from nas.arch.readable import count as count
from nas.arch.readable import duration as duration
from nas.runs import Run, Trial

STATES = {
    "complete": "trained",
    "pruned": "stopped",
    "fail": "failed",
    "running": "under way",
    "waiting": "at a rung",
}
"""Optuna's words for states, as a person reads them."""


def percent(share: float) -> str:
    """84.25 %."""
    return f"{100 * share:.2f} %"


def points(gained: float) -> str:
    """+1.25 points."""
    return f"{100 * gained:+.2f} points".replace("-", "−")


def commands(run: Run, trial: Trial) -> list[tuple[str, str]]:
    """What trains or exports a trial: a word for it, and the command."""
    which = shlex.quote(f"{place(run.folder)}:{trial.number}")
    return [
        ("train it to keep it", f"nas train {which} --recipe fast"),
        ("take it home", f"nas export {which}"),
    ]


def place(folder: Path) -> str:
    """A folder as one would type it from here."""
    here = Path.cwd()
    return str(folder.relative_to(here)) if folder.is_relative_to(here) and folder != here else str(folder)
