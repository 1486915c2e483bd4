"""Trials one after the other in the driver's own process, without Ray: for debugging, notebooks and small machines."""

from nas.search.driver import Driver
from nas.search.trial import Bench, train
from nas.train.fit import Epoch


def run(driver: Driver, bench: Bench) -> None:
    """Run trials until the driver begins no more."""
    while (job := driver.begin()) is not None:
        number = job.number

        def on_epoch(epoch: Epoch, seconds: float, number: int = number) -> bool:
            return driver.epoch(number, epoch, seconds=seconds)

        driver.end(number, train(job, bench, on_epoch=on_epoch))
