"""The card of a trial: picture, accuracy, cost, what differs from its parent, and what trains or exports it."""

from collections.abc import Iterable

from analysis.report.html import Child, Html, tag
from analysis.report.lineage import Change, Step, comes_from
from analysis.report.networks import Trained
from analysis.report.record import Record, network
from analysis.report.tables import facts, folded
from analysis.report.words import STATES, commands, count, duration, percent, points
from nas.arch.diff import diff
from nas.arch.nodes import Network
from nas.arch.readable import counted
from nas.runs import Trial

_MOST_EDITS = 40


def card(record: Record, step: Step, trained: Trained | None, picture: str | None, *inside: Child) -> Html:
    """The card.

    Args:
        record: Of the run.
        step: The trial, with its parent.
        trained: Its numbers; None where it was not trained to its end.
        picture: Address of its picture; None where there is none.
        inside: What stands below.
    """
    trial = step.trial
    title = f"Trial {trial.number}"
    name = record.named.get(trial.fingerprint)
    return tag(
        "article",
        tag("h3", title, tag("small", name) if name else ""),
        tag("p", _badges(trial, trained), class_="badges"),
        tag(
            "div",
            tag("img", src=picture, alt=f"The network of trial {trial.number}", loading="lazy") if picture else "",
            tag(
                "div",
                facts(_facts(trial, trained)),
                _origin(record, step),
                inside,
                _typed(record, trial) if trial.state == "complete" else "",
            ),
            class_="sides",
        ),
        id=f"trial-{trial.number}",
        class_="trial",
        data_trial=trial.number,
    )


def link(trial: Trial) -> Html:
    """A link to the card of a trial."""
    return tag("a", f"trial {trial.number}", href=f"#trial-{trial.number}", data_trial=trial.number)


def bar_told(trained: Trained) -> str:
    """The error bar in words; empty where there is none."""
    if trained.low is None or trained.high is None:
        return ""
    of = f"{trained.seeds} seeds" if trained.seeds > 1 else "sampling, 95 %"
    return f"{100 * trained.low:.2f} to {100 * trained.high:.2f} % ({of})"


def listed(changes: Iterable[Change]) -> Html:
    """Decisions that differ, one a line; in a line together those that are newly open, and those that no longer are."""
    told = list(changes)
    lines = [f"{one.hole}: {one.before} → {one.after}" for one in told if None not in (one.before, one.after)]
    opened = [f"{one.hole} = {one.after}" for one in told if one.before is None]
    closed = [one.hole for one in told if one.after is None]
    lines += [f"now open: {', '.join(opened)}"] if opened else []
    lines += [f"no longer open: {', '.join(closed)}"] if closed else []
    return tag("ul", [tag("li", line) for line in lines], class_="changes")


def _badges(trial: Trial, trained: Trained | None) -> list[Html]:
    said = ["on the front" if trained.on_front else "dominated"] if trained else [STATES[trial.state]]
    if trial.origin:
        said.append(comes_from(trial))
    return [tag("span", word) for word in said]


def _facts(trial: Trial, trained: Trained | None) -> list[tuple[str, Child]]:
    told: list[tuple[str, Child]] = []
    if trained:
        told.append(("accuracy", percent(trained.accuracy)))
        if bar := bar_told(trained):
            told.append(("error bar", bar))
    elif trial.accuracy is not None:
        told.append((f"accuracy after {len(trial.accuracies)} epochs", percent(trial.accuracy)))
    if trial.reason:
        told.append(("reason", trial.reason))
    if trial.inherited:
        told.append(("weights", trial.inherited))
    return [
        *told,
        ("MACs", count(trial.macs)),
        ("parameters", count(trial.params)),
        ("training", f"{duration(trial.seconds)}, {len(trial.accuracies)} epochs"),
        ("fingerprint", tag("code", trial.fingerprint)),
    ]


def _origin(record: Record, step: Step) -> Html | str:
    """What differs from the parent; from the named network where the search went around one and there is no parent."""
    if step.parent:
        beside = [" and ", *[link(other) for other in step.others]] if step.others else []
        gained = f": {points(step.gained)}" if step.gained is not None else ""
        head = tag("p", "from ", link(step.parent), beside, gained)
        edits = _edits(network(step.parent.network), step.trial)
        return tag("div", head, listed(step.changes), edits)
    if record.start is not None:
        around = record.run.request.around or "the named network"
        return tag("div", tag("p", f"set against {around}"), _edits(record.start, step.trial))
    return ""


def _edits(before: Network | None, trial: Trial) -> Html | str:
    after = network(trial.network)
    if before is None or after is None:
        return ""
    edits = diff(before, after)
    told = [str(edit) for edit in edits[:_MOST_EDITS]]
    if len(edits) > _MOST_EDITS:
        told.append(f"and {len(edits) - _MOST_EDITS} more")
    summary = f"{counted(len(edits), 'edit')} of the network"
    return folded(summary, tag("ul", [tag("li", tag("code", edit)) for edit in told], class_="edits"))


def _typed(record: Record, trial: Trial) -> Html:
    lines = [
        tag("p", tag("span", f"{what}: "), tag("code", typed), tag("button", "copy", type="button", data_copy=True))
        for what, typed in commands(record.run, trial)
    ]
    return tag("div", lines, class_="commands")
