"""The trials that have ended, and the front among them."""

from collections import Counter
from collections.abc import Sequence

from nas.runs.journal import Direction
from nas.runs.trial import State, Trial
from nas.search.objectives import joined, losses


class Tally:
    """Counts trials as they end, and keeps the front of the complete ones.

    Args:
        directions: Of the objectives that the front is of.
    """

    def __init__(self, directions: Sequence[Direction]) -> None:
        self._directions = directions
        self._reasons: list[str] = []
        self._seconds = 0.0
        self.counts: Counter[State] = Counter()
        self.front: list[Trial] = []
        self.best: float | None = None
        """The highest validation accuracy; None before the first complete trial."""

    def add(self, trial: Trial) -> None:
        """Take in a trial that has ended."""
        self.recall(trial)
        self._reasons.append(trial.reason if trial.state == "fail" else "")

    def recall(self, trial: Trial) -> None:
        """Take in a trial that ended before this process began: why it failed then is no news."""
        self.counts[trial.state] += 1
        if trial.state == "complete":
            self._seconds += trial.seconds
            known = [accuracy for accuracy in (self.best, trial.accuracy) if accuracy is not None]
            self.best = max(known, default=None)
            self.front = joined(self.front, trial, lambda trial: losses(trial.values, self._directions))

    @property
    def mean_seconds(self) -> float | None:
        """Device time of a complete trial; None before the first."""
        complete = self.counts["complete"]
        return self._seconds / complete if complete else None

    def common_failure(self, first: int) -> str | None:
        """Why each of the `first` trials failed, where they all have, for one reason, and no other has ended."""
        return self._reasons[0] if len(self._reasons) == first and len(set(self._reasons)) == 1 else None
