"""What a worker does with one network: builds it, trains it, keeps its weights; what goes wrong is an answer too."""

import gc
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import torch

from nas.arch.text import parse
from nas.data import Dataset, Split, load
from nas.data.splits import subset
from nas.errors import DataError, RunError
from nas.lower import build
from nas.runs.folder import training, weights
from nas.search.relatives import Relative, inherited
from nas.train import checkpoint
from nas.train.device import device_seconds
from nas.train.evaluate import Score, evaluate
from nas.train.failure import TrialFailure
from nas.train.fit import Epoch, fit, seed_everything
from nas.train.initialize import initialize
from nas.train.recipe import Recipe
from nas.train.zero_cost import measured


@dataclass(frozen=True)
class Bench:
    """What all trials of a search have in common, in words that another process or host understands.

    Args:
        data: As the person typed it; None for the sample.
        size: Side of the images; None keeps them.
        seed: Of the splits.
        cache_dir: Where each host keeps its copy of the data; None for the default.
        val: Validation images to use; None for all.
        recipe: How to train what is not told otherwise.
        device: Torch's name of it.
        run: The folder of the run, which every host sees.
        checkpoints: Of weights and of trainings under way, within it.
        test: Test images to score trained networks on; 0 for no score.
        zero_cost: Whether networks are measured before they are trained, and dead ones are not trained.
    """

    data: str | None
    size: int | None
    seed: int
    cache_dir: Path | None
    val: int | None
    recipe: Recipe
    device: str
    run: Path
    checkpoints: Path
    test: int = 0
    zero_cost: bool = False


@dataclass(frozen=True)
class Job:
    """One network to train.

    Args:
        number: Of its trial.
        network: Its canonical text.
        seed: Of the training.
        recipe: How to train it; None for the recipe of the bench.
        until: Epochs at whose end the training rests, without weights to keep; None for all of the recipe.
        relative: The trial whose weights it begins with; None to begin from scratch.
    """

    number: int
    network: str
    seed: int
    recipe: Recipe | None = None
    until: int | None = None
    relative: Relative | None = None


OnEpoch = Callable[[Epoch, float], bool]
"""Is told an epoch, and the device time that the trial has taken in this process; says whether to go on."""

_PARTS = 4
"""Of a batch, where memory had no room for a whole one."""

_TEST_BATCH = 256


@dataclass(frozen=True)
class Outcome:
    """How a trial ended.

    Args:
        seconds: Core or device time from before it was built to after its weights were written.
        reason: Why it failed, in a few words; empty where it did not.
        detail: The traceback, or numbers.
        stopped: Whether it was told to stop before its end.
        micro_batch: Images in each part of a batch; None where it was not parted.
        error: What is no fault of the trial: a full disk, a damaged checkpoint, absent data.
        test: The score on the test split; None where the bench wants none, or the trial did not reach its end.
        inherited: What it began with of another trial's weights, in words; empty where it was to begin from scratch.
        measures: Zero-cost measures, by name; None where the bench wants none, or the training had begun before.
    """

    seconds: float
    reason: str = ""
    detail: str = ""
    stopped: bool = False
    micro_batch: int | None = None
    error: RunError | DataError | None = None
    test: Score | None = None
    inherited: str = ""
    measures: dict[str, float] | None = None


def train(job: Job, bench: Bench, *, on_epoch: OnEpoch) -> Outcome:
    """Train a network from its last epoch on disk, if any, and write its weights at its end.

    Where memory runs out it is tried once more, with batches in four parts.

    Args:
        job: What to train.
        bench: On what.
        on_epoch: Called with each epoch, those on disk included. What it raises is raised.
    """
    device = torch.device(bench.device)
    begin = device_seconds(device)

    def spent() -> float:
        return device_seconds(device) - begin

    watch = _Watch(lambda epoch: on_epoch(epoch, spent()))
    outcome = _tried(job, bench, watch, device, parts=1)
    if outcome.reason == "out of memory":
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()
        micro_batch = -(-_recipe(job, bench).batch // _PARTS)
        outcome = replace(_tried(job, bench, watch, device, parts=_PARTS), micro_batch=micro_batch)
    return replace(outcome, seconds=spent())


def _tried(job: Job, bench: Bench, watch: "_Watch", device: torch.device, *, parts: int) -> Outcome:
    try:
        return _train(job, bench, watch, device, parts)
    except _Stopped:
        return Outcome(0.0, stopped=True)
    except TrialFailure as failure:
        return Outcome(0.0, failure.reason, failure.detail)
    except Exception as error:
        if error is watch.error:
            raise
        if isinstance(error, RunError | DataError):
            return Outcome(0.0, error=error)
        reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        return Outcome(0.0, reason, traceback.format_exc())


def _recipe(job: Job, bench: Bench) -> Recipe:
    return job.recipe or bench.recipe


def dataset(bench: Bench) -> Dataset:
    """The data of a bench, opened once by each process."""
    return _dataset(bench.data, bench.size, bench.seed, bench.cache_dir, bench.val, bench.test)


@lru_cache(maxsize=1)
def _dataset(
    data: str | None, size: int | None, seed: int, cache_dir: Path | None, val: int | None, test: int
) -> Dataset:
    whole = load(data, size=size, seed=seed, cache_dir=cache_dir)
    return replace(whole, val=_fewer(whole.val, val, seed), test=_fewer(whole.test, test or None, seed))


def _fewer(split: Split, count: int | None, seed: int) -> Split:
    if count is None or count >= len(split):
        return split
    chosen = subset(split.labels, count, seed=seed)
    return Split(split.images[chosen], split.labels[chosen])


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


def _train(job: Job, bench: Bench, on_epoch: Callable[[Epoch], None], device: torch.device, parts: int) -> Outcome:
    data, recipe, network = dataset(bench), _recipe(job, bench), parse(job.network)
    folder = training(bench.checkpoints, job.number)
    begun = (folder / checkpoint.NAME).exists()
    seed_everything(job.seed)
    module = build(network, input=data.input)
    initialize(module, recipe.init)
    measures = measured(module, data, device=device, seed=job.seed) if bench.zero_cost and not begun else None
    said = ""
    if job.relative is not None:  # Also where the training goes on, and has weights of its own: for what is said of it.
        said = inherited(module, network, job.relative, checkpoints=bench.checkpoints, input=data.input)
    fit(
        module,
        data,
        recipe,
        device=device,
        seed=job.seed,
        folder=folder,
        until=job.until,
        parts=parts,
        on_epoch=on_epoch,
    )
    if job.until is not None and job.until < recipe.epochs:
        return Outcome(0.0, inherited=said, measures=measures)
    test = evaluate(module, data.test, data, device=device, batch=_TEST_BATCH // parts) if bench.test else None
    state = {name: tensor.cpu() for name, tensor in module.state_dict().items()}
    checkpoint.write(weights(bench.checkpoints, job.number), state)
    return Outcome(0.0, test=test, inherited=said, measures=measures)
