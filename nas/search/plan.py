"""What a search will do, found out before its folder is made: a request that cannot be met leaves nothing behind."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from nas.arch.realize import Point
from nas.data import load
from nas.errors import BudgetError
from nas.runs.request import Request
from nas.runs.storage import reach
from nas.search.budget import Budget
from nas.search.calibrate import seconds_per_image
from nas.search.forecast import Forecast
from nas.search.ledger import Clock, recorded_budget
from nas.search.length import Length, climbing, full, length_of, shortened, with_rungs
from nas.search.limits import Terms
from nas.search.objectives import Objective, Seen, objectives, on_device
from nas.search.roster import Entry
from nas.search.strategies import Strategy, strategy
from nas.search.strategies.spread import spread
from nas.train.device import prepare_cpu
from nas.train.recipe import SEARCH, recipe_of


@dataclass(frozen=True)
class Plan:
    """A request in terms of this machine and its data.

    Args:
        budget: What may be spent.
        device: Torch's word for what trials run on.
        workers: Trials at once, each in a process of its own; 0 for one, in this process.
        strategy: Chooses networks; None where they are on a list.
        objectives: What they are judged by.
        terms: What is searched.
        start: Points to begin with.
        length: Of each trial.
        speed: Device time to train a middling network on one image, in seconds; None where it could not be measured.
        forecast: What is known of how long networks train.
        trial_s: Device time of a trial of that network that reaches its end; None where nothing was measured.
        clock: Of this process, running since before the measurement.
        entries: The networks of a list.
        seeds: Of the trainings of each of them.
        left_out: Numbers of the trials that would be finalists, had the budget room for them.
        finals_s: Device time kept for the finalists, in seconds; 0 for none.
    """

    budget: Budget
    device: str
    workers: int
    strategy: Strategy | None
    objectives: tuple[Objective, ...]
    terms: Terms
    start: tuple[Point, ...]
    length: Length
    speed: float | None
    forecast: Forecast
    trial_s: float | None
    clock: Clock
    entries: tuple[Entry, ...] = ()
    seeds: tuple[int, ...] = ()
    left_out: tuple[int, ...] = ()
    finals_s: float = 0.0

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
        if self.budget.is_time and not self.entries:
            return self.budget.amount / max(1, self.workers)
        return self.trials * self.mean_s / max(1, self.workers) if self.trials and self.mean_s else None

    @property
    def mean_s(self) -> float | None:
        """Device time of a trial of that network on the average, in seconds: not all reach their end."""
        return self.trial_s and self.trial_s * self.length.mean_images / self.length.all_images

    def facts(self) -> dict[str, Any]:
        """What a run remembers of its plan, so that a resumed one has the same."""
        return {"length": asdict(self.length), "seconds_per_image": self.speed, "workers": self.workers}


def plan(request: Request, *, facts: Mapping[str, Any] | None = None, cache_dir: Path | None = None) -> Plan:
    """The plan for a request. A network is trained on two batches, to see how fast this machine is.

    Args:
        request: What is asked.
        facts: What the run remembers, of an earlier plan and of a larger budget; None for a new run.
        cache_dir: Where each host keeps its copy of the data; None for the default.

    Raises:
        NasError: the request cannot be met: budget, strategy, objectives, storage, recipe, limits or data.
        SearchError: no network of the space can be trained within the limits.
    """
    known = facts or {}
    budget, device, workers = means(request, known)
    if request.finalists and not budget.is_time:
        raise BudgetError(
            f"finalists have a share of device time, and this budget is {budget}",
            path="--finalists",
            hint="leave it out",
        )
    finals_s = request.finalists * budget.amount
    chosen, asked = strategy(request.strategy), objectives(request.objectives)
    recipe = SEARCH if request.recipe is None else recipe_of(request.recipe)
    data = load(request.data, size=request.size, seed=request.seed, cache_dir=cache_dir)
    goals = on_device(asked, data.input, str(device))
    terms = Terms(request.open_space(), data.input, request.max_macs, request.max_params)
    start = spread(terms, seed=request.seed)
    middling = sorted((candidate for _, candidate in start), key=lambda c: c.cost.macs)[len(start) // 2]
    for goal in goals:  # what is wrong with a person's own function is told before anything is made
        goal.value(Seen(middling.network, middling.cost))

    clock, forecast = Clock(device), Forecast()
    if "length" in known:
        length, speed = length_of(known["length"]), known["seconds_per_image"]
    else:
        if request.recipe is not None and request.rungs and not recipe.rungs:
            recipe = with_rungs(recipe)
        length = full(recipe, train=len(data.train), val=len(data.val))
        speed = seconds_per_image(middling, data, recipe, device=device, seed=request.seed)
        if budget.is_time and request.recipe is None and speed is not None:
            seconds = budget.amount - finals_s
            long = climbing(length, seconds_per_image=speed, seconds=seconds) if request.rungs else None
            length = long or shortened(length, seconds_per_image=speed, seconds=seconds)
    if speed is not None:
        forecast.learn(middling.cost, images=1, seconds=speed)
    return Plan(
        budget=budget,
        device=str(device),
        workers=workers,
        strategy=chosen,
        objectives=goals,
        terms=terms,
        start=tuple(point for point, _ in start) if chosen.spread else (),
        length=length,
        speed=speed,
        forecast=forecast,
        trial_s=forecast.seconds(middling.cost, images=length.all_images),
        clock=clock,
        finals_s=finals_s,
    )


def means(request: Request, facts: Mapping[str, Any]) -> tuple[Budget, torch.device, int]:
    """What is there for a request: budget, device, made ready, and workers.

    Raises:
        BudgetError: the budget cannot be spent here.
        RunError: the database that is asked for cannot be reached.
    """
    if request.storage:
        reach(request.storage)
    budget = recorded_budget(request, facts)
    device = torch.device("cuda" if budget.on_gpu(gpus=torch.cuda.device_count()) else "cpu")
    workers = _workers(request.workers, budget, device)
    if device.type == "cpu":
        prepare_cpu()
    return budget, device, workers


def _workers(asked: int | None, budget: Budget, device: torch.device) -> int:
    """How many processes train; 0 for this one."""
    if device.type == "cuda":
        here = torch.cuda.device_count()
        if asked is not None and asked > here:
            raise BudgetError(f"a worker has a GPU of its own, got {asked} workers and {here} GPUs", path="--workers")
    else:
        here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = here if asked is None else asked
    return workers if budget.is_time else min(workers, int(budget.amount))
