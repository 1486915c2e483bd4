"""`nas pareto`."""

import json
from pathlib import Path

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
        click.echo(json.dumps({"front": best.to_dict(orient="records"), "files": [str(path) for path in paths]}))
        return
    rows = [
        (row["run"], str(row["number"]), f"{row['accuracy']:.2%}", count(row["macs"]), count(row["params"]))
        for row in best.to_dict(orient="records")
    ]
    click.echo("\n".join(table(["run", "trial", "accuracy", "MACs", "params"], rows)))
    click.echo("\n".join(f"wrote {path}" for path in paths))
