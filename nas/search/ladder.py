"""The trials of a search at their rungs: who rests there, who goes on for what is left, and what that takes."""

from collections.abc import Iterator
from functools import partial

from nas.arch.traits import traits
from nas.runs.trial import State
from nas.search.forecast import Forecast
from nas.search.judge import Judge
from nas.search.length import Length
from nas.search.proposer import Proposal
from nas.search.rungs import Rungs
from nas.search.running import Running


class Ladder:
    """Rungs, as a driver climbs them. Where trainings have one rung alone, nobody ever rests.

    Args:
        length: Of every trial, with its rungs.
        judge: Says what trials are judged by.
        forecast: Says how long they train.
        margin: So many times its forecast is reckoned for each.
    """

    def __init__(self, length: Length, judge: Judge, forecast: Forecast, *, margin: float) -> None:
        self.ends = (*length.recipe.rungs, length.recipe.epochs)
        """Epochs at the end of each rung."""
        self.resting: dict[int, Running] = {}
        """The trials that wait for their turn, by number."""
        self._length, self._judge, self._forecast, self._margin = length, judge, forecast, margin
        self._rungs = Rungs(length.rungs)

    def recall(self, number: int, running: Running, state: State) -> None:
        """Take in a trial on record. One that was killed at the end of a rung has yet to say that it is there."""
        for end in self.ends:
            if len(running.epochs) >= end and (state != "running" or running.until > end):
                self._reach(number, running, end)
        if state == "waiting":
            self.resting[number] = running
        elif state == "running" and self._rungs.reached(number):
            self._rungs.go_on(number)
        elif state in ("fail", "pruned"):
            self._rungs.leave(number)

    def settle(self, number: int, running: Running) -> None:
        """A trial has reached the end of its rung, and rests."""
        running.tries = 0
        self.resting[number] = running
        self._reach(number, running, running.until)

    def go_on(self, number: int) -> Running:
        """A trial that rests, on its way to the next rung."""
        running = self.resting.pop(number)
        running.until = self.ends[self._rungs.reached(number)]
        self._rungs.go_on(number)
        return running

    def close(self, number: int, running: Running, *, failed: bool) -> None:
        """A trial has ended."""
        if failed:
            self._rungs.leave(number)
        else:
            self._reach(number, running, self.ends[-1])

    def due(self, seconds: float) -> int | None:
        """The trial whose turn it is, where the next rung takes no more than so many seconds."""
        number = self._rungs.due()
        if number is None or self._to_go(number, self.ends[self._rungs.reached(number)]) > seconds:
            return None
        return number

    def late(self, seconds: float, *, all_too: bool) -> int | None:
        """Where nothing new is begun: the trial to go on that may reach its end in so many seconds.

        First come those that are expected on the front; others only with `all_too`.
        """
        fitting = [number for number in self._rungs.resting() if self._to_go(number, self.ends[-1]) <= seconds]
        promising = [number for number in self._rungs.promising() if number in fitting]
        chosen = promising or (fitting if all_too else [])
        return self._rungs.best(chosen) if chosen else None

    @property
    def needs(self) -> float:
        """Seconds to bring those to their end that are expected on the front."""
        return sum(self._to_go(number, self.ends[-1]) for number in self._rungs.promising())

    def expected(self) -> Iterator[tuple[Proposal, list[float]]]:
        """What each trial that rests would end with: one number for each objective."""
        for number, accuracy in self._rungs.expected().items():
            proposal = self.resting[number].proposal
            yield proposal, self._judge.values(proposal.candidate, accuracy)

    def rung(self, number: int) -> str:
        """Where a trial rests, in words."""
        return f"rung {self._rungs.reached(number)} of {len(self.ends)}"

    def _reach(self, number: int, running: Running, end: int) -> None:
        candidate = running.proposal.candidate
        self._rungs.reach(
            number,
            running.epochs[end - 1].val_accuracy,
            macs=running.cost.macs,
            traits=traits(candidate.network, running.cost),
            losses=partial(self._judge.losses, candidate),
        )

    def _to_go(self, number: int, end: int) -> float:
        """Seconds, with the margin, until a trial that rests has done so many epochs."""
        running = self.resting[number]
        images = (end - len(running.epochs)) * self._length.images
        return self._margin * (self._forecast.seconds(running.cost, images=images) or 0.0)
