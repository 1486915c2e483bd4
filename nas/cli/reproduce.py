"""`nas reproduce`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from nas.cli import options
from nas.errors import NasError, RunError

_VERSION = 1


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
    from nas.reproduce.structure import structure
    from nas.runs import files
    from nas.train.final import train

    from nas.cli.train import Shown, device_and_seconds, failures_told  # isort: skip

    if network.endswith(".txt") or Path(network).is_file():
        raise NasError("a paper is reproduced by a network's name, got a file", path=network, hint="`nas networks`")
    named = catalog.network(network)
    asked = {"network": network, "data": data, "recipe": recipe, "budget": budget, "seeds": seeds}
    folder = out or runs_dir / "-".join(("reproduce", network, *([Path(data).name] if data else [])))
    device, budget_s = device_and_seconds(budget)
    planned = _begun(folder, asked) or _planned(folder, asked, named, device, budget_s)
    told: dict[str, Any] = {
        "version": _VERSION,
        "name": network,
        "asked": asked,
        "device": str(device),
        "structure": structure(named),
        "plan": _plan_told(planned),
    }
    if not as_json:
        expected = f", about {planned.seconds / 60:.1f} min" if planned.seconds is not None else ""
        click.echo(f"{verdict.planned(told['plan'])}{expected} of {device}", err=True)
    results = []
    for training in planned.trainings:
        home = folder / f"seed{training.seed}"
        with failures_told(home):
            results.append(train(training, home, on_epoch=(lambda _: None) if as_json else Shown(training)))
    told["measured"] = verdict.measured(results)
    told["verdict"] = verdict.verdict(named, planned, told["measured"])
    page = verdict.page(told)
    files.write(folder / "reproduce.json", (json.dumps(told, indent=2) + "\n").encode())
    files.write(folder / "reproduce.md", page.encode())
    click.echo(json.dumps({**told, "folder": str(folder)}) if as_json else f"{page}\nfolder  {folder}")


def _planned(folder: Path, asked: dict[str, Any], named: Any, device: Any, budget_s: Any) -> Any:
    """A new plan, on record before anything is trained."""
    from nas.reproduce.plan import plan
    from nas.runs import files
    from nas.train.device import prepare_cpu

    if folder.exists() and any(folder.iterdir()):
        raise RunError(
            "a reproduction goes to a folder that is empty or its own, but this one holds something else",
            path=str(folder),
            hint="choose another --out, or ask the same again to go on",
        )
    if device.type == "cpu":
        prepare_cpu()
    made = plan(
        named, data=asked["data"], recipe=asked["recipe"], device=device, budget_s=budget_s, seeds=asked["seeds"]
    )
    files.write(
        folder / "plan.json", (json.dumps({"version": _VERSION, "asked": asked, "plan": asdict(made)}) + "\n").encode()
    )
    return made


def _begun(folder: Path, asked: dict[str, Any]) -> Any:
    """The plan of a folder where the same was asked; None where there is none."""
    from nas.reproduce.plan import Plan
    from nas.train.device import prepare_cpu
    from nas.train.final import Training
    from nas.train.recipe import recipe_of

    file = folder / "plan.json"
    if not file.is_file():
        return None
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        if told["version"] != _VERSION or told["asked"] != asked:
            return None
        plan = told["plan"]
        trainings = (
            Training(**{**one, "recipe": recipe_of(one["recipe"]), "changed": tuple(one["changed"])})
            for one in plan["trainings"]
        )
        made = Plan(
            **{
                **plan,
                "full": recipe_of(plan["full"]),
                "changed": tuple(plan["changed"]),
                "trainings": tuple(trainings),
            }
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"not the plan of a reproduction: {error}", path=str(file), hint="remove the folder") from None
    if made.trainings[0].device == "cpu":
        prepare_cpu()
    return made


def _plan_told(planned: Any) -> dict[str, Any]:
    return {name: value for name, value in asdict(planned).items() if name != "trainings"}
