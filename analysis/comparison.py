"""Networks that were trained several times under equal conditions: as a table, and as a picture with error bars."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.ticker import EngFormatter, LogLocator, PercentFormatter

from analysis.figures import beside, saved, stem_of, styled
from analysis.labels import label
from nas.runs import Trial
from nas.runs.repeats import repeated
from nas.search.standings import standings

_COLOUR, _FAINT = "#1f5a96", "#8a8a8a"


def compared(trials: Iterable[Trial], *, latency_ms: Mapping[str, float] | None = None) -> pd.DataFrame:
    """The networks that were scored on the test split, one row each, the cheapest first.

    Columns: name, accuracy (mean over seeds, 0..1), spread (standard deviation), seeds, params, macs, latency_ms,
    accuracy_per_mmac (accuracy per million MACs), standing ("front", "tie" or ""), fingerprint. What is not known is
    NaN.

    Args:
        trials: Of a run; those without a score are left out.
        latency_ms: By name.
    """
    networks = repeated(trials)
    rows = [
        {
            "name": network.name,
            "accuracy": network.mean,
            "spread": float("nan") if network.spread is None else network.spread,
            "seeds": len(network.tests),
            "params": network.params,
            "macs": network.macs,
            "latency_ms": (latency_ms or {}).get(network.name, float("nan")),
            "accuracy_per_mmac": network.mean / (network.macs / 1e6),
            "standing": standing,
            "fingerprint": network.fingerprint,
        }
        for network, standing in zip(
            networks, standings(networks, [(network.macs,) for network in networks]), strict=True
        )
    ]
    return pd.DataFrame(rows)


def draw(rows: pd.DataFrame, out: Path, *, about: str) -> list[Path]:
    """The pictures `out`.png and `out`.svg and the table `out`.csv of what `compared` returned; the three paths.

    Bars are a standard deviation long on either side; the line is the front of the means.

    Args:
        rows: As `compared` returns them, one at least.
        out: Path without an ending, or with one of the three.
        about: A line on data and training over the picture.
    """
    stem = stem_of(out)
    with styled():
        figure, axes = plt.subplots(figsize=(7.2, 4.8), layout="constrained")
        best = rows[rows["standing"] == "front"]
        axes.plot(best["macs"], best["accuracy"], color=_COLOUR, linewidth=1.2, drawstyle="steps-post", zorder=1)
        for _, row in rows.iterrows():
            colour = _FAINT if row["standing"] == "" else _COLOUR
            fill = "full" if row["standing"] == "front" else "none"
            bar = {"yerr": row["spread"], "capsize": 3, "elinewidth": 1}
            axes.errorbar(row["macs"], row["accuracy"], fmt="o", color=colour, fillstyle=fill, markersize=6, **bar)
        axes.set_xscale("log")
        narrow = bool(rows["macs"].max() < 1000 * rows["macs"].min())
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if narrow else (1,)))
        axes.xaxis.set_major_formatter(EngFormatter())
        axes.xaxis.set_minor_formatter("")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.margins(x=0.1, y=0.1)
        axes.set_xlabel("FLOPs (multiply-adds) for one image")
        axes.set_ylabel("accuracy on the test split")
        axes.set_title(about, fontsize=8, loc="left")
        axes.grid(alpha=0.25, which="major")
        points = list(zip(rows["macs"], rows["accuracy"], strict=True))
        figure.canvas.draw()
        figure.set_layout_engine("none")
        label(axes, list(zip(rows["name"], points, strict=True)), points, size=8)
        paths = [*saved(figure, stem), beside(stem, ".csv")]
    rows.to_csv(paths[2], index=False)
    return paths
