"""How the front grew: hypervolume over what was spent, of all trials and of the random control of the same run."""

from analysis.report.axes import Axis, Panel, from_zero
from analysis.report.growth import FEWEST, Growth, frame, growth
from analysis.report.html import Html, tag
from analysis.report.record import Record
from analysis.report.tables import section
from analysis.report.words import duration
from nas.arch.readable import counted


def grown(record: Record) -> Html:
    """The section."""
    within = frame(record.complete)
    if within is None:
        return section("growth", "How the front grew", tag("p", "Too few networks were trained to say."))
    in_seconds = record.status.budget.is_time
    whole = growth(record.trials, within, in_seconds=in_seconds)
    control = growth([t for t in record.trials if t.origin == "control"], within, in_seconds=in_seconds)
    return section(
        "growth",
        "How the front grew",
        tag(
            "p",
            "The hypervolume: what the front dominates of the rectangle between the cheapest and the dearest network "
            "(by the logarithm of MACs) and the best and the worst error of this run.",
        ),
        tag("figure", _chart(whole, control, in_seconds), _legend(control)),
        tag("p", _compared(record, whole, control, in_seconds)),
    )


def _chart(whole: Growth, control: Growth, in_seconds: bool) -> Html:
    unit, size = _unit(whole.spent[-1]) if in_seconds else ("", 1)
    panel = Panel(
        from_zero(
            f"device time of the trials, in {unit}" if in_seconds else "trials",
            [spent / size for spent in whole.spent],
            lambda v: f"{v:g}",
        ),
        Axis("share of the rectangle", 0.0, 1.0, lambda v: f"{100 * v:.0f} %"),
        height=300.0,
    )
    lines = [
        tag("path", d=panel.line(_points(made, size), steps=True), class_=f"line {kind}")
        for kind, made in (("all", whole), ("control", control))
        if made.trained
    ]
    about = f"All trials end at {whole.share[-1]:.0%}"
    about += f", the control at {control.share[-1]:.0%}" if control.trained else ""
    return panel.drawn(lines, title="Hypervolume over what was spent", about=about)


def _points(made: Growth, size: float) -> list[tuple[float, float]]:
    return [(spent / size, share) for spent, share in zip(made.spent, made.share, strict=True)]


def _unit(seconds: float) -> tuple[str, int]:
    """The unit of time that suits so many seconds, and its length."""
    return next(
        (unit, size)
        for unit, size in (("hours", 3600), ("minutes", 60), ("seconds", 1))
        if seconds >= 2 * size or size == 1
    )


def _legend(control: Growth) -> Html:
    items = [("all", "all trials")]
    if control.trained:
        items.append(("control", "random control, over what was spent on it"))
    keys = [
        tag(
            "li",
            tag("svg", tag("path", d="M1,8H31", class_=f"line {kind}"), viewBox="0 0 32 16", width=32, height=16),
            word,
        )
        for kind, word in items
    ]
    return tag("ul", keys, class_="legend", aria_hidden="true")


def _compared(record: Record, whole: Growth, control: Growth, in_seconds: bool) -> str:
    if not record.knows_origins:
        return "This run does not record which trials were random, so there is no control to compare with."
    if control.trained < FEWEST:
        return (
            f"The random control has {counted(control.trained, 'trained network')}, too few to "
            f"compare with; from {FEWEST} on this says how the strategy does against it for the same price."
        )
    end = control.spent[-1]
    price = duration(end) if in_seconds else f"{end:.0f} trials"
    return (
        f"For {price}, what the control was given, all trials had {whole.at(end):.1%} and the control "
        f"{control.share[-1]:.1%}, of {control.trained} networks. It is one run: chance is in both."
    )
