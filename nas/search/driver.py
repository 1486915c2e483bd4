"""The driver: begins trials while the budget lasts, watches them, and records how they end."""

import logging
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial

from optuna.trial import FrozenTrial

from nas.arch.cost import Cost
from nas.arch.text import text
from nas.errors import NasError
from nas.runs.journal import Journal
from nas.runs.trial import trial_of
from nas.search.errors import SearchError
from nas.search.events import Began, Cause, Ended, EpochDone, Event, Finished, Recalled, Rested
from nas.search.forecast import Forecast, images_seen
from nas.search.judge import Bound, Judge
from nas.search.ladder import Ladder
from nas.search.ledger import Clock, Ledger
from nas.search.length import Length
from nas.search.limits import Candidate
from nas.search.objectives import Objective
from nas.search.own import ObjectiveError
from nas.search.progress import Progress, progress
from nas.search.proposer import Chooser, Proposal
from nas.search.relatives import Relative, Relatives
from nas.search.running import Running
from nas.search.tally import Tally
from nas.search.trial import Job, Outcome
from nas.train.fit import Epoch

_MARGIN = 1.1
"""A trial begins where so many times its forecast is left: one that is stopped near its end has wasted the most."""

_FAILURES = 5
"""So many first trials that all fail for one reason end the search."""

_TRIES = 4
"""So many workers of one process that did not live through the next epoch of a trial died of it."""

_PATIENCE = 20
_LEAST_PATIENCE_S = 300.0
"""A worker that is silent for so many times what an epoch takes, and so long at least, hangs. Machines are busy, and a
first trial may have to prepare the data of its host."""

_RECALLED = 1000
"""Trials of a record whose networks take a second or two to read back."""

_log = logging.getLogger("nas.search")


