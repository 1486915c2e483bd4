"""Zero-cost measures: what they were worth in this run."""

from analysis.report.html import Html, tag
from analysis.report.record import Record
from analysis.report.tables import section, table
from nas.search.agreement import agreements


def zero_cost(record: Record) -> Html | str:
    """The section; empty where nothing was measured."""
    found = agreements(record.trials)
    if not found:
        return ""
    rows = [
        (name, f"{one.tau:+.2f}", f"±{one.chance:.2f}", str(one.networks), f"{one.pairs:,}")
        for name, one in sorted(found.items(), key=lambda item: -item[1].tau)
    ]
    return section(
        "zero-cost",
        "What measures before training were worth",
        tag(
            "p",
            "Networks are compared with those of about as many MACs: none has twice as many as another. A measure that "
            "lies within what chance brings says nothing that MACs do not say. No measure has steered the search.",
        ),
        table(
            "Rank correlation with accuracy, Kendall's tau",
            ["measure", "correlation", "by chance", "networks", "pairs"],
            rows,
            numbers=(1, 2, 3, 4),
        ),
    )
