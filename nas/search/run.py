"""One search, from what was asked to the front."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from nas.runs.folder import Run, create
from nas.runs.journal import begin_journal
from nas.runs.request import Request
from nas.runs.trial import Trial
from nas.search.driver import Driver
from nas.search.events import Cause, Event, Planned
from nas.search.ledger import Ledger
from nas.search.plan import Plan, plan
from nas.search.proposer import Proposer
from nas.search.trial import Bench
from nas.search.workers import inline


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
    on_event: Callable[[Event], None] = lambda _: None,
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
        NasError: the request cannot be met: budget, strategy, objectives, recipe, limits, data or name.
        SearchError: no network of the space can be trained, or the first five trials fail for one reason.
    """
    planned = plan(request, cache_dir=cache_dir)
    run = create(request, runs_dir=runs_dir, name=name, devices=_devices(planned.device))
    with _logged(run):
        driver = _driver(planned, run, on_event)
        on_event(
            Planned(
                run=run,
                budget=planned.budget,
                workers=planned.workers,
                device=planned.device,
                length=planned.length,
                trials=planned.trials,
                trial_s=planned.trial_s,
            )
        )
        try:
            _train(driver, _bench(planned, run, cache_dir), workers=planned.workers)
        except KeyboardInterrupt:
            driver.interrupt()
        finished = driver.finish()
    if driver.error:
        raise driver.error
    return Result(run, finished.front, finished.cause)


def _driver(planned: Plan, run: Run, on_event: Callable[[Event], None]) -> Driver:
    journal = begin_journal(run, directions=[objective.direction for objective in planned.objectives])
    journal.remember("length", asdict(planned.length))
    ledger = Ledger(planned.budget)
    ledger.hold("driver", planned.clock.seconds())
    holds_device = planned.device == "cpu" or not planned.workers
    seed = run.request.seed
    return Driver(
        proposer=Proposer(planned.terms, planned.strategy, planned.objectives, start=planned.start, seed=seed),
        journal=journal,
        ledger=ledger,
        forecast=planned.forecast,
        objectives=planned.objectives,
        length=planned.length,
        workers=max(1, planned.workers),
        seed=seed,
        clock=planned.clock if holds_device else None,
        tell=on_event,
    )


def _bench(planned: Plan, run: Run, cache_dir: Path | None) -> Bench:
    return Bench(
        data=run.request.data,
        size=run.request.size,
        seed=run.request.seed,
        cache_dir=cache_dir,
        val=planned.length.val,
        recipe=planned.length.recipe,
        device=planned.device,
        checkpoints=run.checkpoints.resolve(),
    )


def _train(driver: Driver, bench: Bench, *, workers: int) -> None:
    if workers:
        from nas.search.workers import tune  # Loading Ray takes seconds, and not every machine has it.

        tune.run(driver, bench, workers=workers)
    else:
        inline.run(driver, bench)


def _devices(device: str) -> list[str]:
    if device == "cpu":
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
