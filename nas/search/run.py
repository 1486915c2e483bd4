"""One search, from what was asked to the front."""

import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from optuna.trial import FrozenTrial

from nas.arch.text import parse
from nas.data import load
from nas.data.find import absolute
from nas.errors import RunError
from nas.runs import storage as storages
from nas.runs.folder import Run, create
from nas.runs.journal import Journal, begin_journal, damage_told, has_journal, open_journal
from nas.runs.lock import locked
from nas.runs.request import Request
from nas.runs.trial import Trial
from nas.search import comparison, finals
from nas.search.boards import Boards
from nas.search.budget import Budget
from nas.search.devices import Devices, devices_at
from nas.search.driver import Driver
from nas.search.events import CAUSES, Cause, Ended, Event, Finished, Planned
from nas.search.ledger import Clock, Ledger, recorded_budget, recorded_ledger, recorded_seconds
from nas.search.objectives import front, losses
from nas.search.phase import Phase
from nas.search.plan import Plan, check_facts, plan
from nas.search.proposer import Chooser, Proposer
from nas.search.roster import Roster
from nas.search.stop import graceful
from nas.search.trial import Bench
from nas.search.workers import inline


@dataclass(frozen=True)
class Result:
    """What a search leaves.

    Args:
        run: Its folder.
        front: Of the search, by the first objective.
        cause: Why it ended.
        finalists: Trainings of its finalists; each has the number of its search's trial as its name.
        left_out: Numbers of the trials that would be finalists, had the budget had room for them.
    """

    run: Run
    front: tuple[Trial, ...]
    cause: Cause
    finalists: tuple[Trial, ...] = ()
    left_out: tuple[int, ...] = ()


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
        planned = planned_for(request, devices=devices, cache_dir=cache_dir)
        run = create(request, runs_dir=runs_dir, name=name, devices=devices.names[planned.device])
        with locked(run.folder):
            place = _Place(run, cache_dir, on_event, is_joined=not devices.is_here)
            return _conduct(place, planned, _begun(run, planned))


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
    with locked(run.folder), devices_at(address) as devices:
        journal = open_journal(run) if has_journal(run) else None
        facts = journal.facts() if journal else {}
        with damage_told(run):
            budget = recorded_budget(run.request, facts)
            check_facts(facts)
        if more is not None:
            facts["budget"] = asdict(budget + more)
        elif cause := facts.get("ended"):
            raise RunError(
                f"the run is finished: {CAUSES[cause]}",
                path=str(run.folder),
                hint=f"to go on with more, say --budget: {run.request.budget} more, for example",
            )
        planned = planned_for(run.request, devices=devices, facts=facts, cache_dir=cache_dir)
        journal = journal or _begun(run, planned)
        if more is not None:
            journal.remember("budget", facts["budget"])
            journal.remember("searched", None)
        journal.remember("ended", None)
        return _conduct(_Place(run, cache_dir, on_event, is_joined=not devices.is_here), planned, journal)


@dataclass(frozen=True)
class _Place:
    """Where a search takes place, and who is told.

    Args:
        run: Locked.
        cache_dir: As in `search`.
        on_event: As in `search`.
        is_joined: Whether this process belongs to a Ray cluster.
    """

    run: Run
    cache_dir: Path | None
    on_event: Callable[[Event], None]
    is_joined: bool


def planned_for(
    request: Request, *, devices: Devices, facts: Mapping[str, Any] | None = None, cache_dir: Path | None = None
) -> Plan:
    """The plan for a request, of a search or of a comparison; arguments and errors as those of `plan`."""
    return (comparison.plan if request.networks else plan)(request, devices=devices, facts=facts, cache_dir=cache_dir)


def _conduct(place: _Place, planned: Plan, journal: Journal) -> Result:
    """Search, and train the finalists, where the plan has time for them."""
    results: list[Result] = []

    def phases() -> Generator[Phase]:
        results.append((yield from _phases(place, planned, journal)))

    going = phases()
    with _logged(place.run), graceful():
        try:
            _work(going, planned, is_joined=place.is_joined)
        except KeyboardInterrupt as interruption:
            with suppress(StopIteration):
                going.throw(interruption)
    return results[0]


def _work(phases: Iterator[Phase], planned: Plan, *, is_joined: bool) -> None:
    if planned.workers:
        from nas.search.workers import tune  # Loading Ray takes seconds, and not every machine has it.

        tune.run(phases, workers=planned.workers, gpus_per_trial=planned.share, is_joined=is_joined)
    else:
        inline.run(phases)


def _phases(place: _Place, planned: Plan, journal: Journal) -> Generator[Phase, None, Result]:
    """The search and then its finalists, each to be worked off before the next is asked for, and what came of them."""
    cause: Cause | None = journal.facts().get("searched")
    if cause is None:
        ledger = recorded_ledger(planned.budget, journal, **_other_phase(planned, journal.finals()))
        finished = yield from _trained(place, planned, journal, ledger, last=not planned.finals_s)
        if not planned.finals_s or finished.cause == "interrupted":
            return Result(place.run, finished.front, finished.cause)
        cause = finished.cause
        journal.remember("searched", cause)
    return (yield from _retrained(place, planned, journal, cause))


