"""The page: its sections, with style and script inside the file."""

from collections.abc import Callable, Iterable
from importlib.resources import files

from analysis.report.html import Html, tag
from analysis.report.lineage import chain
from analysis.report.networks import Trained, networks
from analysis.report.pictures import pictures
from analysis.report.record import Record
from analysis.report.sections.curves import curves
from analysis.report.sections.decisions import decisions
from analysis.report.sections.failures import failures
from analysis.report.sections.finalists import finalists
from analysis.report.sections.finals import finals
from analysis.report.sections.front import front
from analysis.report.sections.growth import grown
from analysis.report.sections.ledger import ledger
from analysis.report.sections.others import others
from analysis.report.sections.reproduce import reproduce
from analysis.report.sections.summary import summary
from analysis.report.sections.zero_cost import zero_cost
from nas.runs import Trial


def page(record: Record, *, on_picture: Callable[[int], None] = lambda _: None) -> str:
    """The report of a run, as the content of an HTML file.

    Args:
        record: What is known of the run.
        on_picture: Told how many pictures of networks are made; they take most of the time.
    """
    found = networks(record)
    drawn = pictures(_by_weight(record, found), record.input, on_picture) if record.input else {}
    absent = (
        "The data of this run is not at hand, so the shape of its images is not known and networks are not drawn."
        if record.input is None
        else ""
    )
    body = tag(
        "body",
        tag("a", "To the networks on the front", href="#finalists", class_="skip"),
        summary(record, found),
        tag(
            "main",
            front(record, found),
            finals(record),
            tag("p", absent) if absent else "",
            finalists(record, found, drawn),
            grown(record),
            decisions(record),
            curves(record, found),
            zero_cost(record),
            ledger(record),
            failures(record),
            reproduce(record),
            others(record, found, drawn),
        ),
        tag("script", _read("script.js")),
    )
    return f"<!doctype html>\n{tag('html', _head(record), body, lang='en')}\n"


def _head(record: Record) -> Html:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{record.run.name}: nas report"),
        tag("style", _read("style.css")),
    )


def _read(name: str) -> Html:
    return Html(files("analysis.report").joinpath(name).read_text(encoding="utf-8"))


def _by_weight(record: Record, found: Iterable[Trained]) -> Iterable[Trial]:
    """The trials in the order in which a picture is missed: the front, its ancestors, all else that was trained."""
    best = [one.trial for one in found if one.on_front]
    ancestors = [step.trial for trial in best for step in chain(trial, record.trials)]
    return {trial.number: trial for trial in (*best, *ancestors, *record.complete)}.values()
