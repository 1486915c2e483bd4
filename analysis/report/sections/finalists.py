"""The networks on the front: their cards, each with its lineage and the step in accuracy of every edit."""

from collections.abc import Mapping, Sequence

from analysis.report.cards import card, link, listed
from analysis.report.html import Html, tag
from analysis.report.lineage import Step, chain, comes_from
from analysis.report.networks import Trained
from analysis.report.record import Record
from analysis.report.tables import section
from analysis.report.words import percent, points


def finalists(record: Record, found: Sequence[Trained], pictures: Mapping[int, str]) -> Html:
    """The section; empty where the front is."""
    best = [one for one in found if one.on_front]
    if not best:
        return Html("")
    lost = (
        ""
        if record.knows_origins
        else tag("p", "This run does not record where its networks come from, so their lineage is left out.")
    )
    cards = []
    for one in best:
        steps = chain(one.trial, record.trials)
        lineage = _lineage(record, steps) if len(steps) > 1 else ""
        cards.append(card(record, steps[-1], one, pictures.get(one.number), lineage))
    return section("finalists", "Networks on the front, and where they come from", lost, _noise(record), cards)


def _noise(record: Record) -> Html | str:
    if not (record.knows_origins and record.validated):
        return ""
    accuracy = max(trial.accuracy or 0.0 for trial in record.complete)
    size = (2 * accuracy * (1 - accuracy) / record.validated) ** 0.5
    return tag(
        "p",
        f"A step in accuracy between two networks that are equally good is typically {100 * size:.1f} points here, "
        f"from {record.validated:,} validation images alone; a smaller one says little.",
    )


def _lineage(record: Record, steps: Sequence[Step]) -> Html:
    around = record.run.request.around
    root = tag("li", tag("b", around), " the network that was searched around") if around else ""
    return tag("div", tag("h4", "Lineage"), tag("ol", root, [_step(step) for step in steps]), class_="lineage")


def _step(step: Step) -> Html:
    trial = step.trial
    at = percent(trial.accuracy) if trial.accuracy is not None else "no accuracy"
    if step.parent is None:
        return tag("li", link(trial), f" {at}, {comes_from(trial)}")
    crossed = [", crossed with ", [[link(other), " "] for other in step.others]] if step.others else ""
    gained = tag("b", points(step.gained), class_="step") if step.gained is not None else ""
    return tag("li", link(trial), f" {at} ", gained, crossed, listed(step.changes))
