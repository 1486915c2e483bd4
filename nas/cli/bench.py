"""`nas bench`."""

import json
import os
import sys
from pathlib import Path

import click

from nas import catalog
from nas.cli import options
from nas.cli.table import table


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--task", default="cifar10", show_default=True, help="cifar10, cifar100 or imagenet16.")
@click.option("--strategies", help="Which, with commas between.  [default: all but gp, which is slow]")
@click.option("--seeds", type=click.IntRange(1), default=30, show_default=True)
@click.option("--evaluations", type=click.IntRange(5), default=200, show_default=True, help="Repeated ones count.")
@click.option("--noise", type=click.FloatRange(0), default=0.2, show_default=True, help="Of accuracies, in percent.")
@click.option("--single", is_flag=True, help="Accuracy is the only objective, not log MACs as well.")
@click.option("--rungs", is_flag=True, help="Let each also play with rungs: many short trainings, few in full.")
@click.option("--workers", type=click.IntRange(0), help="Processes.  [default: one a core]")
@click.option("--out", type=click.Path(path_type=Path), default=Path("bench"), show_default=True, help="Where to draw.")
@options.as_json
def command(
    file: Path,
    task: str,
    strategies: str | None,
    seeds: int,
    evaluations: int,
    noise: float,
    single: bool,
    rungs: bool,
    workers: int | None,
    out: Path,
    as_json: bool,
) -> None:
    """Compare the strategies on a table of trained networks.

    FILE is a CSV of NAS-Bench-201, gzipped or not: all 15,625 cells with their accuracies. Strategies are told
    accuracies with noise, and judged without: by the hypervolume of accuracy and log MACs that is missing. With rungs
    the price counts in full trainings, of 200 epochs each; short ones take 12.

    \b
    Example:
      nas bench nas_bench_201.csv.gz --task cifar100 --seeds 30
    """
    from analysis.bench import curves, draw, marks_of, summary
    from nas.bench import Arena, read
    from nas.bench.climb import SUFFIX
    from nas.bench.tournament import tournament
    from nas.search.strategies import STRATEGIES

    names = strategies.split(",") if strategies else [name for name in STRATEGIES if name != "gp"]
    names += [name + SUFFIX for name in names] if rungs else []
    arena = Arena(catalog.space("nas_bench_201").make(10), read(file), task, noise, single)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with click.progressbar(length=len(names) * seeds, label="playing", file=sys.stderr, hidden=as_json) as bar:
        played = tournament(
            names,
            arena,
            seeds=seeds,
            evaluations=evaluations,
            workers=cores if workers is None else workers,
            tell=lambda _: bar.update(1),
        )
    marks = marks_of(evaluations, rungs=rungs)
    found = summary(played, arena, marks)
    about = f"NAS-Bench-201, {task}, noise {noise:g} %, {seeds} seeds"
    paths = draw(curves(played, arena), out, about=about, single=single)
    if as_json:
        rows = json.loads(found.to_json(orient="records"))
        click.echo(json.dumps({"about": about, "strategies": rows, "files": [str(path) for path in paths]}))
        return
    lines = [
        (
            row["strategy"],
            str(row["seeds"]),
            *(f"{row[f'at_{mark}']:.2f} ±{row[f'at_{mark}_error']:.2f}" for mark in marks),
            f"{row['to_best']:.0f}" if row["to_best"] == row["to_best"] else "",
            f"{row['ask_ms']:.0f}",
        )
        for row in found.to_dict(orient="records")
    ]
    click.echo(f"{'accuracy' if single else 'hypervolume'} missing in percent, mean and standard error: {about}")
    click.echo(
        "\n".join(table(["strategy", "seeds", *(f"at {mark}" for mark in marks), "to best", "ms an ask"], lines))
    )
    click.echo("\n".join(f"wrote {path}" for path in paths))
