"""The front of accuracy against MACs: as a table, and as a picture."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, LogLocator, PercentFormatter

from analysis.figures import beside, saved, stem_of, styled
from nas.errors import RunError
from nas.runs import Run, frame
from nas.runs.journal import read_finals, read_trials
from nas.runs.repeats import Repeated, repeated
from nas.search.objectives import front
from nas.search.standings import standings

COLUMNS = (
    *("run", "number", "name", "accuracy", "spread", "seeds", "split"),
    *("macs", "params", "activations", "memory", "seconds", "fingerprint", "front", "tie"),
)
_COLOURS = ("#1f5a96", "#b5541c", "#3b7d3b", "#7a3b8f", "#8a6d1a")
_MARKS = ("o", "s", "^", "D", "v")


def fronts(runs: list[Run]) -> pd.DataFrame:
    """The trained networks of several runs, one row each, with the columns `COLUMNS`, cheapest first.

    Where networks were trained with several seeds and scored on the test split, `accuracy` is their mean, `spread` the
    standard deviation, and `number` the first of their trainings; `name` is then that of a network of a comparison, or
    the number of a finalist's trial. Else `accuracy` is that of the validation split. `front` says whether no other
    network of the same run has at least its accuracy for at most its MACs, and one of both strictly; `tie`, whether one
    has, but by less than may be chance.

    Raises:
        RunError: no run has a trained network.
    """
    tables = [_table(run) for run in runs]
    whole = pd.concat([table for table in tables if len(table)] or tables, ignore_index=True)
    if whole.empty:
        where = ", ".join(str(run.folder) for run in runs)
        raise RunError("a front is drawn of trained networks, got none", path=where, hint="search with a larger budget")
    return whole


def _table(run: Run) -> pd.DataFrame:
    networks = repeated(read_finals(run) or read_trials(run))
    return _of_means(run, networks) if networks else _of_trials(run)


def _of_means(run: Run, networks: list[Repeated]) -> pd.DataFrame:
    rows = []
    for network, standing in zip(networks, standings(networks, [(network.macs,) for network in networks]), strict=True):
        first = network.trials[0]
        row = {
            "run": run.name,
            "accuracy": network.mean,
            "spread": math.nan if network.spread is None else network.spread,
            "seeds": len(network.tests),
            "split": "test",
            "seconds": sum(trial.seconds for trial in network.trials),
            "front": standing == "front",
            "tie": standing == "tie",
        }
        rows.append({**{column: getattr(first, column, None) for column in COLUMNS}, **row})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_trials(run: Run) -> pd.DataFrame:
    trials = frame(run)
    done = trials[trials["state"] == "complete"].sort_values(["macs", "number"]).assign(run=run.name)
    best = front(range(len(done)), lambda i: (done["macs"].iloc[i], -done["accuracy"].iloc[i]))
    once: dict[str, Any] = {"spread": math.nan, "seeds": 1, "split": "validation", "tie": False}
    return done.assign(front=[i in set(best) for i in range(len(done))], **once)[list(COLUMNS)]


def draw(trained: pd.DataFrame, out: Path, *, named: Mapping[str, str] | None = None, about: str = "") -> list[Path]:
    """The pictures `out`.png and `out`.svg and the table `out`.csv of what `fronts` returned; the three paths.

    Args:
        trained: As `fronts` returns it.
        out: Path without an ending, or with one of the three.
        named: Names of networks by fingerprint; they are marked where they were trained.
        about: A line on data and training under the title.
    """
    stem = stem_of(out)
    with styled():
        figure, axes = plt.subplots(figsize=(7.2, 4.8), layout="constrained")
        for i, (name, rows) in enumerate(trained.groupby("run", sort=False)):
            _draw_run(axes, str(name), rows, _COLOURS[i % len(_COLOURS)], _MARKS[i % len(_MARKS)])
        _draw_names(axes, trained, named or {})
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if _narrow(trained["macs"]) else (1,)))
        axes.xaxis.set_major_formatter(EngFormatter())
        axes.xaxis.set_minor_formatter("")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_xlabel("FLOPs (multiply-adds) for one image")
        splits = set(trained["split"])
        axes.set_ylabel(
            f"accuracy on the {splits.pop()} split" if len(splits) == 1 else "accuracy, of different splits"
        )
        axes.set_title(about, fontsize=9, loc="left")
        axes.grid(alpha=0.25, which="both")
        axes.legend(loc="lower right", frameon=False)
        paths = [*saved(figure, stem), beside(stem, ".csv")]
    trained.to_csv(paths[2], index=False)
    return paths


def _draw_run(axes: Axes, name: str, rows: pd.DataFrame, colour: str, mark: str) -> None:
    best, others = rows[rows["front"]], rows[~rows["front"]]
    several = rows[rows["spread"].notna()]
    bar: dict[str, Any] = {"linestyle": "", "color": colour, "capsize": 3, "elinewidth": 1, "alpha": 0.6}
    axes.errorbar(several["macs"], several["accuracy"], yerr=several["spread"], **bar)
    axes.plot(others["macs"], others["accuracy"], mark, color=colour, alpha=0.25, markersize=5, linestyle="")
    axes.plot(
        best["macs"],
        best["accuracy"],
        mark,
        color=colour,
        markersize=6,
        linestyle="-",
        linewidth=1.2,
        drawstyle="steps-post",
        label=f"{name}: front of {len(best)} of {len(rows)} networks",
    )


def _draw_names(axes: Axes, trained: pd.DataFrame, named: Mapping[str, str]) -> None:
    known = trained[trained["fingerprint"].isin(list(named))]
    for macs, accuracy, fingerprint in zip(known["macs"], known["accuracy"], known["fingerprint"], strict=True):
        axes.plot(macs, accuracy, "*", color="black", markersize=11)
        axes.annotate(named[fingerprint], (macs, accuracy), (6, -11), textcoords="offset points")


def _narrow(macs: "pd.Series[int]") -> bool:
    """Whether so few powers of ten are shown that labels are needed between them."""
    return bool(macs.max() < 1000 * macs.min())
