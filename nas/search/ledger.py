"""What of a budget is spent and left, over all workers."""

from collections.abc import Mapping

import torch

from nas.search.budget import Budget
from nas.train.device import device_seconds


class Ledger:
    """Accounts of a budget: one for each holder of a device, in seconds since it holds it, and the trials begun.

    A worker says how long it has held its device with everything it reports, so a report that is lost costs nothing,
    and what lies between two trials counts like the trials. A CPU budget also counts the process of the driver, which
    computes on the same cores.

    Args:
        budget: What may be spent.
        accounts: Seconds spent before, by holder.
        trials: Begun before.
    """

    def __init__(self, budget: Budget, *, accounts: Mapping[str, float] | None = None, trials: int = 0) -> None:
        self.budget = budget
        self.accounts = dict(accounts or {})
        self.trials = trials

    def hold(self, holder: str, seconds: float) -> None:
        """Note that `holder` has held its device for so long in all."""
        self.accounts[holder] = max(seconds, self.accounts.get(holder, 0.0))

    @property
    def seconds(self) -> float:
        """Device time spent by all holders."""
        return sum(self.accounts.values())

    @property
    def spent(self) -> float:
        """Of the budget, in its unit."""
        return self.seconds if self.budget.is_time else self.trials

    @property
    def left(self) -> float:
        """Of the budget, in its unit; never below zero."""
        return max(0.0, self.budget.amount - self.spent)

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self.left == 0


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
