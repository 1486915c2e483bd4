"""`nas status`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nas.cli import options

if TYPE_CHECKING:
    from nas.runs import Run
    from nas.search.agreement import Agreement
    from nas.search.status import Status


@click.command()
@click.argument("run")
@click.option("--runs-dir", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@options.as_json
def command(run: str, runs_dir: Path, as_json: bool) -> None:
    """Say how far a run is, while it goes on or afterwards.

    RUN is a run's folder, or its name in --runs-dir.

    \b
    Examples:
      nas status runs/first
      nas status first --json
    """
    from nas.runs import open_run
    from nas.search.status import status

    found = open_run(run, runs_dir=runs_dir)
    made = status(found)
    click.echo(json.dumps(told(found, made)) if as_json else said(found, made))


def told(run: "Run", made: "Status") -> dict[str, Any]:
    """The status for a program."""
    return {
        "run": str(run.folder),
        "state": made.state,
        "ended": made.cause,
        "budget": str(made.budget),
        **asdict(made.progress),
        "device_s": made.seconds,
        "overhead_s": made.overhead,
        "finalists": made.finalists,
        "measures": {name: asdict(one) for name, one in _measures(run).items()},
    }


def _measures(run: "Run") -> "dict[str, Agreement]":
    """What each measure that was taken before training says of accuracy."""
    from nas.runs.journal import has_journal, read_trials
    from nas.search.agreement import agreements

    return agreements(read_trials(run)) if run.request.zero_cost and has_journal(run) else {}


def _worth(run: "Run") -> list[str]:
    """The same in a line; none where nothing can be said."""
    found = _measures(run)
    if not found:
        return []
    told = ", ".join(f"{name} {one.tau:+.2f}" for name, one in sorted(found.items(), key=lambda item: -item[1].tau))
    networks, chance = max((one.networks, one.chance) for one in found.values())
    return [f"ranks   {told}: Kendall's tau with accuracy, {networks} networks of like MACs; chance ±{chance:.2f}"]


def _front(run: "Run") -> str:
    """The networks that were scored on the test split and the front of them; empty where none was."""
    from nas.runs.journal import has_journal, read_finals, read_trials
    from nas.runs.repeats import repeated
    from nas.search.objectives import objectives
    from nas.search.standings import costs_of, standings

    networks = repeated(read_finals(run) or read_trials(run)) if has_journal(run) else []
    if not networks:
        return ""
    goals = objectives(run.request.objectives)
    front = standings(networks, [costs_of(network, goals) for network in networks]).count("front")
    best = max(networks, key=lambda network: network.mean)
    spread = "" if best.spread is None else f" ± {best.spread:.2%}"
    return f"front   {front} of {len(networks)} networks, on the test split; best {best.name}: {best.mean:.2%}{spread}"


def said(run: "Run", made: "Status") -> str:
    """The status for a person."""
    from nas.cli.plan import duration
    from nas.search.events import CAUSES

    at, time = made.progress, made.budget.is_time
    spent, left = (duration(at.spent), duration(at.left)) if time else (f"{at.spent:.0f}", f"{at.left:.0f} trials")
    share = made.overhead / made.seconds if made.seconds else 0.0
    best = f", best {at.best:.2%}" if at.best is not None else ""
    resting = f", {at.resting} at rungs" if at.resting else ""
    lines = [
        f"run     {run.folder}",
        f"state   {made.state}{f': {CAUSES[made.cause]}' if made.cause else ''}",
        f"budget  {made.budget}: {spent} spent, {left} left",
        f"device  {duration(made.seconds)}, {share:.0%} of it between trainings",
        f"trials  {at.complete} trained, {at.failed} failed, {at.stopped} stopped, {at.running} under way{resting}",
        *([f"finals  {made.finalists[0]} of {made.finalists[1]} trainings of finalists"] if made.finalists else []),
        _front(run) or f"front   {at.front}{best}",
        *_worth(run),
    ]
    if made.state != "finished" and at.eta_s is not None:
        lines.append(f"to go   about {duration(at.eta_s)}")
    if made.state != "going on":
        more = f" --budget {made.budget}" if made.state == "finished" else ""
        lines.append(f"\nnext:\n  nas resume {run.folder}{more}")
    return "\n".join(lines)
