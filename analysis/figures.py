"""How all pictures look and where they go: as PNG to look at, as SVG for print."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.figure import Figure


@contextmanager
def styled() -> Iterator[None]:
    """What is drawn within looks like all else, and the same picture is the same file."""
    with plt.rc_context({"font.size": 10, "svg.hashsalt": "nas", "axes.spines.top": False, "axes.spines.right": False}):
        yield


def stem_of(out: Path) -> Path:
    """`out` without the ending of a picture or table, if it has one; its folder is there afterwards."""
    out.parent.mkdir(parents=True, exist_ok=True)
    return out.with_suffix("") if out.suffix in (".png", ".svg", ".csv") else out


def beside(stem: Path, ending: str) -> Path:
    """`stem` with an ending."""
    return stem.with_name(stem.name + ending)


def saved(figure: Figure, stem: Path) -> list[Path]:
    """The figure as `stem`.png and `stem`.svg, closed; the two paths."""
    paths = [beside(stem, ".png"), beside(stem, ".svg")]
    figure.savefig(paths[0], dpi=160)
    figure.savefig(paths[1], metadata={"Date": None})
    plt.close(figure)
    return paths
