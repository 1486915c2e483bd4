"""What workers do from one planning to the next: the trials of a search, or those of its finalists."""

from dataclasses import dataclass

from nas.search.driver import Driver
from nas.search.trial import Bench


@dataclass(frozen=True)
class Phase:
    """A part of a run that the same workers do one after the other.

    Args:
        driver: Says what to train.
        bench: On what.
    """

    driver: Driver
    bench: Bench
