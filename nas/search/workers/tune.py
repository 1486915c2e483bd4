"""Trials under Ray Tune: Tune starts, feeds and stops worker processes; what they train is the driver's to say.

A trial is a function that reports each epoch and waits for the answer; Tune's searcher asks the driver what to begin and
its scheduler whether to go on. Worker processes are reused: measured on two busy cores, Tune takes 0.25 s between two
trials, against 0.03 s for actors of our own, which would then have to notice dead and stuck workers themselves.
"""

import logging
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import ray
import torch
from ray import tune
from ray.tune.experiment import Trial as TuneTrial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher

from nas.search.driver import Driver
from nas.search.ledger import Clock
from nas.search.trial import Bench, Job, Outcome, train
from nas.train.device import prepare_cpu
from nas.train.fit import Epoch

_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
}
_OBJECT_STORE_BYTES = 100 * 2**20
"""Nothing but messages goes through it; 75 MiB is the least that Ray takes."""


def run(driver: Driver, bench: Bench, *, workers: int) -> None:
    """Run trials on so many worker processes, each with a core or GPU of its own, until the driver begins no more.

    Ray runs on this machine alone, behind the loopback address and without a dashboard; what it and Tune write lies in a
    temporary folder that is gone afterwards.
    """
    gpus = int(torch.device(bench.device).type == "cuda")
    with _ray(cpus=workers, gpus=workers * gpus) as scratch:
        tuner = tune.Tuner(
            tune.with_resources(partial(_work, bench=bench), {"cpu": 1, "gpu": gpus}),
            tune_config=tune.TuneConfig(
                search_alg=_Asks(driver, workers),
                scheduler=_Watches(driver),
                num_samples=-1,
                reuse_actors=True,
                trial_dirname_creator=lambda trial: trial.trial_id,
            ),
            run_config=tune.RunConfig(
                name="trials",
                storage_path=str(scratch),
                verbose=0,
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        )
        tuner.fit()


def _work(config: dict[str, Any], *, bench: Bench) -> None:
    """Train one network in a worker process."""
    holder, clock = _holder(bench.device)

    def report(**what: Epoch | Outcome) -> None:
        tune.report({**what, "holder": holder, "held": clock.seconds()})

    def on_epoch(epoch: Epoch) -> bool:
        report(epoch=epoch)
        return True

    outcome = train(config["job"], bench, on_epoch=on_epoch)
    report(outcome=outcome)


_HELD: dict[str, tuple[str, Clock]] = {}


def _holder(device: str) -> tuple[str, Clock]:
    """The name of this process in the ledger, and its clock; the process is made ready when it is first asked."""
    if device not in _HELD:
        prepare_cpu()
        _HELD[device] = f"{socket.gethostname()}:{os.getpid()}", Clock(torch.device(device), born=True)
    return _HELD[device]


class _Asks(Searcher):
    """Asks the driver what to begin."""

    def __init__(self, driver: Driver, workers: int) -> None:
        super().__init__(metric="held", mode="min")
        self._driver, self._workers = driver, workers
        self._numbers: dict[str, int] = {}

    def suggest(self, trial_id: str) -> Any:
        """A job for a new trial of Tune's, None for now, or the end."""
        if len(self._numbers) >= self._workers:
            return None
        job = self._driver.begin()
        if job is None:
            return Searcher.FINISHED if self._driver.over else None
        self._numbers[trial_id] = job.number
        return {"job": job}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Note that a worker is free, or that it died with its trial."""
        number = self._numbers.pop(trial_id)
        if error:
            detail = "its process ended; the machine may have run out of memory"
            self._driver.end(number, Outcome(0.0, "the worker died", detail))

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the study holds it all."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing."""


class _Watches(FIFOScheduler):
    """Brings the driver what a trial reports, and Tune the driver's answer."""

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
        go_on = self._driver.epoch(number, result["epoch"])
        return str(TrialScheduler.CONTINUE if go_on else TrialScheduler.STOP)


@contextmanager
def _ray(*, cpus: int, gpus: int) -> Iterator[Path]:
    """A Ray of our own, and a folder for what it writes."""
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    scratch = Path(tempfile.mkdtemp(prefix="nas-"))
    os.environ.update(_ENVIRONMENT)
    logging.getLogger("ray").setLevel(logging.ERROR)
    try:
        ray.init(
            address="local",
            num_cpus=cpus,
            num_gpus=gpus,
            include_dashboard=False,
            configure_logging=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            object_store_memory=_OBJECT_STORE_BYTES,
            _node_ip_address="127.0.0.1",
            _temp_dir=str(scratch / "ray"),
        )
        for number, handler in handlers.items():
            signal.signal(number, handler)
        yield scratch
    finally:
        ray.shutdown()
        shutil.rmtree(scratch, ignore_errors=True)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
