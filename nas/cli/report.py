"""`nas report`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nas.cli import options
from nas.errors import DataError, NameUnknownError, NasError

if TYPE_CHECKING:
    from analysis.report.record import Record
    from nas.runs import Run


@click.command()
@click.argument("run")
@click.option("--out", type=click.Path(path_type=Path), help="The file.  [default: report.html in the run's folder]")
@click.option("--runs-dir", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@options.as_json
def command(run: str, out: Path | None, runs_dir: Path, as_json: bool) -> None:
    """Tell all of a run in one HTML file.

    The front to point at and to step through, the networks on it with their lineage, growth against the random
    control, which decisions mattered, learning curves, what the budget went to, failures, and what it takes to do it
    again. The file needs no server and no network, and is readable on paper. RUN is a run's folder, or its name in
    --runs-dir; one that goes on is told as far as it is.

    \b
    Examples:
      nas report runs/first
      nas report first --out first.html
    """
    from analysis.report.page import page
    from nas.data.progress import Progress
    from nas.runs import open_run

    opened = open_run(run, runs_dir=runs_dir)
    file = out or opened.folder / "report.html"
    if file.suffix != ".html" or file.is_dir():
        raise NasError(f"a report is an .html file, got {file.name!r}", path="--out", hint="--out report.html")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NasError(f"the folder cannot be made: {error.strerror}", path=str(file.parent)) from None
    told = _record(opened)
    with Progress("drawing networks", 0) as progress:
        content = page(told, on_picture=lambda _: progress.advance(1)).encode()
    try:
        file.write_bytes(content)
    except OSError as error:
        raise NasError(f"the report cannot be written: {error.strerror}", path=str(file)) from None
    if as_json:
        click.echo(json.dumps({"run": str(opened.folder), "file": str(file), "bytes": len(content)}))
    else:
        click.echo(f"wrote {file} ({len(content) / 1e6:.1f} MB), for any browser")


def _record(run: "Run") -> "Record":
    """What the run holds, and what its data tells: the shape of images and which networks have names."""
    from analysis.report.record import record
    from nas.cli.front import named_in
    from nas.data.of_run import images_of

    try:
        images = images_of(run)
    except (DataError, NameUnknownError):
        return record(run)
    return record(run, input=images.input, start=run.request.network_around(), named=named_in([run]))
