"""The end of a search, as a person and as a program reads it."""

import json
from typing import Any

import click

from analysis.pareto import draw, fronts
from nas.arch.cost import Shape
from nas.arch.diff import diff
from nas.arch.nodes import Network
from nas.arch.text import parse
from nas.cli import options
from nas.cli.front import about, named_in
from nas.cli.table import count, table
from nas.search.run import Result


def rewritten(name: str, image: Shape, classes: int) -> Network:
    """A named network for the images and classes at hand."""
    return options.named(name).fitted(classes, image)


def report(result: Result, start: Network | None, *, as_json: bool) -> None:
    """The front, where its weights lie, and what to type next."""
    trials = sorted(result.front, key=lambda trial: trial.macs)
    edits = {trial.number: [str(edit) for edit in diff(start, parse(trial.network))] for trial in trials if start}
    pictures = _pictures(result) if trials else []
    if as_json:
        told = [
            {
                "trial": trial.number,
                "accuracy": trial.accuracy,
                "macs": trial.macs,
                "params": trial.params,
                "fingerprint": trial.fingerprint,
                "weights": str(result.run.weights(trial.number)),
                **({"diff": edits[trial.number]} if start else {}),
            }
            for trial in trials
        ]
        click.echo(json.dumps({"run": str(result.run.folder), "ended": result.cause, "front": told, "files": pictures}))
        return
    if not trials:
        then = f", and goes on with\n  nas resume {result.run.folder}" if result.cause == "interrupted" else ""
        click.echo(f"no network was trained to its end; the run lies in {result.run.folder}{then}", err=True)
        return
    rows = [(str(t.number), f"{t.accuracy:.2%}", count(t.macs), count(t.params), t.fingerprint) for t in trials]
    click.echo("\n".join(table(["trial", "accuracy", "MACs", "params", "fingerprint"], rows)))
    click.echo("accuracy is that of the validation split, after a short training with one seed")
    for trial in trials if start else ():
        click.echo(f"\ntrial {trial.number}, as edits of {result.run.request.around} for these images:")
        click.echo("\n".join(f"  {edit}" for edit in edits[trial.number]) or "  none: it is that network")
    _next(result, trials, pictures)


def _pictures(result: Result) -> list[str]:
    runs = [result.run]
    return [
        str(path) for path in draw(fronts(runs), result.run.folder / "front", named=named_in(runs), about=about(runs))
    ]


def _next(result: Result, trials: list[Any], pictures: list[str]) -> None:
    folder = result.run.folder
    click.echo(f"\npicture  {pictures[0]}")
    click.echo(f"weights  {result.run.weights(trials[-1].number).parent}/TRIAL.pt")
    click.echo(f"run      {folder}")
    click.echo("\nnext:")
    if result.cause == "interrupted":
        click.echo(f"  nas resume {folder}")
    click.echo(f"  nas pareto {folder} --out front.svg")
    click.echo(f"  nas export {folder}:best")
    click.echo("  nas runs")
