"""What a comparison will do: the networks of a list trained alike, for as long as a budget allows all of them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

from nas.data import load
from nas.runs.request import Request
from nas.runs.trial import Trial
from nas.search.forecast import Forecast
from nas.search.ledger import Clock
from nas.search.length import Length, length_of
from nas.search.limits import Terms
from nas.search.objectives import objectives
from nas.search.pace import Pace, pace
from nas.search.plan import Plan, means
from nas.search.roster import Entry
from nas.train.latency import latencies
from nas.train.recipe import recipe_of

_PLANNED = 0.8
"""Of a budget: workers take time to start, and what was measured on a few images may be wrong."""

_LATENCY_S = 1.0
"""To measure one network's."""


def plan(request: Request, *, facts: Mapping[str, Any] | None = None, cache_dir: Path | None = None) -> Plan:
    """The plan for a comparison. Each network is trained on a few images, to see how fast this machine is.

    Args:
        request: What is asked.
        facts: What the run remembers, of an earlier plan and of a larger budget; None for a new run.
        cache_dir: Where each host keeps its copy of the data; None for the default.

    Raises:
        NasError: the request cannot be met: budget, recipes or data, or a network cannot read the images.
    """
    known = facts or {}
    budget, device, workers = means(request, known)
    clock, forecast = Clock(device), Forecast()
    data = load(request.data, size=request.size, seed=request.seed, cache_dir=cache_dir)
    terms = Terms(request.open_space(), data.input)
    listed = [Entry(name, terms.known(network), recipe_of(recipe)) for name, network, recipe in request.listed()]
    paces = [pace(e.candidate.network, data, e.recipe, device=device, seed=request.seed) for e in listed]
    for entry, measured in zip(listed, paces, strict=True):
        if measured.per_image_s is not None:
            forecast.learn(entry.candidate.cost, images=1, seconds=measured.per_image_s)
    if "length" in known:
        length = length_of(known["length"])
    else:
        left_s = _PLANNED * (budget.amount - clock.seconds()) / request.seeds if budget.is_time else math.inf
        length = _length(paces, left_s)
    per_image_s = [measured.per_image_s for measured in paces if measured.per_image_s is not None]
    return Plan(
        budget=budget,
        device=str(device),
        workers=workers,
        strategy=None,
        objectives=objectives(request.objectives),
        terms=terms,
        start=(),
        length=length,
        speed=None,
        forecast=forecast,
        trial_s=mean(per_image_s) * length.all_images if per_image_s else None,
        clock=clock,
        entries=tuple(_fitted(entry, length) for entry in listed) if budget.is_time else tuple(listed),
        seeds=tuple(range(request.seed, request.seed + request.seeds)),
    )


def latency(planned: Plan, trials: Iterable[Trial]) -> dict[str, Any]:
    """How long the networks of a comparison that were trained take to answer, on one thread of this CPU.

    Returns:
        `ms` by name, the median of warm runs, and the `batch` and `threads` of all.
    """
    trained = {trial.name for trial in trials if trial.state == "complete"}
    entries = [entry for entry in planned.entries if entry.name in trained]
    networks = [entry.candidate.network for entry in entries]
    found = latencies(networks, planned.terms.input, seconds=_LATENCY_S) if networks else []
    ms = {entry.name: 1000 * measured.median_s for entry, measured in zip(entries, found, strict=True)}
    return {"ms": ms, "batch": 1, "threads": 1}


def _length(paces: Sequence[Pace], seconds: float) -> Length:
    """The length at which all networks are trained in so many seconds, one after the other; in full for infinity."""
    made = replace(paces[0], per_image_s=sum(measured.per_image_s or 0 for measured in paces))
    if seconds < math.inf:
        made = made.within(seconds)
    return Length(made.recipe, made.train, made.val, made.test)


def _fitted(entry: Entry, length: Length) -> Entry:
    """A network of the list with its own recipe, made as long as that of all."""
    recipe = replace(entry.recipe, epochs=length.recipe.epochs, limit=length.recipe.limit)
    return replace(entry, recipe=Pace(recipe, length.train, length.val, length.test, None).within(math.inf).recipe)
