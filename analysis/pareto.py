"""The front of accuracy against MACs: as a table, and as a picture."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, LogLocator, PercentFormatter

from analysis.figures import beside, saved, stem_of, styled
from nas.errors import RunError
from nas.runs import Run, frame
from nas.search.objectives import front

COLUMNS = ("run", "number", "accuracy", "macs", "params", "activations", "memory", "seconds", "fingerprint", "front")
_COLOURS = ("#1f5a96", "#b5541c", "#3b7d3b", "#7a3b8f", "#8a6d1a")
_MARKS = ("o", "s", "^", "D", "v")


def fronts(runs: list[Run]) -> pd.DataFrame:
    """The trained networks of several runs, one row each, with the columns `COLUMNS`, cheapest first.

    `front` says whether no other network of the same run has at least its accuracy for at most its MACs, and one of
    both strictly.

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
    trials = frame(run)
    done = trials[trials["state"] == "complete"].sort_values(["macs", "number"]).assign(run=run.name)
    best = front(range(len(done)), lambda i: (done["macs"].iloc[i], -done["accuracy"].iloc[i]))
    return done.assign(front=[i in set(best) for i in range(len(done))])[list(COLUMNS)]


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
        axes.set_ylabel("accuracy on the validation split")
        axes.set_title(about, fontsize=9, loc="left")
        axes.grid(alpha=0.25, which="both")
        axes.legend(loc="lower right", frameon=False)
        paths = [*saved(figure, stem), beside(stem, ".csv")]
    trained.to_csv(paths[2], index=False)
    return paths


def _draw_run(axes: Axes, name: str, rows: pd.DataFrame, colour: str, mark: str) -> None:
    best, others = rows[rows["front"]], rows[~rows["front"]]
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
