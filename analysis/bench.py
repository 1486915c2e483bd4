"""Strategies on a table: what is missing after so many evaluations, as a table and as curves with bands."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.ticker import LogLocator, ScalarFormatter

from analysis.figures import beside, saved, stem_of, styled
from nas.bench.play import Arena, Play

MARKS = (50, 100, 200)
_COLOURS = ("#1f5a96", "#b5541c", "#3b7d3b", "#7a3b8f", "#8a6d1a", "#555555", "#b03060")
_STYLES = ("-", "--", "-.", ":")


def marks_of(evaluations: int, *, rungs: bool = False) -> list[int]:
    """After how many evaluations a table says what is missing; with rungs also after a third of each."""
    marks = {*MARKS, *(round(mark / 3) for mark in MARKS if rungs)}
    return sorted(mark for mark in marks if mark <= evaluations)


def curves(plays: Sequence[Play], arena: Arena, *, points: int = 40) -> pd.DataFrame:
    """The regret of each play after some numbers of evaluations.

    Columns: strategy, seed, evaluations, regret, in percent.
    """
    most = max(play.evaluations for play in plays)
    marks = sorted({*(mark for mark in MARKS if mark <= most), *np.geomspace(5, most, points).round().astype(int)})
    rows = [(p.strategy, p.seed, int(mark), p.regret(arena, int(mark))) for p in plays for mark in marks]
    return pd.DataFrame(rows, columns=["strategy", "seed", "evaluations", "regret"])


def summary(plays: Sequence[Play], arena: Arena, marks: Sequence[int]) -> pd.DataFrame:
    """A row for each strategy: seeds, mean regret and its standard error after `marks` evaluations, CPU time of an ask.

    `to_best` is the median over seeds of the evaluations until nothing is missing; empty where half of them never did.
    """
    rows = []
    for name in dict.fromkeys(play.strategy for play in plays):
        mine = [play for play in plays if play.strategy == name]
        row: dict[str, object] = {"strategy": name, "seeds": len(mine)}
        for mark in marks:
            regrets = np.array([play.regret(arena, mark) for play in mine])
            row[f"at_{mark}"] = regrets.mean()
            row[f"at_{mark}_error"] = regrets.std(ddof=1) / np.sqrt(len(mine)) if len(mine) > 1 else np.nan
        reached = [play.evaluations_to(arena, 1e-9) or np.inf for play in mine]
        row["to_best"] = median if np.isfinite(median := float(np.median(reached))) else np.nan
        row["ask_ms"] = 1e3 * np.mean([play.seconds / play.asks for play in mine])
        rows.append(row)
    return pd.DataFrame(rows)


def draw(table: pd.DataFrame, out: Path, *, about: str, single: bool) -> list[Path]:
    """The pictures `out`.png and `out`.svg and the table `out`.csv of what `curves` returned; the three paths.

    Lines are means over seeds, bands two standard errors wide on either side.
    """
    stem = stem_of(out)
    with styled():
        figure, axes = plt.subplots(figsize=(7.2, 4.8), layout="constrained")
        for i, (name, rows) in enumerate(table.groupby("strategy", sort=False)):
            found = rows.groupby("evaluations")["regret"].agg(["mean", "sem"])
            colour = _COLOURS[i % len(_COLOURS)]
            style = _STYLES[i % len(_STYLES)]
            axes.plot(found.index, found["mean"], style, color=colour, label=str(name), linewidth=1.6)
            low, high = found["mean"] - 2 * found["sem"], found["mean"] + 2 * found["sem"]
            axes.fill_between(found.index, low.clip(lower=1e-3), high, color=colour, alpha=0.15, linewidth=0)
        axes.set_xscale("log")
        axes.set_yscale("log")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_major_formatter(ScalarFormatter())
            axis.set_minor_formatter("")
        axes.set_xlabel("evaluations, repeated ones included")
        axes.set_ylabel("accuracy missing, in percent" if single else "hypervolume missing, in percent")
        axes.set_title(about, fontsize=9, loc="left")
        axes.grid(alpha=0.25, which="both")
        axes.legend(frameon=False)
        paths = [*saved(figure, stem), beside(stem, ".csv")]
    table.to_csv(paths[2], index=False)
    return paths
