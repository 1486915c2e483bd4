"""The end of a search, as a person and as a program reads it."""

import json

import click

from analysis.pareto import draw, fronts
from nas.arch.diff import diff
from nas.arch.nodes import Network
from nas.arch.readable import counted
from nas.arch.text import parse
from nas.cli.front import about, named_in
from nas.cli.plan import some
from nas.cli.table import count, table
from nas.runs.folder import weights
from nas.runs.repeats import Repeated, repeated
from nas.search.objectives import objectives
from nas.search.run import Result
from nas.search.standings import MARKS, costs_of, standings


def report(result: Result, start: Network | None, *, as_json: bool) -> None:
    """The front, where its weights lie, and what to type next."""
    if networks := repeated(result.finalists):
        _report_finalists(result, networks, start, as_json=as_json)
        return
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
                "values": dict(zip(result.run.request.objectives, trial.values, strict=True)),
                "fingerprint": trial.fingerprint,
                "weights": str(result.run.weights(trial.number)),
                **({"diff": edits[trial.number]} if start else {}),
            }
            for trial in trials
        ]
        click.echo(json.dumps({"run": str(result.run.folder), "ended": result.cause, "front": told, "files": pictures}))
        return
    if not trials:
        then = f", and goes on with\n  nas resume {result.run.folder}" if result.cause == "interrupted" else ""
        click.echo(f"no network was trained to its end; the run lies in {result.run.folder}{then}", err=True)
        return
    others = _others(result)
    rows = [
        [
            *(str(t.number), f"{t.accuracy:.2%}", count(t.macs), count(t.params)),
            *(f"{t.values[place]:.4g}" for place in others.values()),
            t.fingerprint,
        ]
        for t in trials
    ]
    click.echo("\n".join(table(["trial", "accuracy", "MACs", "params", *others, "fingerprint"], rows)))
    click.echo("accuracy is that of the validation split, after a short training with one seed")
    if result.run.request.finalists and result.cause != "interrupted":
        click.echo(
            "no time was left to train finalists; a larger budget, or a larger share with --finalists, gives them some"
        )
    for trial in trials if start else ():
        click.echo(f"\ntrial {trial.number}, as edits of {result.run.request.around} for these images:")
        click.echo("\n".join(f"  {edit}" for edit in edits[trial.number]) or "  none: it is that network")
    _next(result, f"{result.run.weights(trials[-1].number).parent}/TRIAL.pt", pictures)


def _report_finalists(result: Result, networks: list[Repeated], start: Network | None, *, as_json: bool) -> None:
    """The finalists, and which of them are the front, by mean and spread on the test split."""
    goals = objectives(result.run.request.objectives)
    standing = standings(networks, [costs_of(network, goals) for network in networks])
    edits = {n.name: [str(edit) for edit in diff(start, parse(n.network))] for n in networks if start}
    pictures = _pictures(result)
    if as_json:
        told = [
            {
                "trial": int(network.name),
                "accuracy": network.mean,
                "spread": network.spread,
                "seeds": len(network.tests),
                "standing": stands,
                "macs": network.macs,
                "params": network.params,
                "fingerprint": network.fingerprint,
                "weights": str(weights(result.run.finalists, network.best.number)),
                **({"diff": edits[network.name]} if start else {}),
            }
            for network, stands in zip(networks, standing, strict=True)
        ]
        ended = {"run": str(result.run.folder), "ended": result.cause, "left_out": list(result.left_out)}
        front = [row for row in told if row["standing"] == "front"]
        click.echo(json.dumps({**ended, "front": front, "finalists": told, "files": pictures}))
        return
    rows = [
        (MARKS[stands], n.name, said(n), str(len(n.tests)), count(n.macs), count(n.params), n.fingerprint)
        for n, stands in zip(networks, standing, strict=True)
    ]
    click.echo("\n".join(table(["", "trial", "accuracy", "seeds", "MACs", "params", "fingerprint"], rows)))
    epochs = counted(len(networks[0].trials[0].accuracies), "epoch")
    click.echo(
        f"accuracy is that of the test split, mean ± standard deviation, after {epochs} from scratch\n"
        "* on the front, ~ beaten by less than may be chance: two standard errors"
    )
    if result.left_out:
        click.echo(f"no time was left for trials {some(result.left_out)}, on the front or near it")
    for network in networks if start else ():
        click.echo(f"\ntrial {network.name}, as edits of {result.run.request.around} for these images:")
        click.echo("\n".join(f"  {edit}" for edit in edits[network.name]) or "  none: it is that network")
    _next(result, str(result.run.finalists), pictures)


def said(network: Repeated) -> str:
    """Mean and spread."""
    return f"{network.mean:.2%}" + ("" if network.spread is None else f" ± {network.spread:.2%}")


def _others(result: Result) -> dict[str, int]:
    """The objectives that the table has no column of, and where their values stand."""
    names = enumerate(result.run.request.objectives)
    return {name.rpartition("/")[2]: place for place, name in names if name not in ("accuracy", "macs", "params")}


def _pictures(result: Result) -> list[str]:
    runs = [result.run]
    return [
        str(path) for path in draw(fronts(runs), result.run.folder / "front", named=named_in(runs), about=about(runs))
    ]


def _next(result: Result, weights: str, pictures: list[str]) -> None:
    folder = result.run.folder
    click.echo(f"\npicture  {pictures[0]}")
    click.echo(f"weights  {weights}")
    click.echo(f"run      {folder}")
    click.echo("\nnext:")
    if result.cause == "interrupted":
        click.echo(f"  nas resume {folder}")
    click.echo(f"  nas report {folder}")
    click.echo(f"  nas pareto {folder} --out front.svg")
    click.echo(f"  nas export {folder}:best")
    click.echo("  nas runs")
