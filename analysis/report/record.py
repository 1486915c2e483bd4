"""All that a report tells of a run, read once; from here on nothing looks at the disk."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from nas.arch.cost import Shape
from nas.arch.nodes import Network
from nas.arch.text import parse
from nas.errors import NasError
from nas.runs import Run, Trial
from nas.runs.journal import open_journal, read_finals
from nas.search.status import Status, status


@dataclass(frozen=True)
class Record:
    """What is known of a run.

    Args:
        run: Its folder and what was asked.
        trials: By number.
        status: How far it is.
        finals: The trainings of its finalists.
        facts: What the run remembers of its plan.
        environment: The content of `environment.json`; empty where it cannot be read.
        input: Shape of an image; None where the data is not at hand.
        start: The named network that was searched around, for these images; None where there is none.
        named: Names of networks by fingerprint.
    """

    run: Run
    trials: list[Trial]
    status: Status
    finals: Sequence[Trial] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    input: Shape | None = None
    start: Network | None = None
    named: Mapping[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> list[Trial]:
        """The trials that reached their end, by number."""
        return [trial for trial in self.trials if trial.state == "complete" and trial.accuracy is not None]

    @property
    def validated(self) -> int | None:
        """Validation images behind each accuracy; None where it is not known."""
        known = self.facts.get("length", {}).get("val")
        return known if isinstance(known, int) and known > 0 else None

    @property
    def knows_origins(self) -> bool:
        """Whether the strategy has said where its networks come from."""
        return any(trial.origin for trial in self.trials)


def record(
    run: Run,
    *,
    input: Shape | None = None,
    start: Network | None = None,
    named: Mapping[str, str] | None = None,
) -> Record:
    """What a run holds, and what its caller knows beside it; see `Record`.

    Raises:
        RunError: the study is absent, damaged, or written by a newer Optuna.
    """
    journal = open_journal(run)
    return Record(
        run=run,
        trials=journal.trials(),
        status=status(run),
        finals=read_finals(run),
        facts=journal.facts(),
        environment=_environment(run),
        input=input,
        start=start,
        named=named or {},
    )


@lru_cache(maxsize=1024)
def network(told: str) -> Network | None:
    """The network of a trial's text; None where that is damaged: all else of the trial can be told."""
    try:
        return parse(told)
    except NasError:
        return None


def _environment(run: Run) -> dict[str, Any]:
    try:
        told = json.loads((run.folder / "environment.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
