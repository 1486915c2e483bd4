"""Trials one after the other in the driver's own process, without Ray: for debugging, notebooks and small machines."""

from collections.abc import Iterator

from nas.search.driver import Driver
from nas.search.phase import Phase
from nas.search.trial import train
from nas.train.fit import Epoch


def run(phases: Iterator[Phase]) -> None:
    """Run trials, phase by phase, until the driver of each begins no more."""
    for phase in phases:
        driver = phase.driver
        while (job := driver.begin()) is not None:
            number = job.number

            def on_epoch(epoch: Epoch, seconds: float, number: int = number, driver: Driver = driver) -> bool:
                return driver.epoch(number, epoch, seconds=seconds)

            driver.end(number, train(job, phase.bench, on_epoch=on_epoch))
