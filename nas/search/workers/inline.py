"""Trials one after the other in the driver's own process, without Ray: for debugging, notebooks and small machines."""

from functools import partial

from nas.search.driver import Driver
from nas.search.trial import Bench, train


def run(driver: Driver, bench: Bench) -> None:
    """Run trials until the driver begins no more."""
    while (job := driver.begin()) is not None:
        driver.end(job.number, train(job, bench, on_epoch=partial(driver.epoch, job.number)))
