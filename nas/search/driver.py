"""The driver: begins trials while the budget lasts, watches them, and records how they end."""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial

from nas.arch.cost import Cost
from nas.arch.text import text
from nas.runs.journal import Journal
from nas.search.errors import SearchError
from nas.search.events import Began, Cause, Ended, EpochDone, Event, Finished, Progress
from nas.search.forecast import Forecast, images_seen
from nas.search.ledger import Clock, Ledger
from nas.search.length import Length
from nas.search.limits import Candidate
from nas.search.objectives import Objective
from nas.search.proposer import Proposal, Proposer
from nas.search.tally import Tally
from nas.search.trial import Job, Outcome
from nas.train.fit import Epoch

_MARGIN = 1.1
"""A trial begins where so many times its forecast is left: one that is stopped near its end has wasted the most."""

_LARGEST = 1 / 8
"""Of the budget, for one trial, as long as there are smaller ones: a few dear networks make no front."""

_FAILURES = 5
"""So many first trials that all fail for one reason end the search."""

_log = logging.getLogger("nas.search")


@dataclass
class _Running:
    """A trial under way."""

    proposal: Proposal
    epochs: list[Epoch] = field(default_factory=list)

    @property
    def cost(self) -> Cost:
        return self.proposal.candidate.cost


class Driver:
    """What workers are asked to do, and what becomes of it. Knows neither how networks are chosen nor where they train.

    Whoever runs trials calls `begin` for a job, `epoch` after each of its epochs, `end` once, and `hold` whenever it
    knows how long its workers have held their devices; all from one thread.

    Args:
        proposer: Says what to train.
        journal: Records it.
        ledger: Says what is left for it.
        forecast: Says how long it will take.
        objectives: What trials are judged by.
        length: Of every trial.
        workers: Trials at once.
        seed: Of every training: all see the images in one order, so that what differs is the networks' own.
        clock: Of this process, where it holds a device too.
        tell: Called with what happens.
    """

    def __init__(
        self,
        *,
        proposer: Proposer,
        journal: Journal,
        ledger: Ledger,
        forecast: Forecast,
        objectives: Sequence[Objective],
        length: Length,
        workers: int,
        seed: int,
        clock: Clock | None,
        tell: Callable[[Event], None],
    ) -> None:
        self._proposer, self._journal, self._ledger, self._forecast = proposer, journal, ledger, forecast
        self._objectives, self._length, self._workers, self._seed = objectives, length, workers, seed
        self._clock, self._tell = clock, tell
        self._tally = Tally(objectives)
        self._running: dict[int, _Running] = {}
        self._full = False
        """Whether what is left has no room beside the trials under way."""
        self._cause: Cause | None = None
        self.error: SearchError | None = None
        """What ended the search before its time."""

    @property
    def over(self) -> bool:
        """Whether nothing runs and nothing more will begin."""
        return not self._running and (self._full or self._ended)

    def hold(self, holder: str, seconds: float) -> None:
        """Note that a worker has held its device for so long in all."""
        self._ledger.hold(holder, seconds)

    def begin(self) -> Job | None:
        """The next trial, begun; None where there is none, or none before another ends."""
        self._hold_own()
        if self._full or self._ended:
            return None
        proposal = self._propose()
        if proposal is None:
            self._full = True
            return None
        candidate = proposal.candidate
        network = text(candidate.network)
        number = self._journal.begin(
            proposal.asked, network=network, fingerprint=candidate.fingerprint, cost=candidate.cost, seed=self._seed
        )
        self._running[number] = _Running(proposal)
        self._ledger.trials += 1
        _log.info("trial %d begins: %s, %d MACs", number, candidate.fingerprint, candidate.cost.macs)
        self._tell(Began(self._journal.trial(number), self._seconds(candidate.cost), self.progress()))
        return Job(number, network, self._seed)

    def epoch(self, number: int, epoch: Epoch) -> bool:
        """Record an epoch, and say whether the trial goes on; where not, it has ended here."""
        self._hold_own()
        if number not in self._running:
            return False
        running = self._running[number]
        running.epochs.append(epoch)
        self._journal.epochs(number, [asdict(epoch) for epoch in running.epochs])
        self._note_ledger()
        self._forecast.learn(running.cost, images=images_seen(epoch.images, self._length.val), seconds=epoch.seconds)
        epochs = self._length.recipe.epochs
        self._tell(EpochDone(number, epoch.epoch, epochs, epoch.val_accuracy, self.progress()))
        out_of_time = self._ledger.budget.is_time and self._ledger.is_spent
        if epoch.epoch < epochs and (out_of_time or self.error):
            self._stop(number, "budget" if out_of_time else "the search ended")
            return False
        return True

    def end(self, number: int, outcome: Outcome) -> None:
        """Record how a trial ended; nothing where it was stopped before."""
        self._hold_own()
        if number not in self._running:
            return
        running = self._running.pop(number)
        if outcome.reason:
            self._journal.fail(number, outcome.reason, outcome.detail, seconds=outcome.seconds)
            self._close(number, running, None)
        else:
            accuracy = running.epochs[-1].val_accuracy
            values = [objective.value(running.cost, accuracy) for objective in self._objectives]
            self._journal.complete(number, values, seconds=outcome.seconds)
            self._close(number, running, values)

    def interrupt(self) -> None:
        """Stop every trial under way, and begin no other."""
        self._hold_own()
        self._cause = "interrupted"
        for number in list(self._running):
            self._stop(number, "interrupted")

    def finish(self) -> Finished:
        """The end of the search, told and returned."""
        self._hold_own()
        self._note_ledger()
        finished = Finished(tuple(self._tally.front), self._cause or "budget", self.progress())
        _log.info("finished: %s, %d on the front", finished.cause, len(finished.front))
        self._tell(finished)
        return finished

    def progress(self) -> Progress:
        """How far the search is."""
        return Progress(
            complete=self._tally.counts["complete"],
            failed=self._tally.counts["fail"],
            stopped=self._tally.counts["pruned"],
            running=len(self._running),
            best=self._tally.best,
            front=len(self._tally.front),
            spent=self._ledger.spent,
            left=self._ledger.left,
            eta_s=self._eta(),
        )

    @property
    def _ended(self) -> bool:
        return self._cause is not None or self.error is not None

    def _propose(self) -> Proposal | None:
        """What to train next; near the end, first of what lets all workers end together, then of what fits at all."""
        if self._ledger.is_spent:
            return None
        for room in self._rooms():
            if proposal := self._proposer.propose(partial(self._fits, room)):
                return proposal
        if self._proposer.exhausted:
            self._cause = "space"
        return None

    def _fits(self, room: float, candidate: Candidate) -> bool:
        """Whether a candidate will surely be trained in so many seconds; where nothing is known, it may be."""
        seconds = self._seconds(candidate.cost)
        return seconds is None or _MARGIN * seconds <= room

    def _rooms(self) -> tuple[float, ...]:
        """Seconds that the next trial may take: a fair share of what is left, or else all that is free."""
        if not self._ledger.budget.is_time:
            return (math.inf,)
        left = self._ledger.left
        free = left - sum(map(self._rest, self._running.values()))
        return min(free, left / self._workers, _LARGEST * self._ledger.budget.amount), free

    def _seconds(self, cost: Cost) -> float | None:
        return self._forecast.seconds(cost, images=self._length.all_images)

    def _rest(self, running: _Running) -> float:
        """Seconds that a trial under way will still take."""
        epochs = self._length.recipe.epochs - len(running.epochs)
        return self._forecast.seconds(running.cost, images=epochs * self._length.images) or 0.0

    def _stop(self, number: int, reason: str) -> None:
        running = self._running.pop(number)
        self._journal.stop(number, reason, seconds=sum(epoch.seconds for epoch in running.epochs))
        self._close(number, running, None)

    def _close(self, number: int, running: _Running, values: Sequence[float] | None) -> None:
        self._proposer.tell(running.proposal, values)
        self._note_ledger()
        self._full = False
        trial = self._journal.trial(number)
        self._tally.add(trial)
        _log.info("trial %d is %s: %s", number, trial.state, trial.reason or trial.values)
        if reason := self._tally.common_failure(_FAILURES):
            self.error = SearchError(
                f"the first {_FAILURES} trials all failed: {reason}", hint="log.txt and study.db in the run say more"
            )
        self._tell(Ended(trial, self.progress()))

    def _eta(self) -> float | None:
        if self._ledger.budget.is_time:
            return self._ledger.left / self._workers
        seconds = self._tally.mean_seconds
        return None if seconds is None else (self._ledger.left + len(self._running)) * seconds / self._workers

    def _hold_own(self) -> None:
        if self._clock is not None:
            self._ledger.hold("driver", self._clock.seconds())

    def _note_ledger(self) -> None:
        self._journal.remember("ledger", self._ledger.accounts)
