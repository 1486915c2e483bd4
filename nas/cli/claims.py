"""`nas claims`."""

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nas import catalog
from nas.claims.claims import CLAIMS, Claim
from nas.cli import options
from nas.cli.table import table
from nas.errors import NameUnknownError

if TYPE_CHECKING:
    from nas.claims.plan import Plan

_BUDGET = "5cpumin"


@click.command()
@click.argument("name", required=False)
@click.option("--data", help="What to train on.  [default: fashion-mnist if it is here, else an embedded sample]")
@click.option("--budget", default=_BUDGET, show_default=True, help="Device time of all trainings: 5cpumin, 1gpuh.")
@click.option("--seeds", type=click.IntRange(1), default=5, show_default=True, help="Trainings of each network.")
@click.option("--epochs", type=click.IntRange(1), help="Epochs of each training, if not chosen to suit the budget.")
@click.option("--out", type=click.Path(path_type=Path), help="The folder.  [default: one in --runs-dir]")
@click.option("--runs-dir", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    name: str | None,
    data: str | None,
    budget: str,
    seeds: int,
    epochs: int | None,
    out: Path | None,
    runs_dir: Path,
    as_json: bool,
) -> None:
    """Test a claim of the papers on networks that differ in one part.

    Without NAME, list the claims.

    The networks are trained alike, each with several seeds, as long as the budget allows. The verdict says the
    difference of their test errors with its interval, and whether that shows the claim. `speed` trains nothing: it
    measures. The folder keeps all as claim.json and claim.md; asked again, what was interrupted goes on.

    \b
    Examples:
      nas claims
      nas claims shuffle
      nas claims residual --data cifar10 --budget 1gpuh --seeds 10
    """
    if name is None:
        click.echo(json.dumps([_told(claim) for claim in CLAIMS.values()]) if as_json else _listed())
        return
    claim = _claim(name)
    asked = {"claim": name, "data": data, "budget": budget, "seeds": seeds, "epochs": epochs}
    folder = out or runs_dir / "-".join(("claims", name, *([Path(data).name] if data else [])))
    if claim.arms:
        told, page = _trained(claim, asked, folder, quiet=as_json)
    else:
        _nothing_is_trained(ctx)
        told, page = _timed(claim, asked, folder)
    click.echo(json.dumps({**told, "folder": str(folder)}) if as_json else f"{page}\nfolder  {folder}")


def _claim(name: str) -> Claim:
    if name not in CLAIMS:
        from difflib import get_close_matches

        near = get_close_matches(name, CLAIMS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(CLAIMS)}"
        raise NameUnknownError(f"no claim is called {name!r}", hint=hint)
    return CLAIMS[name]


def _told(claim: Claim) -> dict[str, Any]:
    """A claim in words."""
    told = {field: getattr(claim, field) for field in ("name", "says", "compared", "source", "published")}
    return {**told, "networks": [arm.label for arm in claim.arms]}


def _listed() -> str:
    lines = table(["claim", "", "takes"], ([claim.name, claim.says, _takes(claim)] for claim in CLAIMS.values()))
    compared = [f"{claim.name}: {claim.compared}" for claim in CLAIMS.values()]
    return "\n".join([*lines, "", "What is compared:", "", *compared, "", "next:\n  nas claims shuffle"])


def _takes(claim: Claim) -> str:
    return f"--budget, {_BUDGET} unless said" if claim.arms else "a minute at most"


def _trained(claim: Claim, asked: dict[str, Any], folder: Path, *, quiet: bool) -> tuple[dict[str, Any], str]:
    """A claim whose networks are trained: what came out, and the page of it."""
    from nas.claims import verdict
    from nas.claims.plan import plan, plan_of
    from nas.claims.run import run
    from nas.runs import asked as record

    from nas.cli.training import device_and_seconds, failures_told, shown  # isort: skip

    device, budget_s = device_and_seconds(asked["budget"])
    with record.begun(folder, asked, plan_of, what="a claim") as planned:
        if planned is None:
            rest = {field: asked[field] for field in ("data", "seeds", "epochs")}
            planned = plan(claim, catalog.network, device=device, budget_s=budget_s, **rest)
            record.begin(folder, asked, asdict(planned))
        told = {"version": record.VERSION, **_told(claim), "asked": asked, "device": str(device)}
        told["plan"] = planned.told()
        if not quiet:
            click.echo(_begins(planned, told), err=True)
        with failures_told(folder):
            found = run(planned, folder, train=partial(shown, quiet=quiet))
        told["verdict"] = verdict.verdict(claim, planned, found)
        page = verdict.page(told)
        record.end(folder, "claim", told, page)
    return told, page


def _begins(planned: "Plan", told: dict[str, Any]) -> str:
    from nas.claims.verdict import trained

    expected = f", about {planned.seconds / 60:.1f} min" if planned.seconds is not None else ""
    return f"{trained(told['plan'])}, {planned.seeds} seeds{expected} of {told['device']}"


def _nothing_is_trained(ctx: click.Context) -> None:
    given = [
        f"--{name}"
        for name in ("data", "budget", "seeds", "epochs")
        if ctx.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE
    ]
    if given:
        raise click.UsageError(f"speed trains nothing, so {', '.join(given)} means nothing to it")


def _timed(claim: Claim, asked: dict[str, Any], folder: Path) -> tuple[dict[str, Any], str]:
    """The claim that is about time."""
    from nas.claims import speed
    from nas.runs import asked as record

    with record.begun(folder, asked, dict, what="a claim"):
        record.begin(folder, asked, {})
        click.echo(f"measuring for {speed.SECONDS:.0f} s at most", err=True)
        measured = speed.speed(catalog.network, seconds=speed.SECONDS)
        told = {"version": record.VERSION, **_told(claim), "measured": measured}
        page = speed.page(told)
        record.end(folder, "claim", told, page)
    return told, page
