"""`nas search`."""

import json
from pathlib import Path

import click

from nas import catalog
from nas.arch.nodes import Space
from nas.arch.opened import opened
from nas.arch.suits import check_suits
from nas.arch.text import text
from nas.cli import meant, options

_FINALISTS, _LEAST_FOR_FINALISTS_S = 0.3, 1800.0
"""The share of finalists, and the budget from which on they have one, unless said."""


@click.command()
@click.option("--budget", required=True, help="Device time over all workers, or trials: 10cpumin, 2gpuh, 40trials.")
@click.option("--space", help="A space's name, or FILE.py:NAME.  [default: residual]")
@click.option("--around", help="Search around this network instead, a name or RUN:best: its numbers become holes.")
@click.option("--data", help="fashion-mnist, mnist, cifar10, cifar100, or a folder.  [default: an embedded sample]")
@click.option("--size", type=click.IntRange(8, 1024), help="Resize images to this side, in pixels.")
@click.option(
    "--strategy",
    default="front-first",
    show_default=True,
    help="front-first, local, evolution, nsga2, tpe, gp or random; or a sampler of Optuna's: optuna:NAME.",
)
@click.option(
    "--objectives",
    default="accuracy,macs",
    show_default=True,
    help="What to make large or small: accuracy, macs, params, memory, activations, latency, energy.",
)
@click.option("--objective", "own", multiple=True, help="One more of your own: FILE.py:function.")
@click.option("--max-macs", help="Train no network above it: 20M.")
@click.option("--max-params", help="Train no network above it: 500k.")
@click.option("--max-latency", help="Train no network that takes longer for one image on the device: 5ms.")
@click.option("--epochs", type=click.IntRange(1), help="Epochs of each training, if not chosen to suit the budget.")
@click.option(
    "--rungs/--no-rungs",
    default=True,
    show_default=True,
    help="Stop trainings early where others promise more, if the budget has room for longer ones.",
)
@click.option(
    "--inherit/--no-inherit",
    default=False,
    show_default=True,
    help="Begin the training of a child with the weights of its parent, as far as they are alike.",
)
@click.option(
    "--finalists",
    type=click.FloatRange(0, 1, max_open=True),
    help="Share of the time in which the front is trained again, with several seeds.  [default: 0.3 from 30 min on]",
)
@click.option(
    "--zero-cost",
    is_flag=True,
    help="Measure networks before they are trained, leave out dead ones, and say what the measures are worth.",
)
@click.option("--workers", type=click.IntRange(0), help="Trials at once; 0 trains in this process, without Ray.")
@options.gpus_per_trial
@options.address
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--storage", help="URL of the database for the study, kept in the run.  [default: a file]")
@options.tensorboard
@click.option("--dry-run", is_flag=True, help="Print the plan, leave nothing behind.")
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
    own: tuple[str, ...],
    max_macs: str | None,
    max_params: str | None,
    max_latency: str | None,
    epochs: int | None,
    rungs: bool,
    inherit: bool,
    finalists: float | None,
    zero_cost: bool,
    workers: int | None,
    gpus_per_trial: float | None,
    address: str | None,
    seed: int,
    storage: str | None,
    tensorboard: bool,
    dry_run: bool,
    name: str | None,
    runs_dir: Path,
    as_json: bool,
) -> None:
    """Search a space for networks with the best accuracy per MAC.

    The validation split steers the search. With --finalists the front is then trained again from scratch, longer and
    with three seeds or more, and only there the test split is looked at, once in each training. Nothing over the limits
    is trained. The run's folder holds everything: the study, the weights, and the picture of the front. Ctrl-C ends a
    search with what there is; `nas resume` goes on with it, also where it was killed.

    \b
    Examples:
      nas search --budget 10cpumin
      nas search --space mobile --data fashion-mnist --budget 2gpuh --max-macs 20M
      nas search --around resnet18 --data path/to/images --budget 30cpumin --dry-run
      nas search --address auto --runs-dir /shared/runs --budget 100gpuh
    """
    space, around = options.one_of("space", space, "around", around)
    if space and around:
        raise click.UsageError("--space and --around exclude each other")
    from dataclasses import asdict, replace

    from nas.data import load
    from nas.runs import Request
    from nas.search.budget import Budget
    from nas.search.limits import count as limit
    from nas.search.limits import time_limit
    from nas.search.own import resolved
    from nas.search.run import search
    from nas.train.recipe import SEARCH

    from nas.cli.progress import Display  # isort: skip
    from nas.cli.ending import report  # isort: skip

    spent = Budget.parse(budget)
    if finalists and not spent.is_time:
        raise click.UsageError("finalists have a share of device time, and this budget counts trials")
    if finalists is None:
        finalists = _FINALISTS if spent.is_time and spent.amount >= _LEAST_FOR_FINALISTS_S else 0.0
    images = load(data, size=size, seed=seed)
    start = meant.named(around, runs_dir).fitted(len(images.classes), images.input) if around else None
    searched: Space = (
        opened(start, images.input)
        if start is not None
        else catalog.space(space or "residual").make(len(images.classes))
    )
    check_suits(searched, images.input, len(images.classes), name=f"around {around}" if around else space or "residual")
    request = Request(
        space=f"around {around}" if around else space or "residual",
        space_text=text(searched),
        budget=budget,
        data=data,
        size=size,
        strategy=strategy,
        objectives=(*(part.strip() for part in objectives.split(",")), *map(resolved, own)),
        max_macs=limit(max_macs, flag="--max-macs") if max_macs else None,
        max_params=limit(max_params, flag="--max-params") if max_params else None,
        max_latency=time_limit(max_latency, flag="--max-latency") if max_latency else None,
        workers=workers,
        gpus_per_trial=gpus_per_trial,
        seed=seed,
        recipe=asdict(replace(SEARCH, epochs=epochs)) if epochs else None,
        around=around,
        around_text=text(start) if start is not None else None,
        storage=storage,
        rungs=rungs,
        finalists=finalists,
        tensorboard=tensorboard,
        inherit=inherit,
        zero_cost=zero_cost,
    )
    if dry_run:
        from nas.cli.plan import said, told
        from nas.search.devices import devices_at
        from nas.search.plan import plan

        with devices_at(address) as devices:
            planned = plan(request, devices=devices)
        click.echo(json.dumps(told(planned)) if as_json else said(planned))
        return
    with Display(quiet=as_json) as display:
        result = search(request, runs_dir=runs_dir, name=name, address=address, on_event=display.show)
    report(result, start, as_json=as_json)
