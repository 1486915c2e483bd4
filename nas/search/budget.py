"""How much a search may spend."""

import math
import re
from dataclasses import dataclass
from typing import Literal, Self

from nas.errors import BudgetError

Unit = Literal["gpu", "cpu", "trials"]

_SECONDS = {"h": 3600, "min": 60, "s": 1}
_FORM = re.compile(r"(?P<number>\d{1,9}(?:\.\d{1,6})?)(?:(?P<device>gpu|cpu)(?P<time>h|min|s)|(?P<trials>trials?))")
_LARGEST = 1 / 8
_HINT = "for example 100gpuh, 30gpumin, 2cpuh, 10cpumin or 40trials"


@dataclass(frozen=True)
class Budget:
    """A number of trials, or the time that all workers together may hold their devices: GPUs, or cores.

    Args:
        amount: Seconds, or trials.
        unit: What is counted.
    """

    amount: float
    unit: Unit

    @property
    def largest(self) -> float:
        """Seconds of one trial, as long as there are smaller ones: a few dear networks make no front."""
        return _LARGEST * self.amount if self.is_time else math.inf

    @classmethod
    def parse(cls, text: str) -> Self:
        """The budget that a person typed: `100gpuh`, `30gpumin`, `2cpuh`, `10cpumin`, `90cpus`, `40trials`.

        Raises:
            BudgetError: it cannot be read, or is zero.
        """
        found = _FORM.fullmatch(text.strip().lower())
        if not found:
            raise BudgetError(f"a budget is device time or trials, got {text!r}", path="--budget", hint=_hint(text))
        amount = float(found["number"]) * (1 if found["trials"] else _SECONDS[found["time"]])
        if amount == 0:
            raise BudgetError(f"a budget is more than nothing, got {text!r}", path="--budget", hint=_HINT)
        if found["trials"] and amount != int(amount):
            raise BudgetError(f"a trial is trained whole, got {text!r}", path="--budget", hint=_HINT)
        return cls(amount, "trials" if found["trials"] else found["device"])  # type: ignore[arg-type]

    @property
    def is_time(self) -> bool:
        """Whether seconds are counted, and not trials."""
        return self.unit != "trials"

    def on_gpu(self, *, gpus: int, place: str = "this machine") -> bool:
        """Whether it is spent on GPUs: a GPU budget is, a budget of trials where there are any.

        Raises:
            BudgetError: it counts GPU time, and `gpus`, those of `place`, are none.
        """
        if self.unit == "gpu" and not gpus:
            raise BudgetError(
                f"a GPU budget needs a GPU, and {place} has none",
                path="--budget",
                hint=f"for CPU time say --budget {self._in('cpu')}",
            )
        return self.unit == "gpu" or (self.unit == "trials" and gpus > 0)

    def __add__(self, more: "Budget") -> "Budget":
        """Both together.

        Raises:
            BudgetError: they count different things.
        """
        if more.unit != self.unit:
            counted = {"gpu": "GPU time", "cpu": "CPU time", "trials": "trials"}
            raise BudgetError(
                f"the budget of this run counts {counted[self.unit]}, got {str(more)!r}",
                path="--budget",
                hint=f"for example {self}",
            )
        return Budget(self.amount + more.amount, self.unit)

    def __str__(self) -> str:
        return f"{self.amount:.0f}trials" if self.unit == "trials" else self._in(self.unit)

    def _in(self, device: str) -> str:
        time, seconds = next((time, s) for time, s in _SECONDS.items() if self.amount % s == 0 or s == 1)
        return f"{self.amount / seconds:g}{device}{time}"


def _hint(text: str) -> str:
    """What would do, made of what was typed where that says enough."""
    time = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(h|min|s)", text.strip().lower())
    if time:
        return f"whose time? {time[1]}cpu{time[2]} or {time[1]}gpu{time[2]}"
    return _HINT
