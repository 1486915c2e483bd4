"""What a search will do, found out before its folder is made: a request that cannot be met leaves nothing behind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from nas import catalog
from nas.arch.cost import Shape
from nas.arch.nodes import Network
from nas.arch.realize import Point
from nas.arch.text import parse, text
from nas.data import Dataset, load
from nas.data.about import About, about, check_same, remembered
from nas.errors import BudgetError
from nas.runs.request import Request
from nas.runs.storage import reach
from nas.search.budget import Budget
from nas.search.calibrate import seconds_per_image
from nas.search.devices import Devices, gpu_bytes, in_one
from nas.search.errors import SearchError
from nas.search.forecast import Forecast
from nas.search.judge import Bound
from nas.search.ledger import Clock, recorded_budget
from nas.search.length import Length, fitted, full, length_of, with_rungs
from nas.search.limits import Candidate, Terms
from nas.search.named import MOST, Located, located, named_in
from nas.search.objectives import Objective, Seen, objectives, on_device
from nas.search.packing import MOST_IN_ONE, packed
from nas.search.roster import Entry
from nas.search.strategies import STRATEGIES, Strategy, strategy
from nas.search.strategies.spread import spread
from nas.train.device import prepare_cpu
from nas.train.recipe import SEARCH, Recipe, recipe_of


@dataclass(frozen=True)
class Plan:
    """A request in terms of the devices and the data.

    Args:
        budget: What may be spent.
        device: Torch's word for what trials run on.
        workers: Trials at once, each in a process of its own; 0 for one, in this process.
        share: Of a device, that each of them holds.
        strategy: Chooses networks; None where they are on a list.
        objectives: What they are judged by.
        terms: What is searched.
        start: Points to begin with.
        named: Named networks to begin with, before those.
        length: Of each trial.
        speed: Device time to train a middling network on one image, in seconds; None where it could not be measured.
        forecast: What is known of how long networks train.
        trial_s: Device time of a trial of that network that reaches its end; None where nothing was measured.
        clock: Of this process, running since before the measurement; None where it has no such device.
        images: What is to be known of the data.
        elsewhere_s: Device time of the measurement, in seconds, where another process made it.
        entries: The networks of a list.
        seeds: Of the trainings of each of them.
        spare_seeds: Of more of them, where time is left.
        left_out: Numbers of the trials that would be finalists, had the budget room for them.
        finals_s: Device time kept for the finalists, in seconds; 0 for none.
        bound: What is measured of a network to know whether it is to be trained; None for nothing.
    """

    budget: Budget
    device: str
    workers: int
    share: float
    strategy: Strategy | None
    objectives: tuple[Objective, ...]
    terms: Terms
    start: tuple[Point, ...]
    length: Length
    speed: float | None
    forecast: Forecast
    trial_s: float | None
    clock: Clock | None
    images: About
    elsewhere_s: float = 0.0
    entries: tuple[Entry, ...] = ()
    seeds: tuple[int, ...] = ()
    spare_seeds: tuple[int, ...] = ()
    left_out: tuple[int, ...] = ()
    finals_s: float = 0.0
    bound: Bound | None = None
    named: tuple[Located, ...] = ()

    @property
    def trials(self) -> int | None:
        """How many trials are expected; None where nothing was measured."""
        if self.entries:
            return len(self.entries) * len(self.seeds)
        if not self.budget.is_time:
            return int(self.budget.amount)
        return int((self.budget.amount - self.finals_s) / self.mean_s) if self.mean_s else None

    @property
    def wall_s(self) -> float | None:
        """How long the search is expected to take, in seconds, where the machine has nothing else to do."""
        at_once = max(1, self.workers) * self.share
        if self.budget.is_time and not self.entries:
            return self.budget.amount / at_once
        return self.trials * self.mean_s / at_once if self.trials and self.mean_s else None

    @property
    def mean_s(self) -> float | None:
        """Device time of a trial of that network on the average, in seconds: not all reach their end."""
        return self.trial_s and self.trial_s * self.length.mean_images / self.length.all_images

    def facts(self) -> dict[str, Any]:
        """What a run remembers of its plan, so that a resumed one has the same."""
        return {
            "length": asdict(self.length),
            "seconds_per_image": self.speed,
            "workers": self.workers,
            "share": self.share,
            "named": {one.name: text(one.network) for one in self.named},
            "images": asdict(self.images),
        }


def check_facts(facts: Mapping[str, Any]) -> None:
    """See that what a run remembers of its plan can be read.

    Raises:
        KeyError, TypeError, ValueError: it is not what `Plan.facts` says.
    """
    if "length" in facts:
        length_of(facts["length"])
        float(facts.get("seconds_per_image") or 0)
        float(facts.get("share") or 0)
        for network in facts.get("named", {}).values():
            parse(network)
    remembered(facts)


def plan(
    request: Request, *, devices: Devices, facts: Mapping[str, Any] | None = None, cache_dir: Path | None = None
) -> Plan:
    """The plan for a request. A network is trained on two batches, to see how fast a device is.

    Args:
        request: What is asked.
        devices: What there is to train on.
        facts: What the run remembers, of an earlier plan and of a larger budget; None for a new run.
        cache_dir: Where each host keeps its copy of the data; None for the default.

    Raises:
        NasError: the request cannot be met: budget, strategy, objectives, storage, recipe, limits or data.
        SearchError: no network of the space can be trained within the limits.
    """
    known = facts or {}
    means = means_of(request, known, devices)
    budget, device = means.budget, means.device
    if request.finalists and not budget.is_time:
        raise BudgetError(
            f"finalists have a share of device time, and this budget is {budget}",
            path="--finalists",
            hint="leave it out",
        )
    finals_s = request.finalists * budget.amount
    chosen, asked = strategy(request.strategy), objectives(request.objectives)
    if request.inherit:
        _must_tell_parents(chosen)
    if "energy" in request.objectives:
        _must_train_alone(means)
    recipe = SEARCH if request.recipe is None else recipe_of(request.recipe)
    open_data = partial(load, request.data, size=request.size, seed=request.seed, cache_dir=cache_dir)
    data = open_data()
    check_same(remembered(known), data, path=request.data_name)
    goals = on_device(asked, data.input, str(device))
    terms = Terms(request.open_space(), data.input, request.max_macs, request.max_params)
    start = spread(terms, seed=request.seed)
    drawn = [candidate for _, candidate in start]
    middling = sorted(drawn, key=lambda candidate: candidate.cost.macs)[len(start) // 2]
    if request.gpus_per_trial is None and "share" not in known and device.type == "cuda" and means.workers:
        means = _shared(request, means, devices, drawn, data.input, recipe.batch)
    for goal in goals:  # what is wrong with a person's own function is told before anything is made
        goal.value(Seen(middling.network, middling.cost))
    bound = _bound(request, data.input, str(device))
    if bound and "length" not in known:
        _must_be_kept(bound, drawn, str(device))
    names = catalog.fitted(len(data.classes), data.input) if chosen.named and "length" not in known else {}

    clock = clock_at(devices, device)
    forecast, elsewhere_s = Forecast(), 0.0
    if "length" in known:
        length, speed = length_of(known["length"]), known["seconds_per_image"]
    else:
        if request.recipe is not None and request.rungs and budget.is_time and not recipe.rungs:
            recipe = with_rungs(recipe)
        length = full(recipe, train=len(data.train), val=len(data.val))
        measure = partial(_measured, middling, open_data, recipe, device, request.seed)
        speed, elsewhere_s = devices.call(measure, device.type)
        if budget.is_time and request.recipe is None and speed is not None:
            seconds = budget.amount - finals_s
            length = fitted(length, seconds_per_image=speed, seconds=seconds, rungs=request.rungs)
    if speed is not None:
        forecast.learn(middling.cost, images=1, seconds=speed)
    if "length" in known:
        told = {name: parse(network) for name, network in known.get("named", {}).items()}
        named = [one for name, network in told.items() if (one := located(name, network, terms))]
    else:

        def fits(candidate: Candidate) -> bool:
            return (forecast.seconds(candidate.cost, images=length.all_images) or 0.0) <= budget.largest

        named = _named(request, terms, names, [candidate.cost.macs for candidate in drawn], fits)
    return Plan(
        budget=budget,
        device=str(device),
        workers=means.workers,
        share=means.share,
        strategy=chosen,
        objectives=goals,
        terms=terms,
        start=tuple(point for point, _ in start) if chosen.spread else (),
        length=length,
        speed=speed,
        forecast=forecast,
        trial_s=forecast.seconds(middling.cost, images=length.all_images),
        clock=clock,
        elsewhere_s=elsewhere_s,
        finals_s=finals_s,
        bound=bound,
        named=tuple(named),
        images=about(data),
    )


def _must_tell_parents(chosen: Strategy) -> None:
    if not chosen.tells_parents:
        breeding = ", ".join(one.name for one in STRATEGIES.values() if one.tells_parents)
        raise SearchError(
            f"weights are inherited from parents, and {chosen.name} does not say of what it makes a network",
            path="--inherit",
            hint=f"leave it out, or choose {breeding}",
        )


def _must_train_alone(means: "Means") -> None:
    if means.workers:
        raise SearchError(
            "energy is that of the whole device, so nothing else may train there while it is measured",
            path="--objectives",
            hint="--workers 0",
        )


def _bound(request: Request, input: Shape, device: str) -> Bound | None:
    if request.max_latency is None:
        return None
    (objective,) = on_device(objectives(["latency"]), input, device)
    return Bound(objective, request.max_latency)


def _must_be_kept(bound: Bound, drawn: Sequence[Candidate], device: str) -> None:
    """See that the smallest of some networks keeps to a bound of latency."""
    smallest = min(drawn, key=lambda candidate: candidate.cost.macs)
    takes = bound.objective.value(Seen(smallest.network, smallest.cost))
    if takes > bound.most:
        raise SearchError(
            f"no network is found that answers within {bound.most * 1000:g} ms: the smallest of {len(drawn)} "
            f"takes {takes * 1000:.2g} ms on {device}",
            path="--max-latency",
            hint="raise it, or choose another space",
        )


def _named(
    request: Request,
    terms: Terms,
    names: Mapping[str, Network],
    macs: Sequence[int],
    fits: Callable[[Candidate], bool],
) -> list[Located]:
    """The network that is searched around, and some of `names` beside it; the other arguments as of `named_in`."""
    around = request.network_around()
    first = located(request.around or "", around, terms) if around is not None else None
    found = [first] if first else []
    others = {name: network for name, network in names.items() if not first or network != first.network}
    return found + named_in(terms, others, macs, fits=fits, most=MOST - len(found))


@dataclass(frozen=True)
class Means:
    """What there is for a request.

    Args:
        budget: What may be spent.
        device: What trials run on.
        workers: Trials at once; 0 for one, in this process.
        share: Of a device, that each of them holds.
    """

    budget: Budget
    device: torch.device
    workers: int
    share: float


def means_of(request: Request, facts: Mapping[str, Any], devices: Devices) -> Means:
    """What there is for a request, of these devices; this process is made ready to train on a core.

    Raises:
        BudgetError: the budget cannot be spent there.
        RunError: the database that is asked for cannot be reached.
    """
    if request.storage:
        reach(request.storage)
    budget = recorded_budget(request, facts)
    device = torch.device("cuda" if budget.on_gpu(gpus=devices.all["cuda"], place=devices.place) else "cpu")
    least = 1 / MOST_IN_ONE if device.type == "cuda" and request.workers != 0 else 1.0  # Before memory is looked at.
    share = float(facts.get("share", request.gpus_per_trial) or least)
    workers = _workers(request.workers, budget, device, devices, share)
    if device.type == "cpu":
        prepare_cpu()
    return Means(budget, device, workers, share)


def _shared(
    request: Request, means: Means, devices: Devices, drawn: Sequence[Candidate], input: Shape, batch: int
) -> Means:
    """The means with as many trials on a GPU as its memory has room for, each with a core to feed it."""
    room, _ = devices.call(gpu_bytes, "cuda")
    most = devices.all["cpu"] // devices.all["cuda"]
    if request.workers is not None:
        most = min(most, -(-request.workers // devices.all["cuda"]))
    share = packed(drawn, input, batch=batch, room=room, most=most)
    workers = _workers(request.workers, means.budget, means.device, devices, share)
    return Means(means.budget, means.device, workers, share)


def clock_at(devices: Devices, device: torch.device) -> Clock | None:
    """Of this process, from now on; None where it has no such device."""
    return Clock(device) if devices.is_here or device.type == "cpu" else None


def _measured(
    candidate: Candidate, open_data: Callable[[], Dataset], recipe: Recipe, device: torch.device, seed: int
) -> float | None:
    """On whatever host this is."""
    return seconds_per_image(candidate, open_data(), recipe, device=device, seed=seed)


def _workers(asked: int | None, budget: Budget, device: torch.device, devices: Devices, share: float) -> int:
    """How many processes train; 0 for this one."""
    if share < 1 and (device.type == "cpu" or asked == 0):
        held = "a core" if device.type == "cpu" else "the GPU of this process"
        raise BudgetError(f"a trial of this search holds {held} whole, got {share:g}", path="--gpus-per-trial")
    free, there = devices.free[device.type] * in_one(share), devices.all[device.type]
    kind = "GPU" if device.type == "cuda" else "core"
    if asked is None and not free:
        raise BudgetError(f"all {there} {kind}s of {devices.place} are taken", path="--workers", hint="say how many")
    if asked == 0 and not devices.is_here:
        raise BudgetError(f"no worker of {devices.place} trains, got 0 workers", path="--workers", hint="leave it out")
    # This machine's cores can be shared.
    if asked is not None and asked > there * in_one(share) and not (devices.is_here and device.type == "cpu"):
        rule = f"a worker has a {kind} of its own" if share == 1 else f"{in_one(share)} workers share a {kind}"
        raise BudgetError(
            f"{rule}, got {asked} workers and {there} {kind}s of {devices.place}", path="--workers", hint="say fewer"
        )
    workers = free if asked is None else asked
    return workers if budget.is_time else min(workers, int(budget.amount))
