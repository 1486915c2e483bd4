"""What a search will do, found out before its folder is made: a request that cannot be met leaves nothing behind."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch

from nas.arch.realize import Point
from nas.data import load
from nas.errors import BudgetError
from nas.runs.request import Request
from nas.search.budget import Budget
from nas.search.calibrate import seconds_per_image
from nas.search.forecast import Forecast
from nas.search.ledger import Clock
from nas.search.length import Length, full, shortened
from nas.search.limits import Terms
from nas.search.objectives import Objective, objectives
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
        strategy: Chooses networks.
        objectives: What they are judged by.
        terms: What is searched.
        start: Points to begin with.
        length: Of each trial.
        forecast: What is known of how long networks train; nothing where trials are counted.
        trial_s: Device time of a trial of a middling network, in seconds; None where nothing was measured.
        clock: Of this process, running since before the measurement.
    """

    budget: Budget
    device: str
    workers: int
    strategy: Strategy
    objectives: tuple[Objective, ...]
    terms: Terms
    start: tuple[Point, ...]
    length: Length
    forecast: Forecast
    trial_s: float | None
    clock: Clock

    @property
    def trials(self) -> int:
        """How many trials are expected."""
        return int(self.budget.amount / (self.trial_s or 1)) if self.budget.is_time else int(self.budget.amount)


def plan(request: Request, *, cache_dir: Path | None = None) -> Plan:
    """The plan for a request. Where time is the budget, a network is trained on two batches to see how fast that is.

    Raises:
        NasError: the request cannot be met: budget, strategy, objectives, recipe, limits or data.
        SearchError: no network of the space can be trained within the limits.
    """
    budget = Budget.parse(request.budget)
    device = torch.device("cuda" if budget.on_gpu(gpus=torch.cuda.device_count()) else "cpu")
    workers = _workers(request.workers, budget, device)
    chosen, goals = strategy(request.strategy), objectives(request.objectives)
    recipe = SEARCH if request.recipe is None else recipe_of(request.recipe)
    if device.type == "cpu":
        prepare_cpu()
    data = load(request.data, size=request.size, seed=request.seed, cache_dir=cache_dir)
    terms = Terms(request.open_space(), data.input, request.max_macs, request.max_params)
    start = spread(terms, seed=request.seed)
    middling = sorted((candidate for _, candidate in start), key=lambda c: c.cost.macs)[len(start) // 2]

    clock, forecast = Clock(device), Forecast()
    length = full(recipe, train=len(data.train), val=len(data.val))
    if budget.is_time:
        speed = seconds_per_image(middling, data, recipe, device=device, seed=request.seed)
        if speed is not None:
            forecast.learn(middling.cost, images=1, seconds=speed)
            if request.recipe is None:
                length = shortened(length, seconds_per_image=speed, seconds=budget.amount)
    return Plan(
        budget=budget,
        device=str(device),
        workers=workers,
        strategy=chosen,
        objectives=goals,
        terms=terms,
        start=tuple(point for point, _ in start) if chosen.spread else (),
        length=length,
        forecast=forecast,
        trial_s=forecast.seconds(middling.cost, images=length.all_images),
        clock=clock,
    )


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
