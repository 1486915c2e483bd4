"""Trials under Ray Tune: Tune starts, feeds and stops worker processes; what they train is the driver's to say.

A trial is a function that reports each epoch and waits for the answer. Tune's searcher asks the driver what to begin,
its scheduler whether to go on, and workers are reused: on two busy cores Tune then takes 0.25 s between two trials.
Actors of our own would take 0.03 s, and code of our own to notice that one has died.
"""

import os
import socket
import time
from functools import cache, partial
from typing import Any

import torch

from nas.search.workers.local_ray import local_ray  # Before all that loads Ray.

from ray import tune  # isort: skip
from ray.tune.experiment import Trial as TuneTrial  # isort: skip
from ray.tune.schedulers import FIFOScheduler, TrialScheduler  # isort: skip
from ray.tune.search import Searcher  # isort: skip

from nas.search.driver import Driver
from nas.search.ledger import Clock
from nas.search.trial import Bench, Outcome, train
from nas.train.device import prepare_cpu
from nas.train.fit import Epoch


def run(driver: Driver, bench: Bench, *, workers: int) -> None:
    """Run trials on so many worker processes, each with a core or a GPU of its own, until the driver begins no more."""
    gpus = int(torch.device(bench.device).type == "cuda")
    with local_ray(cpus=workers, gpus=workers * gpus) as scratch:
        tune.Tuner(
            tune.with_resources(partial(_work, bench=bench), {"cpu": 1, "gpu": gpus}),
            tune_config=tune.TuneConfig(
                search_alg=_Asks(driver, workers),
                scheduler=_Watches(driver),
                num_samples=-1,
                reuse_actors=True,
                trial_dirname_creator=lambda trial: trial.trial_id,
            ),
            run_config=tune.RunConfig(name="trials", storage_path=str(scratch / "tune"), verbose=0),
        ).fit()


def _work(config: dict[str, Any], *, bench: Bench) -> None:
    """Train one network in a worker process."""
    clock = _clock(bench.device)

    def report(**what: Epoch | Outcome) -> None:
        tune.report({**what, "holder": f"{socket.gethostname()}:{os.getpid()}", "held": clock.seconds()})

    def on_epoch(epoch: Epoch) -> bool:
        report(epoch=epoch)  # Where the trial is stopped, this does not return.
        return True

    report(outcome=train(config["job"], bench, on_epoch=on_epoch))


@cache
def _clock(device: str) -> Clock:
    """The clock of this worker, which is made ready when it is first asked."""
    prepare_cpu()
    return Clock(torch.device(device), born=True)


class _Asks(Searcher):  # type: ignore[misc]  # Ray is not typed.
    """Asks the driver what to begin."""

    def __init__(self, driver: Driver, workers: int) -> None:
        super().__init__(metric="held", mode="min")
        self._driver, self._workers = driver, workers
        self._numbers: dict[str, int] = {}
        self._heard: dict[str, float] = {}

    def suggest(self, trial_id: str) -> Any:
        """A job for a new trial of Tune's, None for now, or the end."""
        if len(self._numbers) >= self._workers:
            return None
        job = self._driver.begin()
        if job is None:
            return Searcher.FINISHED if self._driver.over else None
        self._numbers[trial_id] = job.number
        self._heard[trial_id] = time.monotonic()
        return {"job": job}

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """A worker lives."""
        self._heard[trial_id] = time.monotonic()

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """A worker is free, or died with its trial."""
        number, silent = self._numbers.pop(trial_id), time.monotonic() - self._heard.pop(trial_id)
        if error:
            self._driver.hold(f"lost in trial {number}", silent)
            self._driver.end(number, Outcome(silent, "the worker died", "perhaps the machine ran out of memory"))

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the study holds it all."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing."""


class _Watches(FIFOScheduler):  # type: ignore[misc]
    """Brings the driver what a trial reports, and the trial the driver's answer."""

    def __init__(self, driver: Driver) -> None:
        super().__init__()
        self._driver = driver

    def on_trial_result(self, tune_controller: Any, trial: TuneTrial, result: dict[str, Any]) -> str:
        """Whether the trial goes on."""
        number = trial.config["job"].number
        self._driver.hold(result["holder"], result["held"])
        if "outcome" in result:
            self._driver.end(number, result["outcome"])
            return str(TrialScheduler.STOP)
        return str(TrialScheduler.CONTINUE if self._driver.epoch(number, result["epoch"]) else TrialScheduler.STOP)
