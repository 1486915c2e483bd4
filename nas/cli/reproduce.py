"""`nas reproduce`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from nas.cli import options
from nas.errors import NasError


@click.command()
@click.argument("network")
@click.option("--data", help="What to train on.  [default: the paper's if it is here, else what is]")
@click.option("--recipe", type=click.Choice(["paper", "fast"]), help="[default: the paper's on the paper's data]")
@click.option("--budget", default="5cpumin", show_default=True, help="Device time of all trainings: 5cpumin, 10gpuh.")
@click.option("--seeds", type=click.IntRange(1), help="Trainings.  [default: 3, or 1 where the budget is short]")
@click.option("--out", type=click.Path(path_type=Path), help="The folder.  [default: one in --runs-dir]")
@click.option("--runs-dir", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@options.as_json
def command(
    network: str,
    data: str | None,
    recipe: str | None,
    budget: str,
    seeds: int | None,
    out: Path | None,
    runs_dir: Path,
    as_json: bool,
) -> None:
    """Reproduce a network's paper as far as this machine allows, and say how far that is.

    Counts are set beside the published ones. The network is then trained within the budget, on the paper's data by the
    paper's recipe where they are at hand, else on what is; a short measurement tells beforehand how much that can be.
    The verdict says ours against published, what is comparable, and what the published number would need. The folder
    keeps it as reproduce.json and reproduce.md; asked again, what was interrupted goes on.

    \b
    Examples:
      nas reproduce lenet5
      nas reproduce resnet20 --data cifar10 --budget 10gpuh --seeds 5
      nas reproduce shufflenet_v1-1.0-g3 --budget 2cpumin --json
    """
    from nas import catalog
    from nas.reproduce import verdict
    from nas.reproduce.plan import plan, plan_of
    from nas.reproduce.structure import structure
    from nas.runs import asked as record

    from nas.cli.training import device_and_seconds, trained  # isort: skip

    if network.endswith(".txt") or Path(network).is_file():
        raise NasError("a paper is reproduced by a network's name, got a file", path=network, hint="`nas networks`")
    named = catalog.network(network)
    asked = {"network": network, "data": data, "recipe": recipe, "budget": budget, "seeds": seeds}
    folder = out or runs_dir / "-".join(("reproduce", network, *([Path(data).name] if data else [])))
    device, budget_s = device_and_seconds(budget)
    with record.begun(folder, asked, plan_of, what="a reproduction") as planned:
        if planned is None:
            planned = plan(named, data=data, recipe=recipe, device=device, budget_s=budget_s, seeds=seeds)
            record.begin(folder, asked, asdict(planned))
        told: dict[str, Any] = {
            "version": record.VERSION,
            "name": network,
            "asked": asked,
            "device": str(device),
            "structure": structure(named),
            "plan": planned.told(),
        }
        if not as_json:
            expected = f", about {planned.seconds / 60:.1f} min" if planned.seconds is not None else ""
            click.echo(f"{verdict.planned(told['plan'])}{expected} of {device}", err=True)
        results = [trained(training, folder / f"seed{training.seed}", quiet=as_json) for training in planned.trainings]
        told["measured"] = verdict.measured(results)
        told["verdict"] = verdict.verdict(named, planned, told["measured"])
        page = verdict.page(told)
        record.end(folder, "reproduce", told, page)
    click.echo(json.dumps({**told, "folder": str(folder)}) if as_json else f"{page}\nfolder  {folder}")
