"""What a worker does with one network: builds it, trains it, keeps its weights; what goes wrong is an answer too."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import torch

from nas.arch.text import parse
from nas.data import Dataset, Split, load
from nas.data.splits import subset
from nas.lower import build
from nas.runs.folder import weights
from nas.train.device import device_seconds
from nas.train.failure import TrialFailure
from nas.train.fit import Epoch, fit, seed_everything
from nas.train.recipe import Recipe


@dataclass(frozen=True)
class Bench:
    """What all trials of a search have in common, in words that another process or host understands.

    Args:
        data: As the person typed it; None for the sample.
        size: Side of the images; None keeps them.
        seed: Of the splits.
        cache_dir: Where each host keeps its copy of the data; None for the default.
        val: Validation images to use; None for all.
        recipe: How to train.
        device: Torch's name of it.
        checkpoints: The folder of weights.
    """

    data: str | None
    size: int | None
    seed: int
    cache_dir: Path | None
    val: int | None
    recipe: Recipe
    device: str
    checkpoints: Path


@dataclass(frozen=True)
class Job:
    """One network to train: its trial's number, its canonical text and the seed."""

    number: int
    network: str
    seed: int


@dataclass(frozen=True)
class Outcome:
    """How a trial ended.

    Args:
        seconds: Core or device time from before it was built to after its weights were written.
        reason: Why it failed, in a few words; empty where it did not.
        detail: The traceback, or numbers.
        stopped: Whether it was told to stop before its end.
    """

    seconds: float
    reason: str = ""
    detail: str = ""
    stopped: bool = False


def train(job: Job, bench: Bench, *, on_epoch: Callable[[Epoch], bool]) -> Outcome:
    """Train a network, and write its weights to the folder of checkpoints.

    Args:
        job: What to train.
        bench: On what.
        on_epoch: Called after each epoch; says whether to go on. What it raises is raised.
    """
    device = torch.device(bench.device)
    begin = device_seconds(device)
    watch = _Watch(on_epoch)
    reason = detail = ""
    try:
        _train(job, bench, watch, device)
    except _Stopped:
        return Outcome(device_seconds(device) - begin, stopped=True)
    except TrialFailure as failure:
        reason, detail = failure.reason, failure.detail
    except Exception as error:
        if error is watch.error:
            raise
        reason, detail = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}", traceback.format_exc()
    return Outcome(device_seconds(device) - begin, reason, detail)


def dataset(bench: Bench) -> Dataset:
    """The data of a bench, opened once by each process."""
    return _dataset(bench.data, bench.size, bench.seed, bench.cache_dir, bench.val)


@lru_cache(maxsize=1)
def _dataset(data: str | None, size: int | None, seed: int, cache_dir: Path | None, val: int | None) -> Dataset:
    whole = load(data, size=size, seed=seed, cache_dir=cache_dir)
    if val is None or val >= len(whole.val):
        return whole
    chosen = subset(whole.val.labels, val, seed=seed)
    return replace(whole, val=Split(whole.val.images[chosen], whole.val.labels[chosen]))


class _Stopped(Exception):  # noqa: N818  Nothing is wrong.
    """The trial was told to stop."""


class _Watch:
    """Asks after each epoch whether to go on, and tells the caller's errors from those of the network."""

    def __init__(self, on_epoch: Callable[[Epoch], bool]) -> None:
        self.error: Exception | None = None
        self._on_epoch = on_epoch

    def __call__(self, epoch: Epoch) -> None:
        try:
            go_on = self._on_epoch(epoch)
        except Exception as error:
            self.error = error
            raise
        if not go_on:
            raise _Stopped


def _train(job: Job, bench: Bench, on_epoch: Callable[[Epoch], None], device: torch.device) -> None:
    data = dataset(bench)
    seed_everything(job.seed)
    module = build(parse(job.network), input=data.input)
    fit(module, data, bench.recipe, device=device, seed=job.seed, on_epoch=on_epoch)
    state = {name: tensor.cpu() for name, tensor in module.state_dict().items()}
    file = weights(bench.checkpoints, job.number)
    unfinished = file.with_name(f"{file.name}.part")
    torch.save(state, unfinished)
    unfinished.replace(file)