class Driver:
    """What workers are asked to do, and what becomes of it. Knows neither how networks are chosen nor who trains them.

    Whoever runs trials calls `begin` for a job, `epoch` after each of its epochs, `end` once or `lose` where the worker
    is gone, and `hold` whenever it knows how long its workers have held their devices; all from one thread.

    What is under way when the search ends before its time stays so in the record, and goes on when it is resumed.

    Args:
        proposer: Says what to train.
        journal: Records it.
        ledger: Says what is left for it.
        forecast: Says how long it will take.
        objectives: What trials are judged by.
        length: Of every trial.
        workers: Trials at once.
        share: Of a device, that each holds.
        bound: What is measured of a network before it is begun; None for nothing.
        clock: Of this process, where it holds a device too.
        tell: Called with what happens.
        inherits: Whether children begin with the weights of a parent.
    """

    def __init__(
        self,
        *,
        proposer: Chooser,
        journal: Journal,
        ledger: Ledger,
        forecast: Forecast,
        objectives: Sequence[Objective],
        length: Length,
        workers: int,
        clock: Clock | None,
        tell: Callable[[Event], None],
        share: float = 1.0,
        bound: Bound | None = None,
        inherits: bool = False,
    ) -> None:
        self._proposer, self._journal, self._ledger, self._forecast = proposer, journal, ledger, forecast
        self._length, self._workers, self._share = length, workers, share
        self._judge = Judge(objectives, bound)
        self._ladder = Ladder(length, self._judge, forecast, margin=_MARGIN)
        self._clock, self._tell, self._inherits = clock, tell, inherits
        self._relatives = Relatives()
        self._tally = Tally([objective.direction for objective in objectives])
        self._running: dict[int, Running] = {}
        self._waiting: deque[int] = deque()
        """Of the trials under way, those that no worker has."""
        self._full = False
        """Whether what is left has no room beside the trials under way."""
        self._cause: Cause | None = None
        self.error: NasError | None = None
        """What ended the search before its time."""

    def recall(self, recorded: Sequence[FrozenTrial], candidate: Callable[[str], Candidate]) -> None:
        """Go on from a record: what has ended has ended, and what was under way is the first that workers are given.

        Args:
            recorded: The trials, by number.
            candidate: The network of a text, with its cost.
        """
        networks: dict[int, str] = {}
        for done, frozen in enumerate(recorded):
            if done and done % _RECALLED == 0:
                self._tell(Recalled(done, len(recorded)))
            trial = trial_of(frozen)
            networks[trial.number] = trial.network
            proposal = self._proposer.recall(frozen, candidate(trial.network))
            self._judge.know(proposal.candidate, frozen.user_attrs.get("measured"))
            epochs = [Epoch(**told) for told in frozen.user_attrs.get("epochs", ())]
            for epoch in epochs:
                self._learn(proposal.candidate.cost, epoch)
            until = frozen.user_attrs.get("until", self._length.recipe.epochs)
            running = Running(proposal, until, epochs, before=trial.seconds)
            parent = frozen.user_attrs.get("inherits")
            if parent in networks and not trial.inherited:
                running.relative = Relative(parent, networks[parent])
            if trial.state in ("complete", "waiting") or (trial.state == "running" and until > self._ladder.ends[0]):
                self._relatives.know(trial.number, proposal.candidate)
            if trial.state == "running":
                self._running[trial.number] = running
                self._waiting.append(trial.number)
            elif trial.state != "waiting":
                self._tally.recall(trial)
            self._ladder.recall(trial.number, running, trial.state)

    @property
    def over(self) -> bool:
        """Whether nothing runs and nothing more will begin."""
        return len(self._running) == len(self._waiting) and (self._ended or self._full)

    @property
    def _ended(self) -> bool:
        return self._cause is not None or self.error is not None

    def hold(self, holder: str, seconds: float) -> None:
        """Note that a worker has held its device for so long in all."""
        self._ledger.hold(holder, seconds)

    def begin(self) -> Job | None:
        """The next trial, begun; None where there is none, or none before another ends."""
        self._hold_own()
        while self._waiting and not self._ended:
            lost = self._waiting.popleft()
            running = self._running[lost]
            if running.tries >= _TRIES:
                detail = f"{running.tries} one after the other; perhaps the machine ran out of memory"
                self._fail(lost, "the worker died", detail)
            elif self._is_out_of_time:
                self._stop(lost)
            else:
                return self._job(lost, "goes on")
        if self._full or self._ended:
            return None
        try:
            return self._next()
        except ObjectiveError as error:
            self.error = error
            return None

    def _next(self) -> Job | None:
        if not self._is_ending and (number := self._ladder.due(self._free)) is not None:
            return self._promoted(number)
        if proposal := self._propose():
            return self._started(proposal)
        if (number := self._ladder.late(self._free, all_too=self._ledger.budget.is_time)) is not None:
            return self._promoted(number)
        self._full = True
        if self._proposer.exhausted and not self._running:  # What runs ends first.
            self._cause = "space"
        return None

    def _started(self, proposal: Proposal) -> Job:
        candidate, until = proposal.candidate, self._ladder.ends[0]
        measured = self._judge.know(candidate)
        relative = self._relatives.nearest(candidate.network, proposal.parents) if self._inherits else None
        notes = {"until": until, "measured": measured, "inherits": relative and relative.number}
        number = self._journal.begin(
            proposal.asked,
            network=text(candidate.network),
            fingerprint=candidate.fingerprint,
            cost=candidate.cost,
            seed=proposal.seed,
            notes=proposal.notes() | {name: value for name, value in notes.items() if value not in (None, {})},
        )
        self._running[number] = Running(proposal, until, relative=relative)
        self._ledger.train(number, 0.0)
        return self._job(number, "begins")

    def epoch(self, number: int, epoch: Epoch, *, seconds: float) -> bool:
        """Record an epoch, and say whether the trial goes on with this worker.

        Args:
            number: Of the trial.
            epoch: Its numbers. One that is on record, as a worker tells of that goes on with a trial, is no news.
            seconds: Device time of this worker on this trial so far.
        """
        self._hold_own()
        running = self._running.get(number)
        if running is None:
            return False
        self._spend(number, seconds)
        if epoch.epoch > len(running.epochs):
            running.epochs.append(epoch)
            running.tries = 1
            self._journal.epochs(number, [asdict(epoch) for epoch in running.epochs], seconds=running.spent)
            self._note_ledger()
            self._learn(running.cost, epoch)
            self._tell(EpochDone(number, epoch.epoch, self._ladder.ends[-1], epoch.val_accuracy, self.progress()))
        if len(running.epochs) == running.until:
            return True
        if self._is_out_of_time:
            self._stop(number)
        elif self._ended:
            self._wait(number)
        else:
            return True
        return False

    def end(self, number: int, outcome: Outcome) -> None:
        """Record how a trial ended; nothing where it was stopped before."""
        self._hold_own()
        running = self._running.get(number)
        if running is None or outcome.stopped:
            return
        self._spend(number, outcome.seconds)
        if outcome.measures:
            self._journal.measure(number, outcome.measures)
        if outcome.error:
            self.error = outcome.error
            self._wait(number)
        elif outcome.reason:
            self._fail(number, outcome.reason, outcome.detail)
        elif running.until < self._ladder.ends[-1]:
            self._settle(number, outcome)
        else:
            values = self._judge.values(running.proposal.candidate, running.epochs[-1].val_accuracy)
            test = asdict(outcome.test) if outcome.test else None
            self._journal.complete(
                number,
                values,
                seconds=running.spent,
                micro_batch=outcome.micro_batch,
                test=test,
                inherited=outcome.inherited,
            )
            self._close(number, values)

    def lose(self, number: int, silent: float, *, hung: bool = False) -> None:
        """Note that the worker of a trial is gone: died, or killed because it hung.

        Another goes on with the trial from its last epoch, unless it hung, or they die of it.

        Args:
            number: Of the trial.
            silent: Seconds since the worker was last heard of.
            hung: Whether it was killed.
        """
        running = self._running.get(number)
        if running is None:
            return
        self._ledger.lose(silent)
        running.leave(silent)
        self._ledger.train(number, running.spent)
        if hung:
            self._fail(number, "the worker hung", f"no epoch and no end for {silent:.0f} s")
        else:
            _log.warning("trial %d lost its worker", number)
            self._waiting.append(number)
            self._full = False

    def hangs(self, number: int, silent: float) -> bool:
        """Whether the worker of a trial that has said nothing for so many seconds should be killed."""
        running = self._running.get(number)
        if running is None:
            return False
        epoch = self._forecast.seconds(running.cost, images=self._length.images) or 0.0
        return silent > max(_LEAST_PATIENCE_S, _PATIENCE * epoch)

    def interrupt(self) -> None:
        """Begin no other trial, and leave those under way for later."""
        self._cause = "interrupted"
        for number in self._running.keys() - self._waiting:
            self._wait(number)

    def finish(self, *, last: bool = True) -> Finished:
        """The end of the search, told and returned; recorded where it is not for later.

        Args:
            last: Whether nothing follows; else it is neither told nor recorded.
        """
        self._hold_own()
        self._note_ledger()
        cause = self._cause or "budget"
        if cause != "interrupted":
            self._dismiss()
        if last and cause != "interrupted":
            self._journal.remember("ended", cause)
        finished = Finished(tuple(self._tally.front), cause, self.progress())
        _log.info("finished: %s, %d on the front", cause, len(finished.front))
        if last or cause == "interrupted":
            self._tell(finished)
        return finished

    def progress(self) -> Progress:
        """How far the search is."""
        under_way, resting = len(self._running), len(self._ladder.resting)
        devices = self._workers * self._share
        return progress(self._tally, self._ledger, running=under_way, resting=resting, devices=devices)

    @property
    def _is_out_of_time(self) -> bool:
        return self._ledger.budget.is_time and self._ledger.is_spent

    def _job(self, number: int, how: str) -> Job:
        running = self._running[number]
        running.leave(0.0)
        running.tries += 1
        proposal, candidate = running.proposal, running.proposal.candidate
        _log.info("trial %d %s: %s, %d MACs", number, how, candidate.fingerprint, candidate.cost.macs)
        self._tell(Began(self._journal.trial(number), self._seconds(candidate.cost), self.progress()))
        network = text(candidate.network)
        return Job(number, network, proposal.seed, proposal.recipe, running.until, running.relative)

    def _promoted(self, number: int) -> Job:
        """A trial that rests, on its way to the next rung."""
        running = self._running[number] = self._ladder.go_on(number)
        self._journal.go_on(number, until=running.until)
        return self._job(number, "goes on")

    def _settle(self, number: int, outcome: Outcome) -> None:
        """A trial rests at the end of its rung."""
        running = self._running.pop(number)
        self._journal.rest(number, seconds=running.spent, micro_batch=outcome.micro_batch, inherited=outcome.inherited)
        running.relative = None
        self._relatives.know(number, running.proposal.candidate)
        self._ladder.settle(number, running)
        self._note_ledger()
        self._full = False
        _log.info("trial %d rests after %d epochs", number, running.until)
        self._tell(Rested(self._journal.trial(number), self.progress()))

    def _dismiss(self) -> None:
        """The trials that rest will not go on."""
        for number, running in sorted(self._ladder.resting.items()):
            self._journal.stop(number, f"rested at {self._ladder.rung(number)}", seconds=running.spent)
            self._note_end(number)
        self._ladder.resting.clear()

    @property
    def _is_ending(self) -> bool:
        """Whether what is left is needed to bring those to their end that are expected on the front."""
        return self._ledger.budget.is_time and 0 < self._ladder.needs >= self._free

    def _propose(self) -> Proposal | None:
        """What to train next; near the end, first of what lets all workers end together, then of what fits at all."""
        if self._ledger.is_spent or self._is_ending:
            return None
        for resting, values in self._ladder.expected():
            self._proposer.expect(resting, values)
        for room in self._rooms():
            if proposal := self._proposer.propose(partial(self._fits, room)):
                return proposal
        return None

    def _fits(self, room: float, candidate: Candidate) -> bool:
        """Whether a candidate will surely be trained in so many seconds, if that is known, and keeps to the bound."""
        seconds = self._seconds(candidate.cost)
        return (seconds is None or _MARGIN * seconds <= room) and self._judge.admits(candidate)

    def _rooms(self) -> tuple[float, ...]:
        """Seconds that the next trial may take: a fair share of what is left, or else all that is free."""
        if not self._ledger.budget.is_time:
            return (math.inf,)
        fair = min(self._free, self._ledger.left / self._workers, self._ledger.budget.largest)
        return fair, self._free

    @property
    def _free(self) -> float:
        """Seconds that are left beside what the trials under way will still take."""
        if not self._ledger.budget.is_time:
            return math.inf
        return self._ledger.left - sum(map(self._rest, self._running.values()))

    def _seconds(self, cost: Cost) -> float | None:
        return self._forecast.seconds(cost, images=self._length.all_images)

    def _rest(self, running: Running) -> float:
        """Seconds that a trial under way will still take."""
        images = (running.until - len(running.epochs)) * self._length.images + images_seen(0, self._length.test)
        return self._forecast.seconds(running.cost, images=images) or 0.0

    def _learn(self, cost: Cost, epoch: Epoch) -> None:
        self._forecast.learn(cost, images=images_seen(epoch.images, self._length.val), seconds=epoch.seconds)

    def _spend(self, number: int, seconds: float) -> None:
        running = self._running[number]
        running.seconds = seconds
        self._ledger.train(number, running.spent)

    def _wait(self, number: int) -> None:
        """A trial has no worker any more through no fault of its own, and will have another."""
        self._waiting.append(number)

    def _stop(self, number: int) -> None:
        """End a trial for which no time is left."""
        self._journal.stop(number, "budget", seconds=self._running[number].spent)
        self._close(number, None)

    def _fail(self, number: int, reason: str, detail: str) -> None:
        self._journal.fail(number, reason, detail, seconds=self._running[number].spent)
        self._close(number, None)

    def _close(self, number: int, values: Sequence[float] | None) -> None:
        running = self._running.pop(number)
        if values is None:
            self._relatives.forget(running.proposal.candidate)
        else:
            self._relatives.know(number, running.proposal.candidate)
        self._proposer.tell(running.proposal, values)
        self._ladder.close(number, running, failed=values is None)
        self._note_ledger()
        self._full = False
        self._note_end(number)
        if reason := self._tally.common_failure(_FAILURES):
            self.error = SearchError(
                f"the first {_FAILURES} trials all failed: {reason}", hint="log.txt and study.db in the run say more"
            )

    def _note_end(self, number: int) -> None:
        trial = self._journal.trial(number)
        self._tally.add(trial)
        _log.info("trial %d is %s: %s", number, trial.state, trial.reason or trial.values)
        self._tell(Ended(trial, self.progress()))

    def _hold_own(self) -> None:
        if self._clock is not None:
            self._ledger.hold("driver", self._clock.seconds())

    def _note_ledger(self) -> None:
        self._journal.remember("overhead", self._ledger.overhead)
