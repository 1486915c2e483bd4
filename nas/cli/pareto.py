"""`nas pareto`."""

import json
from math import isnan
from pathlib import Path
from typing import Any

import click

from nas.cli import options
from nas.cli.table import count, table


@click.command()
@click.argument("runs", nargs=-1, required=True)
@click.option("--out", type=click.Path(path_type=Path), help="Where to draw; the first run's folder unless said.")
@click.option("--runs-dir", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@options.as_json
def command(runs: tuple[str, ...], out: Path | None, runs_dir: Path, as_json: bool) -> None:
    """Draw the front of one or more runs.

    Makes a PNG, an SVG and the table as CSV. A run is a folder, or the name of one in --runs-dir. Dominated networks
    are faint; named networks that were trained in the same run are marked.

    \b
    Example:
      nas pareto runs/first runs/second --out fronts.png
    """
    from analysis.pareto import draw, fronts
    from nas.cli.front import about, named_in
    from nas.runs import open_run

    opened = [open_run(run, runs_dir=runs_dir) for run in runs]
    trained = fronts(opened)
    paths = draw(trained, out or opened[0].folder / "front", named=named_in(opened), about=about(opened))
    best = trained[trained["front"]]
    if as_json:
        told = json.loads(best.to_json(orient="records"))
        click.echo(json.dumps({"front": told, "files": [str(path) for path in paths]}))
        return
    rows = [
        (row["run"], row["name"] or str(row["number"]), _said(row), count(row["macs"]), count(row["params"]))
        for row in best.to_dict(orient="records")
    ]
    click.echo("\n".join(table(["run", "trial", "accuracy", "MACs", "params"], rows)))
    click.echo("\n".join(f"wrote {path}" for path in paths))


def _said(row: dict[Any, Any]) -> str:
    """The accuracy of a row, with its spread where there is one."""
    spread = "" if isnan(row["spread"]) else f" ± {row['spread']:.2%}"
    return f"{row['accuracy']:.2%}{spread}"
