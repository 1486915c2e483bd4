"""The cards of all trials that are not on the front."""

from collections.abc import Mapping, Sequence

from analysis.report.cards import card
from analysis.report.html import Html
from analysis.report.lineage import chain
from analysis.report.networks import Trained
from analysis.report.record import Record
from analysis.report.tables import folded, section


def others(record: Record, found: Sequence[Trained], pictures: Mapping[int, str]) -> Html:
    """The section; empty where there are none."""
    by_number = {one.number: one for one in found}
    best = {one.number for one in found if one.on_front}
    cards = [
        card(record, chain(trial, record.trials)[-1], by_number.get(trial.number), pictures.get(trial.number))
        for trial in record.trials
        if trial.number not in best
    ]
    if not cards:
        return Html("")
    return section("others", "All other trials", folded(f"{len(cards)} trials", cards))
