"""What a comparison will do: the networks of a list trained alike, for as long as a budget allows all of them."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import torch

from nas.data import Dataset, load
from nas.data.about import about, check_same, remembered
from nas.runs.request import Request
from nas.runs.trial import Trial
from nas.search.devices import Devices
from nas.search.forecast import Forecast
from nas.search.length import Length, length_of
from nas.search.limits import Terms
from nas.search.objectives import objectives
from nas.search.pace import Pace, pace, together
from nas.search.plan import Plan, clock_at, means_of
from nas.search.roster import Entry
from nas.train.latency import latencies
from nas.train.recipe import recipe_of

_PLANNED, _START_S = 0.8, 6.0
"""Of what is left so much is planned for, since forecasts may be wrong, less what each worker takes to start: 12 s of
core time were measured for two and Ray."""

_LATENCY_S = 1.0
"""To measure one network's."""


def plan(
    request: Request, *, devices: Devices, facts: Mapping[str, Any] | None = None, cache_dir: Path | None = None
) -> Plan:
    """The plan for a comparison. Each network is trained on a few images, to see how fast a device is.

    Args:
        request: What is asked.
        devices: What there is to train on.
        facts: What the run remembers, of an earlier plan and of a larger budget; None for a new run.
        cache_dir: Where each host keeps its copy of the data; None for the default.

    Raises:
        NasError: the request cannot be met: budget, recipes or data, or a network cannot read the images.
    """
    known = facts or {}
    means = means_of(request, known, devices)
    budget, device, workers = means.budget, means.device, means.workers
    clock, forecast = clock_at(devices, device), Forecast()
    open_data = partial(load, request.data, size=request.size, seed=request.seed, cache_dir=cache_dir)
    data = open_data()
    check_same(remembered(known), data, path=request.data_name)
    terms = Terms(request.open_space(), data.input)
    listed = [Entry(name, terms.known(network), recipe_of(recipe)) for name, network, recipe in request.listed()]
    paces, elsewhere_s = devices.call(partial(_paces, listed, open_data, device, request.seed), device.type)
    if "length" in known:
        length = length_of(known["length"])
    else:
        whole = together(paces * request.seeds)
        left_s = budget.amount - elsewhere_s - (clock.seconds() if clock else 0.0)
        length = length_at(whole.within(planned_s(left_s, workers)) if budget.is_time else whole)
    entries = tuple(fitted(entry, length) for entry in listed) if budget.is_time else tuple(listed)
    per_image_s = []
    for entry, measured in zip(entries, paces, strict=True):
        if (seconds := measured.with_batch(entry.recipe.batch).per_image_s) is not None:
            forecast.learn(entry.candidate.cost, images=1, seconds=seconds)
            per_image_s.append(seconds)
    return Plan(
        budget=budget,
        device=str(device),
        workers=workers,
        share=means.share,
        strategy=None,
        objectives=objectives(request.objectives),
        terms=terms,
        start=(),
        length=length,
        speed=None,
        forecast=forecast,
        trial_s=mean(per_image_s) * length.all_images if per_image_s else None,
        clock=clock,
        elsewhere_s=elsewhere_s,
        entries=entries,
        seeds=tuple(range(request.seed, request.seed + request.seeds)),
        images=about(data),
    )


def _paces(listed: Sequence[Entry], open_data: Callable[[], Dataset], device: torch.device, seed: int) -> list[Pace]:
    """Of each network, on whatever host this is."""
    data = open_data()
    return [pace(entry.candidate.network, data, entry.recipe, device=device, seed=seed) for entry in listed]


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


def planned_s(left_s: float, workers: int) -> float:
    """Seconds that trainings may take by their forecasts, where so many are left for all."""
    return max(0.0, _PLANNED * left_s - _START_S * workers)


def length_at(made: Pace) -> Length:
    """The length of a training at that pace."""
    return Length(made.recipe, made.train, made.val, made.test)


def fitted(entry: Entry, length: Length) -> Entry:
    """A network of the list with its own recipe, made as long as that of all."""
    recipe = replace(entry.recipe, epochs=length.recipe.epochs, limit=length.recipe.limit)
    return replace(entry, recipe=Pace(recipe, length.train, length.val, length.test, None).within(math.inf).recipe)
