"""Published errors against what networks cost, and by year: as a table, and as two pictures."""

from collections.abc import Iterable
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, PercentFormatter

from analysis.figures import beside, saved, stem_of, styled
from analysis.labels import label
from nas.arch.about import family
from nas.arch.cost import cost
from nas.arch.named import Named
from nas.arch.published import Measured
from nas.search.objectives import front
from search_spaces.networks.published import HUMAN_TOP5_ERROR

WELL_KNOWN = (
    *("alexnet", "vgg16", "googlenet", "bn_inception", "inception_v3", "resnet18", "resnet50", "resnet152"),
    *("squeezenet1_0", "densenet121", "xception", "resnext50_32x4d", "senet154", "nasnet_a_large", "mobilenet_v1"),
    *("mobilenet_v2", "shufflenet_v1-1.0-g3", "shufflenet_v2-1.0", "inception_v4", "inception_resnet_v2", "wrn50_2"),
)
"""Networks that are named in the picture beside those of the front; of few networks all are."""
_FEW = 30
_COLOURS = ("#1f5a96", "#b5541c", "#3b7d3b", "#7a3b8f", "#c2185b", "#00838f", "#8a6d1a")
_MARKS = ("o", "s", "^", "D")


def published(networks: Iterable[Named]) -> pd.DataFrame:
    """What is published and measured of networks for ImageNet, one row each, cheapest first.

    `macs` and `params` are counted here. `top1_error` and `top5_error` are published, in percent, of one centre crop.
    `measured_…` are of weights that another library publishes, trained as the paper's were, `modern_…` of weights of a
    later recipe. `quoted_error` is top-5, as the article quotes it. `front` says whether no other row has at most its
    MACs and at most its published top-1 error, and one of both strictly.
    """
    rows = pd.DataFrame([_row(named) for named in networks])
    rows = rows.sort_values(["macs", "name"], ignore_index=True)
    losses = dict(zip(rows["name"], zip(rows["macs"], rows["top1_error"], strict=True), strict=True))
    best = set(front(rows["name"][rows["top1_error"].notna()], lambda name: losses[name]))
    return rows.assign(front=rows["name"].isin(best))


def _row(named: Named) -> dict[str, Any]:
    made, fact = cost(named.network(), named.input), named.facts(named.classes)
    return {
        "name": named.name,
        "family": family(named),
        "year": named.year,
        "input": "x".join(map(str, named.input)),
        "params": made.params,
        "macs": made.macs,
        "top1_error": fact.top1_error,
        "top5_error": fact.top5_error,
        "error_source": fact.error_source,
        "quoted_error": fact.quoted_error,
        "quoted_as": fact.quoted_as,
        **_measured(named, "paper", "measured"),
        **_measured(named, "modern", "modern"),
    }


def _measured(named: Named, recipe: str, word: str) -> dict[str, Any]:
    none = Measured(named.name, "", float("nan"), float("nan"), recipe)
    best = next((of for of in named.measured if of.recipe == recipe), none)
    return {
        f"{word}_top1_error": best.top1_error,
        f"{word}_top5_error": best.top5_error,
        f"{word}_weights": best.weights,
        f"{word}_difference": best.difference,
    }


def draw(rows: pd.DataFrame, out: Path) -> list[Path]:
    """Two pictures, each as PNG and SVG, and the table of what `published` returned as `out`.csv; the paths.

    `out`.png is top-1 accuracy against MACs, `out`-by-year.png the top-5 errors that the article quotes; a picture for
    which there are no numbers is left out.

    Args:
        rows: As `published` returns them.
        out: Path without an ending, or with one of the three.
    """
    stem = stem_of(out)
    paths = [beside(stem, ".csv")]
    rows.to_csv(paths[0], index=False)
    looks = _looks(rows)
    with styled():
        if rows[["top1_error", "measured_top1_error"]].notna().any(axis=None):
            paths += saved(_against_macs(rows, looks), stem)
        if rows["quoted_error"].notna().any():
            paths += saved(_by_year(rows, looks), beside(stem, "-by-year"))
    return paths