def _other_phase(planned: Plan, studied: Journal | None) -> dict[str, float]:
    """What the ledger of a search is to know of its finalists: what they took, and what is kept for them."""
    before = recorded_seconds(studied)
    return {"before": before, "reserve": max(0.0, planned.finals_s - before)}


def _retrained(place: _Place, searched: Plan, journal: Journal, cause: Cause) -> Generator[Phase, None, Result]:
    """Train the finalists of a search that is over."""
    run, request = place.run, place.run.request
    clock = searched.clock and Clock(torch.device(searched.device))
    studied, before = journal.finals(), recorded_seconds(journal)
    trials = [trial for trial in journal.trials() if trial.state == "complete"]
    goals = searched.objectives
    best = front(trials, lambda trial: losses(trial.values, [goal.direction for goal in goals]))
    if not trials:
        journal.remember("ended", cause)
        return Result(run, (), cause)
    data = load(request.data, size=request.size, seed=request.seed, cache_dir=place.cache_dir)
    left = max(0.0, searched.budget.amount - before - recorded_seconds(studied))
    with damage_told(run):
        planned = finals.plan(searched, journal, studied, data, seed=request.seed, seconds=left, clock=clock)
    facts = finals.facts_of(planned, len(trials))
    if studied is None:
        studied = journal.begin_finals(facts)
    else:
        for name, value in facts.items():
            studied.remember(name, value)
    ledger = recorded_ledger(planned.budget, studied, before=before)
    finished = yield from _trained(place, planned, studied, ledger, last=False, finalists=True)
    ended = "interrupted" if finished.cause == "interrupted" else cause
    if ended != "interrupted":
        journal.remember("ended", ended)
        place.on_event(Finished(tuple(best), ended, finished.progress))
    return Result(run, tuple(best), ended, tuple(studied.trials()), planned.left_out)


def _trained(
    place: _Place, planned: Plan, journal: Journal, ledger: Ledger, *, last: bool, finalists: bool = False
) -> Generator[Phase, None, Finished]:
    """Let be trained what a plan says, from where its journal is."""
    run = place.run
    boards = Boards(run.boards(finalists=finalists), journal, planned) if run.request.tensorboard else None

    def tell(event: Event) -> None:
        if boards:
            boards.tell(event)
        if isinstance(event, Ended):
            run.drop_training(event.trial.number, finalists=finalists)
        place.on_event(event)

    recorded = journal.frozen()
    under_way = [frozen.number for frozen in recorded if not frozen.state.is_finished()]
    run.keep_trainings(under_way, finalists=finalists)
    driver = _driver(planned, run, journal, ledger, recorded, tell)
    tell(Planned(run, planned, len(recorded)))
    try:
        yield Phase(driver, _bench(planned, run, place.cache_dir, finalists=finalists))
        if run.request.networks and not driver.error:
            journal.remember("latency", comparison.latency(planned, journal.trials()))
    except KeyboardInterrupt:
        driver.interrupt()
    if driver.error:
        raise driver.error
    return driver.finish(last=last)


def _begun(run: Run, planned: Plan) -> Journal:
    return begin_journal(
        run, directions=[objective.direction for objective in planned.objectives], facts=planned.facts()
    )


def _driver(
    planned: Plan,
    run: Run,
    journal: Journal,
    ledger: Ledger,
    recorded: Sequence[FrozenTrial],
    tell: Callable[[Event], None],
) -> Driver:
    ledger.hold("calibration", planned.elsewhere_s)
    if planned.clock:
        ledger.hold("driver", planned.clock.seconds())
    holds_device = planned.device == "cpu" or not planned.workers
    driver = Driver(
        proposer=_chooser(planned, run.request.seed),
        journal=journal,
        ledger=ledger,
        forecast=planned.forecast,
        objectives=planned.objectives,
        length=planned.length,
        workers=max(1, planned.workers),
        share=planned.share,
        bound=planned.bound,
        clock=planned.clock if holds_device else None,
        tell=tell,
        inherits=run.request.inherit and planned.strategy is not None,
    )
    driver.recall(recorded, lambda network: planned.terms.known(parse(network)))
    return driver


def _chooser(planned: Plan, seed: int) -> Chooser:
    if planned.strategy is None:
        return Roster(planned.entries, planned.seeds, planned.spare_seeds)
    return Proposer(
        planned.terms, planned.strategy, planned.objectives, start=planned.start, named=planned.named, seed=seed
    )


def _bench(planned: Plan, run: Run, cache_dir: Path | None, *, finalists: bool) -> Bench:
    return Bench(
        data=run.request.data,
        size=run.request.size,
        seed=run.request.seed,
        cache_dir=cache_dir,
        val=planned.length.val,
        recipe=planned.length.recipe,
        device=planned.device,
        run=run.folder.resolve(),
        checkpoints=(run.finalists if finalists else run.checkpoints).resolve(),
        test=planned.length.test,
        zero_cost=run.request.zero_cost and not finalists,
    )


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
