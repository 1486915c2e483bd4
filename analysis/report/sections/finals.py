"""The finalists: networks trained again from scratch with several seeds, by mean and spread on the test split."""

from collections.abc import Sequence

from analysis.report.axes import Panel, of_counts, of_shares
from analysis.report.cards import link
from analysis.report.html import Child, Html, tag
from analysis.report.marks import CIRCLE, symbol
from analysis.report.record import Record
from analysis.report.tables import section, table
from analysis.report.words import count, percent
from nas.runs.repeats import Repeated, repeated
from nas.search.standings import Standing, standings

_WORDS: dict[Standing, str] = {"front": "on the front", "tie": "beaten by less than may be chance", "": "beaten"}


def finals(record: Record) -> Html:
    """The section; empty where no finalist was trained."""
    networks = repeated(record.finals)
    if not networks:
        return Html("")
    standing = standings(networks, [(network.macs,) for network in networks])
    epochs = len(networks[0].trials[0].accuracies)
    about = (
        f"Trained again from scratch for {epochs} epochs, and scored on the test split, which chose nothing. Marks are "
        "means, bars one standard deviation over seeds on each side, dots the seeds. Beaten by less than may be chance "
        "means by less than two standard errors."
    )
    rows = [
        (
            _named(record, network),
            percent(network.mean),
            percent(network.spread) if network.spread is not None else "one seed",
            " ".join(f"{100 * test:.2f}" for test in network.tests),
            count(network.macs),
            count(network.params),
            _WORDS[stands],
        )
        for network, stands in zip(networks, standing, strict=True)
    ]
    head = ["trial", "test accuracy", "standard deviation", "each seed, %", "MACs", "parameters", ""]
    return section(
        "finals",
        "The finalists",
        tag("p", about),
        tag("figure", _chart(networks, standing)),
        table("Finalists on the test split", head, rows, numbers=(1, 2, 4, 5)),
    )


def _named(record: Record, network: Repeated) -> Child:
    found = [trial for trial in record.trials if str(trial.number) == network.name]
    return link(found[0]) if found else network.name


def _chart(networks: Sequence[Repeated], standing: Sequence[Standing]) -> Html:
    bars = [network.mean + sign * (network.spread or 0.0) for network in networks for sign in (-1, 1)]
    panel = Panel(
        of_counts("MACs for one image (logarithmic)", [network.macs for network in networks]),
        of_shares("accuracy on the test split", [*bars, *(test for network in networks for test in network.tests)]),
        height=340.0,
    )
    marks = [_mark(panel, network, stands) for network, stands in zip(networks, standing, strict=True)]
    return panel.drawn(marks, title="Finalists on the test split", about="The table below holds the same")


def _mark(panel: Panel, network: Repeated, standing: Standing) -> Html:
    x, y = panel.x(network.macs), panel.y(network.mean)
    low, high = (panel.y(network.mean + sign * (network.spread or 0.0)) for sign in (-1, 1))
    return tag(
        "g",
        tag("title", f"trial {network.name}: {percent(network.mean)}, {_WORDS[standing]}"),
        tag("path", d=f"M{x:.1f},{low:.1f}V{high:.1f}m-3,0h6M{x - 3:.1f},{low:.1f}h6", class_="bar"),
        symbol(CIRCLE, x, y, size=6.0),
        [symbol(CIRCLE, x + 9, panel.y(test), size=1.5) for test in network.tests],
        tag("text", network.name, x=x - 9, y=y - 8, text_anchor="end"),
        class_=f"mark final {'front' if standing == 'front' else 'dominated'}",
    )
