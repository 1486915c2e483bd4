"""One search, from what was asked to the front."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from nas.errors import BudgetError
from nas.runs.folder import Run, create
from nas.runs.journal import begin_journal
from nas.runs.request import Request
from nas.runs.trial import Trial
from nas.search.budget import Budget
from nas.search.calibrate import seconds_per_image
from nas.search.driver import Driver
from nas.search.events import Cause, Event, Planned
from nas.search.forecast import Forecast
from nas.search.ledger import Clock, Ledger
from nas.search.length import full, shortened
from nas.search.limits import Terms
from nas.search.objectives import objectives
from nas.search.proposer import Proposer
from nas.search.strategies import strategy
from nas.search.strategies.spread import spread
from nas.search.trial import Bench, dataset
from nas.search.workers import inline
from nas.train.device import prepare_cpu
from nas.train.recipe import SEARCH, recipe_of

Listener = Callable[[Event], None]


@dataclass(frozen=True)
class Result:
    """What a search leaves: its run, the front by the first objective, and why it ended."""

    run: Run
    front: tuple[Trial, ...]
    cause: Cause


def search(
    request: Request,
    *,
    runs_dir: Path,
    name: str | None = None,
    cache_dir: Path | None = None,
    on_event: Listener = lambda _: None,
) -> Result:
    """Search until the budget is spent, and return the front.

    An interruption from the keyboard ends the search as the end of its budget does.

    Args:
        request: What is asked.
        runs_dir: Where the folder of the run is made.
        name: Of the run; None for the time and the name of the space.
        cache_dir: Where each host keeps its copy of the data; None for the default.
        on_event: Called with the plan, then with what happens.

    Raises:
        NasError: the request cannot be met: budget, strategy, objectives, limits, data or name.
        SearchError: no network of the space can be trained, or the first five trials fail of one cause.
    """
    budget = Budget.parse(request.budget)
    device = torch.device("cuda" if budget.on_gpu(gpus=torch.cuda.device_count()) else "cpu")
    workers = _workers(request.workers, budget, device)
    if device.type == "cpu":
        prepare_cpu()
    clock = Clock(device)
    chosen, goals = strategy(request.strategy), objectives(request.objectives)
    recipe = SEARCH if request.recipe is None else recipe_of(request.recipe)

    bench = Bench(request.data, request.size, request.seed, cache_dir, None, recipe, str(device), Path())
    data = dataset(bench)
    terms = Terms(request.open_space(), data.input, request.max_macs, request.max_params)
    sketch = spread(terms, seed=request.seed)
    middling = sorted((candidate for _, candidate in sketch), key=lambda c: c.cost.macs)[len(sketch) // 2]
    forecast, length = Forecast(), full(recipe, train=len(data.train), val=len(data.val))
    if budget.is_time:
        speed = seconds_per_image(middling, data, recipe, device=device, seed=request.seed)
        forecast.learn(middling.cost, images=1, seconds=speed)
        if request.recipe is None:
            length = shortened(length, seconds_per_image=speed, seconds=budget.amount)

    run = create(request, runs_dir=runs_dir, name=name, devices=_devices(device))
    bench = replace(bench, val=length.val, recipe=length.recipe, checkpoints=run.checkpoints.resolve())
    ledger = Ledger(budget)
    ledger.hold("driver", clock.seconds())
    start = [point for point, _ in sketch] if chosen.spread else []
    with _logged(run):
        journal = begin_journal(run, directions=[goal.direction for goal in goals])
        journal.remember("length", asdict(length))
        driver = Driver(
            proposer=Proposer(terms, chosen, goals, start=start, seed=request.seed),
            journal=journal,
            ledger=ledger,
            forecast=forecast,
            objectives=goals,
            length=length,
            workers=max(1, workers),
            seed=request.seed,
            clock=clock if device.type == "cpu" or not workers else None,
            tell=on_event,
        )
        trial_s = forecast.seconds(middling.cost, images=length.all_images)
        trials = int(budget.amount if trial_s is None else ledger.left / trial_s)
        on_event(Planned(run, budget, workers, str(device), length, trials, trial_s))
        try:
            _train(driver, bench, workers)
        except KeyboardInterrupt:
            driver.interrupt()
        finished = driver.finish()
    if driver.error:
        raise driver.error
    return Result(run, finished.front, finished.cause)


def _train(driver: Driver, bench: Bench, workers: int) -> None:
    if workers:
        from nas.search.workers import tune  # Loading Ray takes seconds, and not every machine has it.

        tune.run(driver, bench, workers=workers)
    else:
        inline.run(driver, bench)


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


def _devices(device: torch.device) -> list[str]:
    if device.type == "cpu":
        return ["cpu"]
    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]


@contextmanager
def _logged(run: Run) -> Iterator[None]:
    """What the search logs, it writes to the run's log."""
    log = logging.getLogger("nas.search")
    handler = logging.FileHandler(run.log, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        handler.close()
