"""Trials under Ray Tune: Tune starts, feeds and stops worker processes; what they train is the driver's to say.

A trial is a function that reports each epoch and waits for the answer. Tune's searcher asks the driver what to begin,
its scheduler whether to go on, and workers are reused: on two busy cores Tune then takes 0.25 s between two trials.
Actors of our own would take 0.03 s, and code of our own to notice that one has died.
"""

import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import torch

from nas.search.workers.local_ray import has_fallen, local_ray  # Before all that loads Ray.

import ray  # isort: skip
from ray import tune  # isort: skip
from ray.tune.experiment import Trial as TuneTrial  # isort: skip
from ray.tune.schedulers import FIFOScheduler, TrialScheduler  # isort: skip
from ray.tune.search import Searcher  # isort: skip

from nas.errors import DataError, NasError, RunError
from nas.search.devices import in_one
from nas.search.driver import Driver
from nas.search.errors import SearchError
from nas.search.ledger import Clock
from nas.search.phase import Phase
from nas.search.trial import Bench, Outcome, dataset, train
from nas.search.workers.cluster import kill
from nas.search.workers.quiet import environment, hushed
from nas.search.workers.scratch import scratch
from nas.train.device import hold_share, prepare_cpu
from nas.train.fit import Epoch

_HOLDER = ("process", "host", "node")
_log = logging.getLogger("nas.search")


