"""The trials that have ended, and the front among them."""

from collections.abc import Sequence

from nas.runs.trial import State, Trial
from nas.search.objectives import Objective, front, losses


class Tally:
    """Counts trials as they end, and keeps their front.

    Args:
        objectives: What the front is of.
    """

    def __init__(self, objectives: Sequence[Objective]) -> None:
        self._directions = [objective.direction for objective in objectives]
        self.trials: list[Trial] = []
        self.front: list[Trial] = []

    def add(self, trial: Trial) -> None:
        """Take in a trial that has ended."""
        self.trials.append(trial)
        if trial.state == "complete":
            self.front = front([*self.front, trial], lambda trial: losses(trial.values, self._directions))

    def count(self, state: State) -> int:
        """How many ended so."""
        return sum(trial.state == state for trial in self.trials)

    @property
    def best(self) -> float | None:
        """The highest validation accuracy of a complete trial; None before the first."""
        found = (trial.accuracy for trial in self.trials if trial.state == "complete")
        return max((accuracy for accuracy in found if accuracy is not None), default=None)

    @property
    def mean_seconds(self) -> float | None:
        """Device time of a complete trial; None before the first."""
        seconds = [trial.seconds for trial in self.trials if trial.state == "complete"]
        return sum(seconds) / len(seconds) if seconds else None

    def common_failure(self, first: int) -> str | None:
        """The reason for which each of the `first` trials failed, once they all have and for one reason."""
        reasons = {trial.reason if trial.state == "fail" else None for trial in self.trials[:first]}
        return reasons.pop() if len(self.trials) == first and len(reasons) == 1 else None
