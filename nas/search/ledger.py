"""What of a budget is spent and left, over all workers, processes and crashes."""

from collections.abc import Mapping
from typing import Any, get_args

import torch

from nas.runs.journal import Journal
from nas.runs.request import Request
from nas.search.budget import Budget, Unit
from nas.train.device import device_seconds


class Ledger:
    """The device time of a search: what its trials took, and the overhead, which is all the rest that was held.

    A worker says how long it has held its device with everything it reports, so a report that is lost costs nothing,
    and what lies between two trials counts like the trials. A CPU budget also counts the process of the driver, which
    computes on the same cores.

    Args:
        budget: What may be spent.
        trials: Seconds that each trial took before now, in number those that were begun.
        overhead: Seconds before now.
        before: Seconds that another phase of the same budget took.
        reserve: Seconds that are kept for another phase.
    """

    def __init__(
        self,
        budget: Budget,
        *,
        trials: Mapping[int, float] | None = None,
        overhead: float = 0.0,
        before: float = 0.0,
        reserve: float = 0.0,
    ) -> None:
        self.budget = budget
        self.trials = dict(trials or {})
        self._other, self._reserve = before, reserve
        self._before = before + sum(self.trials.values()) + overhead
        self._held: dict[str, float] = {}

    def hold(self, holder: str, seconds: float) -> None:
        """Note that `holder` has held its device for so long in all."""
        self._held[holder] = max(seconds, self._held.get(holder, 0.0))

    def lose(self, seconds: float) -> None:
        """Note that a device was held for so long by somebody who can no longer say so."""
        self._before += seconds

    def train(self, trial: int, seconds: float) -> None:
        """Note that of all this a trial has taken so much."""
        self.trials[trial] = seconds

    @property
    def seconds(self) -> float:
        """Device time spent by all holders."""
        return self._before + sum(self._held.values())

    @property
    def overhead(self) -> float:
        """What of it no trial took: calibration, proposals, records, and workers that wait."""
        return max(0.0, self.seconds - self._other - sum(self.trials.values()))

    @property
    def spent(self) -> float:
        """Of the budget, in its unit."""
        return self.seconds if self.budget.is_time else len(self.trials)

    @property
    def left(self) -> float:
        """Of the budget, in its unit, less what is kept; never below zero."""
        return max(0.0, self.budget.amount - self._reserve - self.spent)

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self.left == 0


def recorded_budget(request: Request, facts: Mapping[str, Any]) -> Budget:
    """The budget of a run: what was asked, or what the run remembers that it has grown to."""
    if "budget" not in facts:
        return Budget.parse(request.budget)
    budget = Budget(**facts["budget"])
    if not isinstance(budget.amount, int | float) or budget.unit not in get_args(Unit):
        raise TypeError(f"its budget is {facts['budget']}")
    return budget


def recorded_ledger(budget: Budget, journal: Journal, *, before: float = 0.0, reserve: float = 0.0) -> Ledger:
    """The ledger of a phase of a run as it is on record; arguments as those of `Ledger`."""
    seconds = {trial.number: trial.seconds for trial in journal.trials()}
    overhead = float(journal.facts().get("overhead", 0.0))
    return Ledger(budget, trials=seconds, overhead=overhead, before=before, reserve=reserve)


def recorded_seconds(journal: Journal | None) -> float:
    """Device time of all that is on record; none of what was not begun."""
    if journal is None:
        return 0.0
    return sum(trial.seconds for trial in journal.trials()) + float(journal.facts().get("overhead", 0.0))


class Clock:
    """How long this process has held a device.

    Args:
        device: Which.
        born: Whether the process holds it since it began, as a worker does; else since now.
    """

    def __init__(self, device: torch.device, *, born: bool = False) -> None:
        self._device = device
        # The CPU's clock of a process begins with it.
        self._since = 0.0 if born and device.type == "cpu" else device_seconds(device)

    def seconds(self) -> float:
        """Core time on a CPU, wall time on CUDA."""
        return device_seconds(self._device) - self._since
