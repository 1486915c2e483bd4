"""The front of accuracy against MACs: a chart to walk through, and the same as a table."""

from collections.abc import Sequence

from analysis.report.axes import Panel, of_counts, of_shares
from analysis.report.cards import bar_told, link
from analysis.report.html import Html, tag
from analysis.report.lineage import ORIGINS, comes_from
from analysis.report.marks import CIRCLE, SQUARE, TRIANGLE, shape_of, symbol
from analysis.report.networks import Trained
from analysis.report.record import Record
from analysis.report.tables import folded, section, table
from analysis.report.words import count, percent

_APART = 26.0
"""Pixels between two numbers that are written beside marks."""


def front(record: Record, found: Sequence[Trained]) -> Html:
    """The section."""
    if not found:
        return section("front", "The front", tag("p", "No network was trained to its end."))
    best = [one for one in found if one.on_front]
    return section(
        "front",
        "The front",
        tag("p", _about(record)),
        tag("figure", _chart(record, found, best), _legend(found), tag("figcaption", _HOW, class_="script")),
        _table("Networks on the front", best),
        folded(f"All {len(found)} trained networks as a table", _table("All trained networks", found)),
    )


_HOW = (
    "Point at a mark, or step with Tab and the arrow keys: left and right by MACs, up and down by accuracy. "
    "Click or Enter shows the network with the commands that train and export it."
)


def _about(record: Record) -> str:
    seeds = "Accuracies are of the validation split, after short trainings; they rank, they are no final results."
    if record.validated:
        seeds += (
            f" Bars of networks trained once are the 95 % interval of a share counted on {record.validated:,} images; "
            "how far another seed would move them is not in it."
        )
    return seeds


def _chart(record: Record, found: Sequence[Trained], best: Sequence[Trained]) -> Html:
    ends = [end for one in best for end in (one.low, one.high) if end is not None]
    panel = Panel(
        of_counts("MACs for one image (logarithmic)", [one.trial.macs for one in found]),
        of_shares("accuracy on the validation split", [*(one.accuracy for one in found), *ends]),
        height=460.0,
    )
    stairs = panel.line([(one.trial.macs, one.accuracy) for one in best], steps=True)
    order = sorted(found, key=lambda one: one.on_front)  # The front lies above.
    return panel.drawn(
        tag("path", d=stairs, class_="stairs"),
        [_mark(record, panel, one) for one in order],
        _numbers(panel, best),
        title="Accuracy against MACs",
        about=f"{len(best)} of {len(found)} networks are on the front; the table below holds the same",
    )


def _mark(record: Record, panel: Panel, one: Trained) -> Html:
    x, y = panel.x(one.trial.macs), panel.y(one.accuracy)
    name = record.named.get(one.trial.fingerprint, "")
    told = f"trial {one.number}{f', {name}' if name else ''}: {percent(one.accuracy)}, {count(one.trial.macs)} MACs"
    bar: Html | str = ""
    if one.low is not None and one.high is not None:
        low, high = panel.y(one.low), panel.y(one.high)
        bar = tag("path", d=f"M{x:.1f},{low:.1f}V{high:.1f}m-3,0h6M{x - 3:.1f},{low:.1f}h6", class_="bar")
    return tag(
        "a",
        bar,
        symbol(shape_of(one.trial.origin), x, y, size=6.0 if one.on_front else 4.5),
        tag("text", name, x=x + 9, y=y + 14, class_="name") if name else "",
        tag("circle", cx=x, cy=y, r=11, class_="reach"),
        href=f"#trial-{one.number}",
        class_=f"mark {'front' if one.on_front else 'dominated'}",
        data_trial=one.number,
        data_macs=str(one.trial.macs),
        data_accuracy=str(one.accuracy),
        aria_label=f"{told}, {'on the front' if one.on_front else 'dominated'}",
    )


def _numbers(panel: Panel, best: Sequence[Trained]) -> Html:
    """The number of each trial on the front beside its mark, as far as there is room."""
    made, last = [], -_APART
    for one in best:
        x = panel.x(one.trial.macs)
        if x - last >= _APART:
            made.append(tag("text", str(one.number), x=x - 8, y=panel.y(one.accuracy) - 9, text_anchor="end"))
            last = x
    return tag("g", made, class_="numbers", aria_hidden="true")


def _legend(found: Sequence[Trained]) -> Html:
    shapes = {shape_of(one.trial.origin) for one in found}
    told = {
        CIRCLE: "of the strategy",
        SQUARE: "one of the first, named or spread over the range of costs",
        TRIANGLE: ORIGINS["control"],
    }
    items = [("front", CIRCLE, "on the front"), ("dominated", CIRCLE, "dominated")]
    items += [("dominated", shape, told[shape]) for shape in told if shape in shapes and len(shapes) > 1]
    return tag("ul", [tag("li", _key(kind, shape), word) for kind, shape, word in items], class_="legend")


def _key(kind: str, shape: str) -> Html:
    return tag(
        "svg",
        tag("g", symbol(shape, 8, 8), class_=f"mark {kind}"),
        viewBox="0 0 16 16",
        width=16,
        height=16,
        aria_hidden="true",
    )


def _table(caption: str, rows: Sequence[Trained]) -> Html:
    cells = [
        (
            link(one.trial),
            percent(one.accuracy),
            bar_told(one),
            count(one.trial.macs),
            count(one.trial.params),
            comes_from(one.trial),
        )
        for one in rows
    ]
    head = ["trial", "accuracy", "error bar", "MACs", "parameters", "comes from"]
    return table(caption, head, cells, numbers=(1, 2, 3, 4))
