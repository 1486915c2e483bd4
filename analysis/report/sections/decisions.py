"""Which decisions mattered: a bar for each hole, with its uncertainty and what chance would make of it."""

from collections.abc import Sequence

from analysis.report.axes import Axis
from analysis.report.html import Html, tag
from analysis.report.importance import FEWEST, Importance, importance
from analysis.report.record import Record
from analysis.report.tables import folded, section, table

_MOST = 16
_ROW, _LEFT, _WIDTH, _TOP = 26.0, 250.0, 880.0, 8.0


def decisions(record: Record) -> Html:
    """The section."""
    found = importance(record.complete, validated=record.validated, seed=record.run.request.seed)
    title = "Which decisions mattered"
    if not found:
        few = f"Nothing is said of fewer than {FEWEST} networks that decided a hole in different ways."
        return section("decisions", title, tag("p", few))
    shown = found[:_MOST]
    return section(
        "decisions",
        title,
        tag("p", _ABOUT),
        tag("figure", _chart(shown), _LEGEND),
        tag("p", _said(found)),
        folded(f"All {len(found)} decisions as a table", _table(found)),
    )


_ABOUT = (
    "The bar is the share of the variance of the error (by its logarithm) that goes with what was decided for a hole, "
    "with its 95 % interval; the upright line is what chance stays below in 95 of 100 shuffles. The diamond is the "
    "same share once what the MACs explain is taken off the error, filled where chance seldom does as much. A strategy "
    "decides much at once, so this shows what goes together, and proves no cause."
)
_LEGEND = tag(
    "ul",
    tag("li", tag("span", class_="swatch"), "share of the variance"),
    tag("li", tag("span", "|", class_="key"), "95 % of chance"),
    tag("li", tag("span", "◆", class_="key"), "at equal MACs"),
    class_="legend",
    aria_hidden="true",
)


def _said(found: Sequence[Importance]) -> str:
    sure = [one for one in found if one.stands_out]
    return (
        f"{len(sure)} of {len(found)} decisions stand out; one in ten would by chance, as two shares are asked of each."
    )


def _chart(shown: Sequence[Importance]) -> Html:
    largest = max(max(one.high, one.chance, one.at_equal_macs) for one in shown)
    axis = Axis("share of the variance", 0.0, min(1.0, 1.05 * largest), lambda v: f"{100 * v:.3g} %")
    bottom = _TOP + _ROW * len(shown)
    ticks = [
        [
            tag("line", x1=_x(axis, v), x2=_x(axis, v), y1=_TOP, y2=bottom),
            tag("text", axis.told(v), x=_x(axis, v), y=bottom + 16, text_anchor="middle"),
        ]
        for v in axis.ticks()
    ]
    return tag(
        "svg",
        tag("title", "Which decisions mattered"),
        tag("desc", "The table below holds the same"),
        tag("g", ticks, class_="axes"),
        [_row(axis, one, _TOP + _ROW * i) for i, one in enumerate(shown)],
        class_="chart",
        role="img",
        aria_label="Which decisions mattered: the table below holds the same",
        viewBox=f"0 0 {_WIDTH:g} {bottom + 24:g}",
    )


def _row(axis: Axis, one: Importance, y: float) -> Html:
    middle = y + _ROW / 2
    low, high, chance, share = (_x(axis, v) for v in (one.low, one.high, one.chance, one.share))
    sure = one.at_equal_macs > one.chance_at_equal_macs
    return tag(
        "g",
        tag("text", _short(one.hole), x=_LEFT - 8, y=middle + 4, text_anchor="end", class_="hole"),
        tag("rect", x=_LEFT, y=middle - 6, width=share - _LEFT, height=12, class_="share"),
        tag("path", d=f"M{low:.1f},{middle:.1f}H{high:.1f}m0,-3v6M{low:.1f},{middle - 3:.1f}v6", class_="bar"),
        tag("path", d=f"M{chance:.1f},{middle - 9:.1f}v18", class_="chance"),
        tag(
            "path",
            d=f"M{_x(axis, one.at_equal_macs):.1f},{middle - 5:.1f}l5,5l-5,5l-5,-5z",
            class_="diamond sure" if sure else "diamond",
        ),
    )


def _x(axis: Axis, value: float) -> float:
    return _LEFT + min(1.0, axis.share(value)) * (_WIDTH - _LEFT - 24)


def _short(hole: str) -> str:
    return hole if len(hole) <= 36 else f"…{hole[-35:]}"


def _table(found: Sequence[Importance]) -> Html:
    rows = [
        (
            one.hole,
            str(one.options),
            str(one.networks),
            f"{one.share:.1%}",
            f"{one.low:.1%} to {one.high:.1%}",
            f"{one.chance:.1%}",
            f"{one.at_equal_macs:.1%}",
            f"{one.chance_at_equal_macs:.1%}",
        )
        for one in found
    ]
    head = ["hole", "options", "networks", "share", "95 % interval", "chance", "at equal MACs", "chance"]
    return table("Decisions and their share of the variance of the error", head, rows, numbers=range(1, 8))
