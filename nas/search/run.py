"""One search, from what was asked to the front."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from optuna.trial import FrozenTrial

from nas.arch.text import parse
from nas.data.find import absolute
from nas.errors import RunError
from nas.runs import storage as storages
from nas.runs.folder import Run, create
from nas.runs.journal import Journal, begin_journal, has_journal, open_journal
from nas.runs.lock import locked
from nas.runs.request import Request
from nas.runs.trial import Trial
from nas.search.budget import Budget
from nas.search.devices import devices_at
from nas.search.driver import Driver
from nas.search.events import CAUSES, Cause, Ended, Event, Planned
from nas.search.ledger import recorded_budget, recorded_ledger
from nas.search.plan import Plan, plan
from nas.search.proposer import Proposer
from nas.search.stop import graceful
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
    address: str | None = None,
    on_event: Callable[[Event], None] = lambda _: None,
) -> Result:
    """Search until the budget is spent, and return the front.

    An interruption from the keyboard ends the search with what there is; `resume` goes on with it, and so it does where
    the process or all of the machine was killed.

    Args:
        request: What is asked.
        runs_dir: Where the folder of the run is made.
        name: Of the run; None for the time and the name of the space.
        cache_dir: Where each host keeps its copy of the data; None for the default.
        address: Of the Ray cluster that trains, `HOST:PORT` or `auto`; None for this machine.
        on_event: Called with the plan, then with what happens.

    Raises:
        NasError: the request cannot be met: budget, strategy, objectives, storage, recipe, limits, data or name.
        RunError: the run can no longer be written.
        SearchError: no network of the space can be trained, or the first five trials fail for one reason.
    """
    storage = request.storage and storages.absolute(request.storage)
    request = replace(request, data=absolute(request.data), storage=storage)
    with devices_at(address) as devices:
        planned = plan(request, devices=devices, cache_dir=cache_dir)
        run = create(request, runs_dir=runs_dir, name=name, devices=devices.names[planned.device])
        with locked(run):
            return _conduct(run, planned, _begun(run, planned), cache_dir, on_event, is_joined=not devices.is_here)


def resume(
    run: Run,
    *,
    more: Budget | None = None,
    cache_dir: Path | None = None,
    address: str | None = None,
    on_event: Callable[[Event], None] = lambda _: None,
) -> Result:
    """Go on with a search that was interrupted or killed, or that has more to spend, and return its front.

    What has ended is not trained again; what was under way goes on from its last epoch, and the ledger from where it
    was.

    Args:
        run: Its folder.
        more: To be spent beside what was asked; None for nothing.
        cache_dir: As in `search`.
        address: As in `search`; another than before will do.
        on_event: As in `search`.

    Raises:
        RunError: the run is finished, another process searches in it, or it is damaged.
        BudgetError: `more` counts something else than the run.
        NasError: as `search`.
    """
    with locked(run), devices_at(address) as devices:
        journal = open_journal(run) if has_journal(run) else None
        facts = journal.facts() if journal else {}
        if more is not None:
            facts["budget"] = asdict(recorded_budget(run.request, facts) + more)
        elif cause := facts.get("ended"):
            raise RunError(
                f"the run is finished: {CAUSES[cause]}",
                path=str(run.folder),
                hint=f"to go on with more, say --budget: {run.request.budget} more, for example",
            )
        planned = plan(run.request, devices=devices, facts=facts, cache_dir=cache_dir)
        journal = journal or _begun(run, planned)
        if more is not None:
            journal.remember("budget", facts["budget"])
        journal.remember("ended", None)
        return _conduct(run, planned, journal, cache_dir, on_event, is_joined=not devices.is_here)


def _conduct(
    run: Run,
    planned: Plan,
    journal: Journal,
    cache_dir: Path | None,
    on_event: Callable[[Event], None],
    *,
    is_joined: bool,
) -> Result:
    """Search within a run that is locked."""

    def tell(event: Event) -> None:
        if isinstance(event, Ended):
            run.drop_training(event.trial.number)
        on_event(event)

    with _logged(run), graceful():
        recorded = journal.frozen()
        run.keep_trainings([frozen.number for frozen in recorded if not frozen.state.is_finished()])
        driver = _driver(planned, run, journal, recorded, tell)
        tell(Planned(run, planned, len(recorded)))
        try:
            _train(driver, _bench(planned, run, cache_dir), planned, is_joined=is_joined)
        except KeyboardInterrupt:
            driver.interrupt()
        if driver.error:
            raise driver.error
        finished = driver.finish()
    return Result(run, finished.front, finished.cause)


def _begun(run: Run, planned: Plan) -> Journal:
    return begin_journal(
        run, directions=[objective.direction for objective in planned.objectives], facts=planned.facts()
    )


def _driver(
    planned: Plan, run: Run, journal: Journal, recorded: Sequence[FrozenTrial], tell: Callable[[Event], None]
) -> Driver:
    ledger = recorded_ledger(planned.budget, journal)
    ledger.hold("calibration", planned.elsewhere_s)
    if planned.clock:
        ledger.hold("driver", planned.clock.seconds())
    holds_device = planned.device == "cpu" or not planned.workers
    seed = run.request.seed
    driver = Driver(
        proposer=Proposer(planned.terms, planned.strategy, planned.objectives, start=planned.start, seed=seed),
        journal=journal,
        ledger=ledger,
        forecast=planned.forecast,
        objectives=planned.objectives,
        length=planned.length,
        workers=max(1, planned.workers),
        share=planned.share,
        seed=seed,
        clock=planned.clock if holds_device else None,
        tell=tell,
    )
    driver.recall(recorded, lambda network: planned.terms.known(parse(network)))
    return driver


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


def _train(driver: Driver, bench: Bench, planned: Plan, *, is_joined: bool) -> None:
    if planned.workers:
        from nas.search.workers import tune  # Loading Ray takes seconds, and not every machine has it.

        tune.run(driver, bench, workers=planned.workers, gpus_per_trial=planned.share, is_joined=is_joined)
    else:
        inline.run(driver, bench)


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