def _looks(rows: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """A colour and a mark for each family, the oldest first."""
    families = rows.sort_values(["year", "name"])["family"].unique()
    count = len(_COLOURS)
    return {name: (_COLOURS[i % count], _MARKS[i // count % len(_MARKS)]) for i, name in enumerate(families)}


def _against_macs(rows: pd.DataFrame, looks: dict[str, tuple[str, str]]) -> Figure:
    figure, axes = plt.subplots(figsize=(12, 7.6), layout="constrained")
    for name, (colour, mark) in looks.items():
        _draw_family(axes, rows[rows["family"] == name], name, colour, mark)
    steps = _steps(rows)
    axes.plot([macs for macs, _ in steps], [accuracy for _, accuracy in steps], color="0.35", linewidth=1, zorder=1)
    axes.set_xscale("log")
    narrow = rows["macs"].max() < 100 * rows["macs"].min()
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if narrow else (1,)))
    axes.xaxis.set_major_formatter(EngFormatter())
    axes.xaxis.set_minor_formatter("")
    axes.yaxis.set_major_formatter(PercentFormatter(decimals=0, symbol=" %"))
    axes.set_xlabel("FLOPs (multiply-adds) for one image, counted")
    axes.set_ylabel("top-1 accuracy on ImageNet, one centre crop, published")
    about = "Filled: published; hollow: weights measured by torchvision or timm, faint those of a later recipe."
    axes.set_title(f"{about} Line: front of what is published.", fontsize=8, loc="left")
    axes.grid(alpha=0.25, which="major")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=8)
    figure.canvas.draw()
    figure.set_layout_engine("none")
    label(axes, _named(rows), _points(rows), steps)
    return figure


def _draw_family(axes: Axes, rows: pd.DataFrame, name: str, colour: str, mark: str) -> None:
    look: dict[str, Any] = {"color": colour, "marker": mark, "linestyle": ""}
    said, unsaid = rows[rows["top1_error"].notna()], rows[rows["top1_error"].isna()]
    drawn = rows[["top1_error", "measured_top1_error", "modern_top1_error"]].notna().any(axis=None)
    axes.plot(said["macs"], 100 - said["top1_error"], **look, markersize=6, label=name if drawn else "")
    axes.plot(unsaid["macs"], 100 - unsaid["measured_top1_error"], **look, markersize=6, fillstyle="none")
    axes.plot(rows["macs"], 100 - rows["modern_top1_error"], **look, markersize=4, fillstyle="none", alpha=0.45)


def _named(rows: pd.DataFrame) -> list[tuple[str, tuple[float, float]]]:
    """The networks to be named, with their points: those of the front, then the well-known, then others if few."""
    said = rows[rows["top1_error"].notna()]
    known = said["name"].isin(WELL_KNOWN)
    others = said[~said["front"] & ~known] if len(said) <= _FEW else said[:0]
    wanted = pd.concat([said[said["front"]], said[~said["front"] & known], others])
    return list(zip(wanted["name"], zip(wanted["macs"], 100 - wanted["top1_error"], strict=True), strict=True))


def _steps(rows: pd.DataFrame) -> list[tuple[float, float]]:
    """The corners of the front."""
    best = rows[rows["front"]]
    points = list(zip(best["macs"], 100 - best["top1_error"], strict=True))
    turns = [(after[0], before[1]) for before, after in pairwise(points)]
    return [corner for pair in zip_longest(points, turns) for corner in pair if corner]


def _points(rows: pd.DataFrame) -> list[tuple[float, float]]:
    """All that is drawn."""
    main = rows["top1_error"].fillna(rows["measured_top1_error"])
    both = pd.concat([rows.assign(error=main), rows.assign(error=rows["modern_top1_error"])]).dropna(subset=["error"])
    return list(zip(both["macs"], 100 - both["error"], strict=True))


def _by_year(rows: pd.DataFrame, looks: dict[str, tuple[str, str]]) -> Figure:
    quoted = rows.dropna(subset=["quoted_error"]).sort_values(["year", "quoted_error"], ascending=[True, False])
    bars = [several for _, several in quoted.groupby(["year", "quoted_error"], sort=False)]
    figure, axes = plt.subplots(figsize=(1.6 + 1.05 * len(bars), 4.6), layout="constrained")
    for i, several in enumerate(bars):
        year, error, families = several["year"].iloc[0], several["quoted_error"].iloc[0], several["family"].unique()
        axes.bar(i, error, width=0.66, color=looks[families[0]][0])
        beside: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "va": "top"}
        axes.annotate(f"{error:g} %", (i, error), (0, -4), **beside, color="white", fontsize=9)
        axes.annotate("\n".join([str(year), *families]), (i, 0), (0, -5), **beside)
    axes.axhline(HUMAN_TOP5_ERROR, color="0.3", linestyle="--", linewidth=1)
    axes.annotate(
        f"a trained person: {HUMAN_TOP5_ERROR:g} %",
        (1, HUMAN_TOP5_ERROR),
        (0, 4),
        ha="right",
        fontsize=9,
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
    )
    axes.set_xticks([])
    axes.set_ylabel("top-5 error on ImageNet")
    axes.yaxis.set_major_formatter(PercentFormatter(decimals=0, symbol=" %"))
    axes.set_title("As the article quotes them, mostly of several networks together.", fontsize=8, loc="left")
    return figure
