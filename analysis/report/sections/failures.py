"""Trials that did not reach their end: they failed or were stopped, by reason."""

from collections import defaultdict

from analysis.report.cards import link
from analysis.report.html import Html, tag
from analysis.report.record import Record
from analysis.report.tables import folded, section, table
from analysis.report.words import STATES
from nas.runs import Trial


def failures(record: Record) -> Html:
    """The section."""
    reasons: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in record.trials:
        if trial.state in ("fail", "pruned"):
            reasons[STATES[trial.state], trial.reason or "no reason is recorded"].append(trial)
    title = "Trials that did not reach their end"
    if not reasons:
        return section("failures", title, tag("p", "None: no trial failed, and none was stopped."))
    rows = [
        (reason, state, str(len(trials)), [[link(trial), " "] for trial in trials])
        for (state, reason), trials in sorted(reasons.items(), key=lambda item: -len(item[1]))
    ]
    details = [
        folded(f"Trial {trials[0].number}: what is known of {reason}", tag("pre", trials[0].detail))
        for (_, reason), trials in reasons.items()
        if trials[0].detail
    ]
    heads = ["reason", "state", "trials", "which"]
    return section("failures", title, table("Trials by reason", heads, rows, numbers=(2,)), details)
