"""The ledger: what the budget went to, and what is left of it."""

from collections import defaultdict

from analysis.report.html import Html, tag
from analysis.report.record import Record
from analysis.report.tables import section, table
from analysis.report.words import STATES, duration

_HATCHES = ("solid", "dots", "lines", "cross", "bars", "columns", "back", "blank")
"""In black and white the parts of the bar differ by their pattern."""


def ledger(record: Record) -> Html:
    """The section."""
    at = record.status
    spent: dict[str, list[float]] = defaultdict(list)
    for trial in record.trials:
        spent[trial.state].append(trial.seconds)
    parts = [(STATES[state], sum(spent[state]), str(len(spent[state]))) for state in STATES if state in spent]
    if record.finals:
        parts.append(("finalists", sum(trial.seconds for trial in record.finals), str(len(record.finals))))
    parts.append(("between trainings", at.overhead, ""))
    if at.budget.is_time:
        parts.append(("left", at.progress.left, ""))
    whole = sum(part for _, part, _ in parts) or 1.0
    hatched = list(zip(_HATCHES, parts, strict=False))
    bar = [
        tag("span", class_=f"part {kind}", style=f"width:{100 * part / whole:.2f}%", title=f"{name}: {duration(part)}")
        for kind, (name, part, _) in hatched
    ]
    rows = [
        ([tag("span", class_=f"swatch {kind}"), name], trials, duration(part), f"{part / whole:.1%}")
        for kind, (name, part, trials) in hatched
    ]
    left = duration(at.progress.left) if at.budget.is_time else f"{at.progress.left:.0f} trials"
    gone = duration(at.progress.spent) if at.budget.is_time else f"{at.progress.spent:.0f} trials"
    return section(
        "ledger",
        "What the budget went to",
        tag("p", f"Of {at.budget}, {gone} are spent and {left} are left."),
        tag("div", bar, class_="stack", aria_hidden="true"),
        table("Device time by how trials ended", ["", "trials", "device time", "share"], rows, numbers=(1, 2, 3)),
    )
