"""`nas search`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nas import catalog
from nas.arch.cost import Shape
from nas.arch.diff import diff
from nas.arch.nodes import Network, Space
from nas.arch.opened import opened
from nas.arch.text import parse, text
from nas.cli import options
from nas.cli.table import count, table

if TYPE_CHECKING:
    from nas.search.run import Result


@click.command()
@click.option("--budget", required=True, help="Device time over all workers, or trials: 10cpumin, 2gpuh, 40trials.")
@click.option("--space", help="A space's name, or FILE.py:NAME.  [default: residual]")
@click.option("--around", help="Search around this named network instead: its numbers become holes.")
@click.option("--data", help="fashion-mnist, mnist, cifar10, cifar100, or a folder.  [default: an embedded sample]")
@click.option("--size", type=click.IntRange(8, 1024), help="Resize images to this side, in pixels.")
@click.option("--strategy", default="pareto", show_default=True, help="pareto, random, tpe or nsga2.")
@click.option("--objectives", default="accuracy,macs", show_default=True, help="What to make large or small.")
@click.option("--max-macs", help="Train no network above it: 20M.")
@click.option("--max-params", help="Train no network above it: 500k.")
@click.option("--epochs", type=click.IntRange(1), help="Epochs of each training, if not chosen to suit the budget.")
@click.option("--workers", type=click.IntRange(0), help="Trials at once; 0 trains in this process, without Ray.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--name", help="The run's name; the time and the space unless said.")
@click.option("--runs-dir", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@options.as_json
def command(
    budget: str,
    space: str | None,
    around: str | None,
    data: str | None,
    size: int | None,
    strategy: str,
    objectives: str,
    max_macs: str | None,
    max_params: str | None,
    epochs: int | None,
    workers: int | None,
    seed: int,
    name: str | None,
    runs_dir: Path,
    as_json: bool,
) -> None:
    """Search a space for networks with the best accuracy per MAC.

    The validation split steers the search, the test split is never touched. Nothing over the limits is trained, and no
    network twice. The run's folder holds everything: the study, the weights, and the picture of the front.

    \b
    Examples:
      nas search --budget 10cpumin
      nas search --space mobile --data fashion-mnist --budget 2gpuh --max-macs 20M
      nas search --around resnet18 --data path/to/images --budget 30cpumin
    """
    if space and around:
        raise click.UsageError("--space and --around exclude each other")
    from dataclasses import asdict, replace

    from nas.data import load
    from nas.runs import Request
    from nas.search.budget import Budget
    from nas.search.limits import count as limit
    from nas.search.run import search
    from nas.train.recipe import SEARCH

    from nas.cli.progress import Display  # isort: skip

    Budget.parse(budget)
    images = load(data, size=size, seed=seed)
    start = _rewritten(around, images.input, len(images.classes)) if around else None
    searched: Space = (
        opened(start, images.input)
        if start is not None
        else catalog.space(space or "residual").make(len(images.classes))
    )
    request = Request(
        space=f"around {around}" if around else space or "residual",
        space_text=text(searched),
        budget=budget,
        data=data,
        size=size,
        strategy=strategy,
        objectives=tuple(part.strip() for part in objectives.split(",")),
        max_macs=limit(max_macs, flag="--max-macs") if max_macs else None,
        max_params=limit(max_params, flag="--max-params") if max_params else None,
        workers=workers,
        seed=seed,
        recipe=asdict(replace(SEARCH, epochs=epochs)) if epochs else None,
        around=around,
    )
    with Display(quiet=as_json) as display:
        result = search(request, runs_dir=runs_dir, name=name, on_event=display.show)
    _report(result, start, as_json=as_json)


def _rewritten(name: str, image: Shape, classes: int) -> Network:
    """A named network for the images and classes at hand."""
    return options.named(name).fitted(classes, image)


def _report(result: "Result", start: Network | None, *, as_json: bool) -> None:
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
        click.echo(f"no network was trained to its end; the run lies in {result.run.folder}", err=True)
        return
    rows = [(str(t.number), f"{t.accuracy:.2%}", count(t.macs), count(t.params), t.fingerprint) for t in trials]
    click.echo("\n".join(table(["trial", "accuracy", "MACs", "params", "fingerprint"], rows)))
    click.echo("accuracy is that of the validation split, after a short training with one seed")
    for trial in trials if start else ():
        click.echo(f"\ntrial {trial.number}, as edits of {result.run.request.around} for these images:")
        click.echo("\n".join(f"  {edit}" for edit in edits[trial.number]) or "  none: it is that network")
    _next(result, trials, pictures)


def _pictures(result: "Result") -> list[str]:
    from analysis.pareto import draw, fronts
    from nas.cli.front import about, named_in

    runs = [result.run]
    return [
        str(path) for path in draw(fronts(runs), result.run.folder / "front", named=named_in(runs), about=about(runs))
    ]


def _next(result: "Result", trials: list[Any], pictures: list[str]) -> None:
    folder = result.run.folder
    click.echo(f"\npicture  {pictures[0]}")
    click.echo(f"weights  {result.run.weights(trials[-1].number).parent}/TRIAL.pt")
    click.echo(f"run      {folder}")
    click.echo("\nnext:")
    click.echo(f"  nas pareto {folder} --out front.svg")
    click.echo(f"  nas export {folder}:best")
    click.echo("  nas runs")
