"""What the run is and how far it is, in a few numbers."""

from collections.abc import Sequence

from analysis.report.html import Html, tag
from analysis.report.networks import Trained
from analysis.report.record import Record
from analysis.report.words import count, duration, percent
from nas.search.events import CAUSES


def summary(record: Record, found: Sequence[Trained]) -> Html:
    """The head of the page."""
    asked, at = record.run.request, record.status
    state = f"{at.state}: {CAUSES[at.cause]}" if at.cause else at.state
    line = (
        f"Space {asked.space}, data {asked.data_said}, budget {at.budget}, strategy "
        f"{asked.strategy}, objectives {' and '.join(asked.objectives)}. {state[:1].upper()}{state[1:]}."
    )
    return tag(
        "header",
        tag("p", "nas report", class_="kicker"),
        tag("h1", record.run.name),
        tag("p", line),
        tag(
            "ul",
            [tag("li", tag("b", value), tag("span", name)) for name, value in _tiles(record, found)],
            class_="tiles",
        ),
    )


def _tiles(record: Record, found: Sequence[Trained]) -> list[tuple[str, str]]:
    best = max(found, key=lambda one: one.accuracy, default=None)
    front = [one for one in found if one.on_front]
    tiles = [("networks trained", str(len(found)))]
    if best:
        tiles += [
            ("best accuracy", percent(best.accuracy)),
            ("on the front", str(len(front))),
            ("MACs of the front", f"{count(front[0].trial.macs)} – {count(front[-1].trial.macs)}"),
        ]
    return [*tiles, ("device time", duration(record.status.seconds))]
