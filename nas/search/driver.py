"""The driver: begins trials while the budget lasts, watches them, and records how they end."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from nas.arch.text import text
from nas.runs.journal import Journal
from nas.runs.trial import Trial
from nas.search.errors import SearchError
from nas.search.events import Began, Cause, Ended, EpochDone, Event, Finished, Progress
from nas.search.forecast import Forecast, images_seen
from nas.search.ledger import Clock, Ledger
from nas.search.length import Length
from nas.search.limits import Candidate
from nas.search.objectives import Objective, front, losses
from nas.search.proposer import Proposal, Proposer
from nas.search.trial import Job, Outcome
from nas.train.fit import Epoch

_MARGIN = 1.1
"""A trial is begun where so many times its forecast is left: one that is stopped near its end has wasted most."""

_FAILURES = 5
"""So many first trials that all fail of one cause end the search."""

_log = logging.getLogger("nas.search")


@dataclass
class _Running:
    """A trial under way."""

    proposal: Proposal
    seconds: float | None
    epochs: list[Epoch] = field(default_factory=list)


class Driver:
    """What workers are asked to do, and what becomes of it. Knows neither how networks are chosen nor where they train.

    Whoever runs trials calls `begin` for a job, `epoch` after each of its epochs, `end` once, and `hold` whenever it
    knows how long its workers have held their devices; all from one thread.

    Args:
        proposer: Says what to train.
        journal: Records it.
        ledger: Says whether there is budget for it.
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
        self._objectives, self._length, self._workers, self._seed = tuple(objectives), length, workers, seed
        self._clock, self._tell = clock, tell
        self._running: dict[int, _Running] = {}
        self._done: list[Trial] = []
        self._waiting = False
        """Whether nothing fits beside what runs; it may when a trial has ended."""
        self._cause: Cause | None = None
        self.error: SearchError | None = None
        """What ended the search before its time."""

    @property
    def over(self) -> bool:
        """Whether nothing runs and nothing more will begin."""
        return not self._running and (self._waiting or self._cause is not None or self.error is not None)

    def hold(self, holder: str, seconds: float) -> None:
        """Note that a worker has held its device for so long in all."""
        self._ledger.hold(holder, seconds)

    def begin(self) -> Job | None:
        """The next trial, begun; None where there is none, or none until another ends."""
        self._hold_own()
        if self._waiting or self._cause or self.error:
            return None
        proposal = self._proposal()
        if proposal is None:
            self._waiting = True
            return None
        candidate = proposal.candidate
        network = text(candidate.network)
        number = self._journal.begin(
            proposal.asked,
            network=network,
            fingerprint=candidate.fingerprint,
            cost=candidate.cost,
            seed=self._seed,
        )
        running = _Running(proposal, self._seconds(candidate))
        self._running[number] = running
        self._ledger.trials += 1
        self._note_ledger()
        _log.info("trial %d begins: %s, %d MACs", number, candidate.fingerprint, candidate.cost.macs)
        self._tell(Began(self._journal.trial(number), running.seconds, self.progress()))
        return Job(number, network, self._seed)

    def epoch(self, number: int, epoch: Epoch) -> bool:
        """Record an epoch, and say whether the trial goes on; where not, it has ended here."""
        self._hold_own()
        running = self._running.get(number)
        if running is None:
            return False
        running.epochs.append(epoch)
        self._journal.epochs(number, [asdict(epoch) for epoch in running.epochs])
        self._note_ledger()
        images = images_seen(epoch.images, self._length.val)
        self._forecast.learn(running.proposal.candidate.cost, images=images, seconds=epoch.seconds)
        epochs = self._length.recipe.epochs
        self._tell(EpochDone(number, epoch.epoch, epochs, epoch.val_accuracy, self.progress()))
        if epoch.epoch < epochs and (self.error or self._budget_is_spent()):
            self._stop(number, "the search was stopped" if self.error else "budget")
            return False
        return True

    def end(self, number: int, outcome: Outcome) -> None:
        """Record how a trial ended; nothing where it was stopped before."""
        self._hold_own()
        if number not in self._running:
            return
        running = self._running.pop(number)
        values = None
        if outcome.reason:
            self._journal.fail(number, outcome.reason, outcome.detail, seconds=outcome.seconds)
        else:
            accuracy, cost = running.epochs[-1].val_accuracy, running.proposal.candidate.cost
            values = [objective.value(cost, accuracy) for objective in self._objectives]
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
        finished = Finished(tuple(self._front()), self._cause or "budget", self.progress())
        _log.info("finished: %s, %d on the front", finished.cause, len(finished.front))
        self._tell(finished)
        return finished

    def progress(self) -> Progress:
        """How far the search is."""
        states = Counter(trial.state for trial in self._done)
        accuracies = [
            trial.accuracy for trial in self._done if trial.state == "complete" and trial.accuracy is not None
        ]
        return Progress(
            complete=states["complete"],
            failed=states["fail"],
            stopped=states["pruned"],
            running=len(self._running),
            best=max(accuracies, default=None),
            front=len(self._front()),
            spent=self._ledger.spent,
            left=self._ledger.left,
            eta_s=self._eta(),
        )

    def _proposal(self) -> Proposal | None:
        """What to train next: first of what lets all workers end together, then of what fits at all."""
        if self._ledger.budget.unit == "trials":
            proposal = self._proposer.propose(lambda _: True) if self._ledger.left else None
            self._cause = None if proposal else ("space" if self._ledger.left else "budget")
            return proposal
        if self._budget_is_spent():
            return None
        too_long = False

        def fits(candidate: Candidate, room: float) -> bool:
            nonlocal too_long
            seconds = self._seconds(candidate)
            within = seconds is None or _MARGIN * seconds <= room
            too_long = too_long or not within
            return within

        free = self._ledger.left - sum(self._rest(running) for running in self._running.values())
        for room in (min(free, self._ledger.left / self._workers), free):
            proposal = self._proposer.propose(lambda candidate, room=room: fits(candidate, room))  # type: ignore[misc]
            if proposal:
                return proposal
        if not too_long:
            self._cause = "space"
        return None

    def _seconds(self, candidate: Candidate) -> float | None:
        return self._forecast.seconds(candidate.cost, images=self._length.all_images)

    def _rest(self, running: _Running) -> float:
        """What a trial under way is still to take."""
        left = self._length.recipe.epochs - len(running.epochs)
        return self._forecast.seconds(running.proposal.candidate.cost, images=left * self._length.images) or 0.0

    def _budget_is_spent(self) -> bool:
        return self._ledger.budget.unit != "trials" and self._ledger.left <= 0

    def _stop(self, number: int, reason: str) -> None:
        running = self._running.pop(number)
        self._journal.stop(number, reason, seconds=sum(epoch.seconds for epoch in running.epochs))
        self._close(number, running, None)

    def _close(self, number: int, running: _Running, values: Sequence[float] | None) -> None:
        self._proposer.tell(running.proposal, values)
        self._note_ledger()
        self._waiting = False
        trial = self._journal.trial(number)
        self._done.append(trial)
        _log.info("trial %d is %s %s", number, trial.state, trial.reason or trial.values)
        self._check_failures()
        self._tell(Ended(trial, self.progress()))

    def _check_failures(self) -> None:
        reasons = {trial.reason for trial in self._done if trial.state == "fail"}
        if len(self._done) == _FAILURES and len(reasons) == 1 and all(trial.state == "fail" for trial in self._done):
            self.error = SearchError(
                f"the first {_FAILURES} trials all failed: {reasons.pop()}",
                path=f"trial {self._done[-1].number}",
                hint="`nas runs` shows where the run lies; its study holds the details of each trial",
            )

    def _front(self) -> list[Trial]:
        complete = [trial for trial in self._done if trial.state == "complete"]
        directions = [objective.direction for objective in self._objectives]
        return front(complete, lambda trial: losses(trial.values, directions))

    def _eta(self) -> float | None:
        if self._ledger.budget.unit != "trials":
            return self._ledger.left / self._workers
        seconds = [trial.seconds for trial in self._done if trial.state == "complete"]
        unfinished = self._ledger.left + len(self._running)
        return unfinished * sum(seconds) / len(seconds) / self._workers if seconds else None

    def _hold_own(self) -> None:
        if self._clock is not None:
            self._ledger.hold("driver", self._clock.seconds())

    def _note_ledger(self) -> None:
        self._journal.remember("ledger", self._ledger.accounts)
