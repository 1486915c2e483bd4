"""Finalists: which networks of a search are trained again, from scratch and with several seeds, and for how long."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from math import sqrt
from typing import Any

from nas.arch.text import parse, text
from nas.data import Dataset
from nas.runs.journal import Journal
from nas.runs.trial import Trial, trial_of
from nas.search.comparison import fitted, length_at, planned_s
from nas.search.forecast import Forecast, images_seen
from nas.search.ledger import Clock
from nas.search.length import Length, length_of
from nas.search.limits import Candidate
from nas.search.objectives import Objective, front, losses
from nas.search.pace import Pace
from nas.search.plan import Plan
from nas.search.roster import Entry
from nas.train import recipes
from nas.train.recipe import recipe_of

SEEDS = 3
"""Of each finalist, and up to as many again in the time that is left."""

_STEP_IMAGES = 17
"""A step takes as long beside its images as so many images: so one takes 1.8 times as long in a batch of 16 as in one
of 64, on a core; 1.6 was measured of 4 million MACs."""

_FEW = 4
"""So many finalists may be trained for less than the full recipe, if still for longer than the search did."""


def plan(
    searched: Plan,
    journal: Journal,
    studied: Journal | None,
    data: Dataset,
    *,
    seed: int,
    seconds: float,
    clock: Clock | None,
) -> Plan:
    """Which finalists are trained in so many seconds, and how: those on record, and those that a longer search found.

    They are the front and what is near it, the best first, then spread over the front: as many as fit with the full
    recipe, or a few for a shorter time. All have the length of the first.

    Args:
        searched: The plan of the search.
        journal: Of the search.
        studied: Of the finalists, where they were begun.
        data: Of the run.
        seed: The first of the trainings.
        seconds: Device time that is left.
        clock: Of this process, since the search was over; None where it has no device.
    """
    trials = [trial for trial in journal.trials() if trial.state == "complete"]
    forecast = _learned(searched, journal)
    facts = studied.facts() if studied else {}
    known = [
        Entry(told["name"], _known(searched, told["network"]), recipe_of(told["recipe"]))
        for told in facts.get("finalists", ())
    ]
    left_out = list(facts.get("left_out", ()))
    length = length_of(facts["length"]) if facts else None
    if facts.get("after") != len(trials):
        names = {entry.name for entry in known}
        order = [
            Entry(str(trial.number), candidate, recipes.fast(candidate.network))
            for trial in ordered(trials, searched.objectives, images=searched.length.val)
            if str(trial.number) not in names
            for candidate in (_known(searched, trial.network),)
        ]
        chosen, length = _chosen(order, forecast, searched, data, length, planned_s(seconds, searched.workers))
        known = [*known, *(fitted(entry, length) for entry in chosen)]
        left_out = [int(entry.name) for entry in order if entry not in chosen]
    assert length is not None
    seconds_each = [forecast.seconds(entry.candidate.cost, images=length.all_images) or 0.0 for entry in known]
    return replace(
        searched,
        strategy=None,
        start=(),
        named=(),
        bound=None,
        length=length,
        forecast=forecast,
        trial_s=sum(seconds_each) / len(known) if known else None,
        clock=clock,
        elsewhere_s=0.0,
        entries=tuple(known),
        seeds=tuple(range(seed, seed + SEEDS)),
        spare_seeds=tuple(range(seed + SEEDS, seed + 2 * SEEDS)),
        left_out=tuple(left_out),
        finals_s=0.0,
    )


def facts_of(planned: Plan, after: int) -> dict[str, Any]:
    """What the study of the finalists remembers of its plan, made when so many trials of the search were complete."""
    told = [{"name": e.name, "network": text(e.candidate.network), "recipe": asdict(e.recipe)} for e in planned.entries]
    return {"length": asdict(planned.length), "finalists": told, "left_out": list(planned.left_out), "after": after}


def ordered(trials: Sequence[Trial], goals: Sequence[Objective], *, images: int) -> list[Trial]:
    """The candidates in the order in which they are taken.

    The most accurate of the front, then always the one of the front furthest from those taken; then those near the
    front, the nearest first: beaten by no more than the standard error of a difference of accuracies.

    Args:
        trials: Complete ones.
        goals: What they were judged by.
        images: That accuracies are of.
    """

    def lost(trial: Trial) -> tuple[float, ...]:
        return losses(trial.values, [goal.direction for goal in goals])

    best = sorted(front(trials, lost), key=_accuracy, reverse=True)
    gaps = {trial.number: _gap(trial, [b for b in best if _no_worse(lost(b), lost(trial))]) for trial in trials}
    numbers = {trial.number for trial in best}
    near = [t for t in trials if t.number not in numbers and gaps[t.number] <= _error(_accuracy(t), images)]
    return _spread(best) + sorted(near, key=lambda trial: gaps[trial.number])


def _known(searched: Plan, network: str) -> Candidate:
    return searched.terms.known(parse(network))


def _learned(searched: Plan, journal: Journal) -> Forecast:
    """What the epochs of a search say of how long networks train."""
    forecast = Forecast()
    for frozen in journal.frozen():
        trial = trial_of(frozen)
        for epoch in frozen.user_attrs.get("epochs", ()):
            images = images_seen(epoch["images"], searched.length.val)
            forecast.learn(trial, images=images, seconds=epoch["seconds"])
    return forecast


def _chosen(
    order: Sequence[Entry], forecast: Forecast, searched: Plan, data: Dataset, length: Length | None, seconds: float
) -> tuple[list[Entry], Length]:
    """As many of the first as fit, one at least of a first choice, and the length of their trainings."""
    per_image_s = [forecast.seconds(entry.candidate.cost, images=SEEDS) or 0.0 for entry in order]
    if length is not None:
        fitting = [n for n in range(len(order) + 1) if sum(per_image_s[:n]) * length.all_images <= seconds]
        return list(order[: max(fitting)]), length
    recipe = order[0].recipe
    full = Pace(recipe, len(data.train), len(data.val), len(data.test), None)
    for count in range(len(order), 0, -1):
        image_s = sum(per_image_s[:count])
        made = replace(full, per_image_s=image_s, step_s=_STEP_IMAGES * image_s).within(seconds)
        found = length_at(made)
        is_full = (found.recipe.epochs, found.train) == (recipe.epochs, full.train)
        is_longer = found.all_images >= searched.length.all_images
        if (made.seconds or 0.0) <= seconds and (is_full or (is_longer and count <= _FEW)):
            break
    return list(order[:count]), found


def _spread(best: list[Trial]) -> list[Trial]:
    """The first, then always the one that is furthest from those taken, by its place."""
    taken, left = [0], list(range(1, len(best)))
    while left:
        taken.append(max(left, key=lambda i: min(abs(i - j) for j in taken)))
        left.remove(taken[-1])
    return [best[i] for i in taken]


def _gap(trial: Trial, better: Sequence[Trial]) -> float:
    return max((_accuracy(other) - _accuracy(trial) for other in better), default=0.0)


def _error(accuracy: float, images: int) -> float:
    return sqrt(2 * accuracy * (1 - accuracy) / images)


def _accuracy(trial: Trial) -> float:
    return trial.accuracy or 0.0


def _no_worse(a: Sequence[float], b: Sequence[float]) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True))
