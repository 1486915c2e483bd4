"""How a search is shown while it goes on: a bar where a person looks on, a line a trial elsewhere."""

import os
import sys
from types import TracebackType
from typing import Self

import click

from nas.cli.plan import said, said_of_finalists
from nas.cli.table import count
from nas.search.events import CAUSES, Began, Ended, EpochDone, Event, Finished, Planned, Recalled, Rested
from nas.search.progress import Progress


class Display:
    """Shows events on standard error; `quiet` shows nothing."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.unit, self.amount, self._is_list = "", 1.0, False
        self._bar = None
        if not quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, TextColumn
            from rich.progress import Progress as Bar

            console = Console(stderr=True, no_color="NO_COLOR" in os.environ)
            self._bar = Bar(BarColumn(28), TextColumn("{task.description}"), console=console, transient=True)
            self._task = self._bar.add_task("starting", total=None)

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def show(self, event: Event) -> None:
        """Show one event."""
        if self.quiet:
            return
        match event:
            case Recalled(trials=trials, total=total):
                self._line(f"read back {trials:,} of {total:,} trials")
            case Planned():
                self._plan(event)
            case Ended(trial=trial, progress=progress):
                right = trial.accuracy if trial.test is None else trial.test
                told = f"{right:.2%}" if trial.state == "complete" else f"{trial.state}: {trial.reason}"
                name = f"of trial {trial.name}" if trial.name.isdigit() else trial.name
                macs = f"{count(trial.macs):>7} MACs" + (f", {name}" if name else "")
                what = f"{name}, seed {trial.seed}" if self._is_list else macs
                self._line(f"trial {trial.number:3}  {told:>8}  {what}   {self._said(progress)}")
                self._advance(progress)
            case Began(progress=progress) | EpochDone(progress=progress) | Rested(progress=progress):
                self._advance(progress)
            case Finished(cause=cause):
                self._line(CAUSES[cause])

    def _plan(self, planned: Planned) -> None:
        self.unit = str(planned.plan.budget)
        self.amount = planned.plan.budget.amount
        self._is_list = bool(planned.plan.entries)
        resumed = f", which goes on after {planned.recorded} trials" if planned.recorded else ""
        is_final = self._is_list and not planned.run.request.networks
        plan = said_of_finalists(planned.plan) if is_final else said(planned.plan)
        self._line(plan if is_final and not resumed else f"run {planned.run.folder}{resumed}\n{plan}")
        if self._bar:
            self._bar.update(self._task, total=self.amount, description="first trials")

    def _advance(self, progress: Progress) -> None:
        if self._bar:
            self._bar.update(self._task, completed=progress.spent, description=self._said(progress))

    def _said(self, progress: Progress) -> str:
        best = f"best {progress.best:.1%}, front {progress.front}, " if progress.best is not None else ""
        time_left = f", {progress.eta_s / 60:.1f} min to go" if progress.eta_s is not None else ""
        return (
            f"{progress.complete} trained, {'' if self._is_list else best}"
            f"{progress.spent / self.amount:.0%} of {self.unit} spent{time_left}"
        )

    def _line(self, line: str) -> None:
        if self._bar:
            self._bar.console.print(line, highlight=False, markup=False)
        else:
            click.echo(line, err=True)
