"""The end of a comparison, as a person and as a program reads it."""

import json
from math import isnan
from pathlib import Path
from typing import Any

import click

from analysis.comparison import compared, draw
from nas.arch.readable import counted
from nas.cli.table import count, table
from nas.runs import Run
from nas.runs.journal import open_journal
from nas.search.length import length_of
from nas.search.run import Result
from nas.search.standings import MARKS


def report(result: Result, out: Path | None, *, as_json: bool) -> None:
    """The table and the picture, under which conditions, and what is missing."""
    run = result.run
    journal = open_journal(run)
    trials, facts = journal.trials(), journal.facts()
    latency = facts.get("latency") or {}
    rows = compared(trials, latency_ms=latency.get("ms"))
    missing = _missing(run, trials)
    if rows.empty:
        said = f"no network was trained to its end: {'; '.join(missing)}\n  nas resume {run.folder}"
        click.echo(json.dumps({"run": str(run.folder), "ended": result.cause, "networks": []}) if as_json else said)
        return
    told = conditions(run, facts)
    files = [str(path) for path in draw(rows, out or run.folder / "compare", about=told["said"])]
    if as_json:
        networks = json.loads(rows.to_json(orient="records"))
        ended = {"run": str(run.folder), "ended": result.cause, "conditions": told, "missing": missing}
        click.echo(json.dumps({**ended, "networks": networks, "files": files}))
        return
    head = ["", "network", "accuracy", "±", "seeds", "params", "MACs", "latency ms", "accuracy per MMAC"]
    click.echo("\n".join(table(head, map(_cells, rows.to_dict(orient="records")))))
    click.echo(f"\naccuracy  {told['said']}; mean and standard deviation over seeds")
    click.echo("          * on the front, ~ beaten by less than may be chance: two standard errors")
    if latency:
        click.echo(f"latency   {latency['batch']} image, {latency['threads']} thread of this CPU, warm, median")
    for line in missing:
        click.echo(f"missing   {line}")
    click.echo(f"picture   {files[0]}\nrun       {run.folder}")
    if result.cause == "interrupted":
        click.echo(f"\nnext:\n  nas resume {run.folder}")


def conditions(run: Run, facts: dict[str, Any]) -> dict[str, Any]:
    """Under which conditions the networks of a comparison were trained, as fields and in a line."""
    length, request = length_of(facts["length"]), run.request
    fields = {
        "data": request.data_said,
        "split": "test",
        "test_images": length.test,
        "train_images": length.train,
        "epochs": length.recipe.epochs,
        "seeds": request.seeds,
        "budget": request.budget,
    }
    epochs = counted(length.recipe.epochs, "epoch")
    said = (
        f"of {length.test:,} test images of {fields['data']}, after {epochs} on {length.train:,} images, "
        f"{counted(request.seeds, 'seed')}, {request.budget}"
    )
    return {**fields, "said": said}


def _missing(run: Run, trials: list[Any]) -> list[str]:
    """The networks with fewer trainings than were asked for, and why."""
    found = []
    for entry in run.request.networks:
        own = [trial for trial in trials if trial.name == entry["name"]]
        done = sum(trial.state == "complete" for trial in own)
        reasons = dict.fromkeys(trial.reason or trial.state for trial in own if trial.state != "complete")
        if done < run.request.seeds:
            why = f": {', '.join(reasons)}" if reasons else ""
            found.append(f"{entry['name']}, {done} of {run.request.seeds} trainings{why}")
    return found


def _cells(row: dict[Any, Any]) -> list[str]:
    return [
        MARKS[row["standing"]],
        row["name"],
        f"{row['accuracy']:.2%}",
        "" if isnan(row["spread"]) else f"{row['spread']:.2%}",
        str(row["seeds"]),
        count(row["params"]),
        count(row["macs"]),
        "" if isnan(row["latency_ms"]) else f"{row['latency_ms']:.2f}",
        f"{row['accuracy_per_mmac']:.2%}",
    ]
