"""`nas runs`."""

import json
from pathlib import Path

import click

from nas.cli import options
from nas.cli.table import table


@click.command()
@click.option("--runs-dir", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@options.as_json
def command(runs_dir: Path, as_json: bool) -> None:
    """List the runs of a folder.

    \b
    Example:
      nas runs
    """
    from nas.errors import RunError
    from nas.runs import frame, runs

    rows = []
    for run in runs(runs_dir):
        try:
            trials = frame(run)
        except RunError as error:  # Killed before its first trial, or damaged: no reason to hide the others.
            click.echo(f"left out: {error}", err=True)
            continue
        trained = trials[trials["state"] == "complete"]
        best = float(trained["accuracy"].max()) if len(trained) else None
        rows.append((run, len(trials), len(trained), best))
    if as_json:
        told = [
            {
                "name": run.name,
                "folder": str(run.folder),
                "space": run.request.space,
                "data": run.request.data or "sample",
                "budget": run.request.budget,
                "trials": trials,
                "trained": trained,
                "best_accuracy": best,
            }
            for run, trials, trained, best in rows
        ]
        click.echo(json.dumps(told))
    elif not rows:
        click.echo(f"no runs in {runs_dir}", err=True)
    else:
        cells = [
            (
                run.name,
                run.request.space,
                run.request.data_name,
                run.request.budget,
                str(trials),
                str(trained),
                f"{best:.1%}" if best is not None else "",
            )
            for run, trials, trained, best in rows
        ]
        click.echo("\n".join(table(["run", "space", "data", "budget", "trials", "trained", "best"], cells)))
