"""`nas watch`."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nas.cli import options

if TYPE_CHECKING:
    from nas.runs import Run
    from nas.search.status import Status


@click.command()
@click.argument("run")
@click.option(
    "--every", type=click.FloatRange(0.2, 3600), default=2.0, show_default=True, help="Seconds between looks."
)
@click.option("--runs-dir", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@options.as_json
def command(run: str, every: float, runs_dir: Path, as_json: bool) -> None:
    """Watch a search from another terminal, until it ends.

    Shows the front so far, what is under way, and what is spent and left. Where no person looks on it is said once, as
    `nas status` does; with --json there is a line whenever something has changed. Ctrl-C ends the watching and not the
    search. RUN is a run's folder, or its name in --runs-dir.

    \b
    Examples:
      nas watch runs/first
      nas watch first --json
    """
    from nas.cli.status import said, told
    from nas.runs import open_run
    from nas.search.status import status

    found = open_run(run, runs_dir=runs_dir)
    with suppress(KeyboardInterrupt):
        if as_json:
            for line, _ in groupby(json.dumps(told(found, made)) for made in _looks(found, every)):
                click.echo(line)
        elif sys.stdout.isatty():
            from nas.cli.screen import show

            show(found, _looks(found, every))
        else:
            click.echo(said(found, status(found)))


def _looks(run: "Run", every: float) -> Iterator["Status"]:
    """How far the run is, whenever that may have changed, until it does not go on."""
    from nas.search.status import status

    before = None
    while True:
        now = _trace(run)
        if now is None or now != before:
            made = status(run)
            yield made
            if made.state != "going on":
                return
        before = now
        time.sleep(every)


def _trace(run: "Run") -> tuple[bool, int] | None:
    """What is cheap to see of a change: a look takes a fifth of a second of the cores that train. None if nothing."""
    from nas.runs.lock import is_locked

    try:
        return is_locked(run.folder), run.study.stat().st_mtime_ns
    except OSError:  # Not begun, or in a database elsewhere.
        return None