def run(phases: Iterator[Phase], *, workers: int, gpus_per_trial: float, is_joined: bool) -> None:
    """Run trials on worker processes, each with a core or a share of a GPU, until all phases are over.

    A phase is over when its driver begins no more. The workers go with their clocks from one to the next.

    Args:
        phases: All on devices of one kind; where there is none, nothing is started.
        workers: How many.
        gpus_per_trial: Share of a GPU for each, where they train on GPUs.
        is_joined: Whether this process belongs to a Ray cluster already; else it starts a Ray of this machine.
    """
    first = next(phases, None)
    if first is None:
        return
    device = first.bench.device
    share = gpus_per_trial if torch.device(device).type == "cuda" else 0
    desk = _Desk(first, phases, share=share or 1)
    place = scratch() if is_joined else local_ray(cpus=workers, gpus=-(-workers // in_one(share)) if share else 0)
    pending = {"TUNE_MAX_PENDING_TRIALS_PG": str(workers)}
    with place as folder, environment(**pending), hushed(), desk.errors():
        tune.Tuner(
            tune.with_resources(
                partial(_work, device=device, share=share or 1), {"gpu": share} if share else {"cpu": 1}
            ),
            tune_config=tune.TuneConfig(
                search_alg=_Asks(desk, workers),
                scheduler=_Watches(desk),
                num_samples=-1,
                reuse_actors=True,
                trial_dirname_creator=lambda trial: trial.trial_id,
            ),
            run_config=tune.RunConfig(
                name="trials", storage_path=str(folder / "tune"), verbose=0, callbacks=[_Minds(desk)]
            ),
        ).fit()


def _work(config: dict[str, Any], *, device: str, share: float) -> None:
    """Train one network in a worker process."""
    clock, bench = _clock(device, share), config["bench"]

    node = ray.get_runtime_context().get_node_id()

    def report(**what: Epoch | Outcome | float) -> None:
        holder = {"host": socket.gethostname(), "node": node, "process": os.getpid(), "held": clock.seconds()}
        tune.report({**what, **holder})

    def on_epoch(epoch: Epoch, seconds: float) -> bool:
        report(epoch=epoch, seconds=seconds)  # Where the trial is stopped, this does not return.
        return True

    report()
    error = _unready(bench)
    report(outcome=Outcome(0.0, error=error) if error else train(config["job"], bench, on_epoch=on_epoch))


def _unready(bench: Bench) -> RunError | DataError | None:
    """What this host lacks for a training."""
    if not (bench.run / "run.json").is_file():
        return RunError(
            f"every host sees the folder of the run, but {socket.gethostname()} does not",
            path=str(bench.run),
            hint="choose a --runs-dir that lies at the same path on all hosts: on a shared file system",
        )
    try:
        dataset(bench)
    except NasError as error:
        return DataError(f"on {socket.gethostname()}: {error.rule}", path=error.path, hint=error.hint)
    return None


@cache
def _clock(device: str, share: float) -> Clock:
    """The clock of this worker, which is made ready when it is first asked."""
    prepare_cpu()
    hold_share(share)
    return Clock(torch.device(device), born=True)


@dataclass
class _Place:
    """A trial at a worker: its share of a device, when it was heard of, and the process, once it has said so."""

    number: int
    share: float
    heard: float
    node: str = ""
    process: int | None = None
    hung: bool = False

    @property
    def silent(self) -> float:
        """Device time since."""
        return (time.monotonic() - self.heard) * self.share


class _Desk:
    """Brings what Tune asks and says to the driver."""

    def __init__(self, first: Phase, others: Iterator[Phase], *, share: float) -> None:
        self.phase, self._others, self._share = first, others, share
        self.over = False
        """Whether all phases are."""
        self._held: dict[str, float] = {}
        self._held_before: dict[str, float] = {}
        """Device time of each worker that its process has told, in all and in earlier phases."""
        self.places: dict[str, _Place] = {}
        """By Tune's name of the trial."""
        self._error: Exception | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Tune stores what it is given, and nobody reads that; what the driver tells may hold a terminal, or a lock."""
        return object, ()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Raises what went wrong at this desk, where Tune raises an error of its own about it."""
        try:
            yield
        except Exception:
            if self._error:
                raise self._error from None
            raise

    @contextmanager
    def _keeping(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._error = self._error or error
            raise

    @property
    def driver(self) -> Driver:
        """That of the phase."""
        return self.phase.driver

    def begin(self, trial_id: str) -> dict[str, Any] | None:
        """What a new trial of Tune's is to do, and on what; None where there is nothing for now, or for good."""
        with self._keeping():
            while (job := self.driver.begin()) is None:
                if not self.driver.over or not self._has_turned():
                    return None
            self.places[trial_id] = _Place(job.number, self._share, time.monotonic())
            return {"job": job, "bench": self.phase.bench}

    def _has_turned(self) -> bool:
        """Go to the next phase, if there is one."""
        following = next(self._others, None)
        if following is None:
            self.over = True
            return False
        self.phase, self._held_before = following, dict(self._held)
        return True

    def hear(self, trial_id: str, told: dict[str, Any]) -> bool:
        """Take in what a worker reports, and say whether its trial goes on."""
        place = self.places[trial_id]
        if place.process is None:
            _log.info("trial %d is at process %d of %s, node %.8s", place.number, *(told[of] for of in _HOLDER))
        place.heard, place.node, place.process = time.monotonic(), told["node"], told["process"]
        holder = f"{place.node}:{place.process}"
        self._held[holder] = told["held"]
        self.driver.hold(holder, told["held"] - self._held_before.get(holder, 0.0))
        with self._keeping():
            if "outcome" in told:
                self.driver.end(place.number, told["outcome"])
                return False
            return "epoch" not in told or self.driver.epoch(place.number, told["epoch"], seconds=told["seconds"])

    def leave(self, trial_id: str, *, died: bool) -> None:
        """A worker is free, or died with its trial."""
        place = self.places.pop(trial_id)
        if died and not has_fallen():
            with self._keeping():
                self.driver.lose(place.number, place.silent, hung=place.hung)

    def mind(self) -> None:
        """Kill the workers that hang, and see that Ray itself lives."""
        with self._keeping():
            if has_fallen():
                raise SearchError("a process of Ray has died", hint="`nas resume` goes on with the run")
        for place in self.places.values():
            if place.process and not place.hung and self.driver.hangs(place.number, place.silent):
                place.hung = True
                kill(place.node, place.process)


class _Asks(Searcher):  # type: ignore[misc]  # Ray is not typed.
    """Asks what to begin."""

    def __init__(self, desk: _Desk, workers: int) -> None:
        super().__init__(metric="held", mode="min")
        self._desk, self._workers = desk, workers

    def suggest(self, trial_id: str) -> Any:
        """What a new trial of Tune's is to do, None for now, or the end."""
        if len(self._desk.places) >= self._workers:
            return None
        return self._desk.begin(trial_id) or (Searcher.FINISHED if self._desk.over else None)

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """A worker is free, or died with its trial."""
        self._desk.leave(trial_id, died=error)

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the study holds it all, and what Tune writes is never read."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing."""


class _Watches(FIFOScheduler):  # type: ignore[misc]
    """Brings the trial the answer to what it reports."""

    def __init__(self, desk: _Desk) -> None:
        super().__init__()
        self._desk = desk

    def on_trial_result(self, tune_controller: Any, trial: TuneTrial, result: dict[str, Any]) -> str:
        """Whether the trial goes on."""
        goes_on = self._desk.hear(trial.trial_id, result)
        return str(TrialScheduler.CONTINUE if goes_on else TrialScheduler.STOP)


class _Minds(tune.Callback):  # type: ignore[misc]
    """Looks after workers between events."""

    def __init__(self, desk: _Desk) -> None:
        self._desk = desk

    def on_step_end(self, iteration: int, trials: list[TuneTrial], **info: Any) -> None:
        """See to workers that hang."""
        self._desk.mind()
