"""Learning curves: validation accuracy after each epoch, those of the front strong."""

from collections.abc import Sequence

from analysis.report.axes import Axis, Panel, of_shares
from analysis.report.html import Html, tag
from analysis.report.networks import Trained
from analysis.report.record import Record
from analysis.report.tables import folded, section, table
from analysis.report.words import STATES


def curves(record: Record, found: Sequence[Trained]) -> Html:
    """The section."""
    learned = [trial for trial in record.trials if trial.accuracies]
    title = "Learning curves"
    if not learned:
        return section("curves", title, tag("p", "No epoch was done."))
    best = {one.number for one in found if one.on_front}
    longest = max(len(trial.accuracies) for trial in learned)
    panel = Panel(
        Axis("epochs", 1.0, max(2.0, float(longest)), lambda v: f"{v:g}" if v == int(v) else ""),
        of_shares("accuracy on the validation split", [a for trial in learned for a in trial.accuracies]),
        height=320.0,
    )
    lines = []
    for trial in sorted(learned, key=lambda trial: trial.number in best):
        points = list(enumerate(trial.accuracies, start=1))
        kind = "front" if trial.number in best else "dominated"
        path = panel.line(points) if len(points) > 1 else f"{panel.line(points)}h0.01"
        lines.append(
            tag("path", tag("title", f"trial {trial.number}"), d=path, class_=f"curve {kind}", data_trial=trial.number)
        )
    chart = panel.drawn(lines, title=title, about=f"{len(learned)} trials; the table below holds the same")
    rows = [
        (str(trial.number), STATES[trial.state], " ".join(f"{100 * accuracy:.2f}" for accuracy in trial.accuracies))
        for trial in learned
    ]
    legend = tag(
        "ul",
        [
            tag(
                "li",
                tag("svg", tag("path", d="M1,8H31", class_=f"curve {kind}"), viewBox="0 0 32 16", width=32, height=16),
                word,
            )
            for kind, word in (("front", "on the front"), ("dominated", "all others"))
        ],
        class_="legend",
        aria_hidden="true",
    )
    heads = ["trial", "state", "accuracy after each epoch, in percent"]
    return section(
        "curves", title, tag("figure", chart, legend), folded("As a table", table("Learning curves", heads, rows))
    )
