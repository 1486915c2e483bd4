"""`nas resume`."""

from pathlib import Path

import click

from nas.cli import options


@click.command()
@click.argument("run")
@click.option("--budget", help="So much more than was asked before, in the same unit: 10cpumin, 20trials.")
@options.address
@click.option("--runs-dir", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@options.as_json
def command(run: str, budget: str | None, address: str | None, runs_dir: Path, as_json: bool) -> None:
    """Go on with a search that was interrupted or killed, or give it more budget.

    RUN is a run's folder, or its name in --runs-dir. Nothing that was trained is trained again: trainings that were
    under way go on from their last epoch, and what was spent is spent.

    \b
    Examples:
      nas resume runs/first
      nas resume first --budget 30cpumin
    """
    from nas.runs import open_run
    from nas.search.budget import Budget
    from nas.search.run import resume

    from nas.cli.progress import Display  # isort: skip
    from nas.cli.ending import report  # isort: skip

    found = open_run(run, runs_dir=runs_dir)
    more = Budget.parse(budget) if budget else None
    with Display(quiet=as_json) as display:
        result = resume(found, more=more, address=address, on_event=display.show)
    if found.request.networks:
        from nas.cli import compared

        compared.report(result, None, as_json=as_json)
        return
    report(result, found.request.network_around(), as_json=as_json)
