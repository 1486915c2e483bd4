"""Training: it learns, it resumes bit by bit, and it says what went wrong."""

import os
import platform
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nas.data import Dataset, Split
from nas.data.augment import Augment
from nas.errors import NasError, RunError
from nas.train import checkpoint
from nas.train.device import device_seconds, pick_device
from nas.train.evaluate import evaluate
from nas.train.failure import TrialFailure, out_of_memory_is_failure
from nas.train.fit import Epoch, History, fit, seed_everything
from nas.train.recipe import SEARCH, Recipe, learning_rate, recipe_of
from nas.train.step import Step, training_loss

CPU = torch.device("cpu")
RECIPE = Recipe(epochs=4, batch=32, lr=0.05, augment=Augment(crop=1, flip=True))
CLASSES = 4


def split(count: int, *, seed: int) -> Split:
    """Noise, brighter in the corner that is the label."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, CLASSES, count)
    images = generator.integers(0, 160, (count, 8, 8, 1), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        row, column = 4 * (label // 2), 4 * (label % 2)
        image[row : row + 4, column : column + 4] += 40
    return Split(images.transpose(0, 3, 1, 2), labels)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return Dataset(
        name="corners",
        train=split(512, seed=0),
        val=split(200, seed=1),
        test=split(200, seed=2),
        classes=tuple("abcd"),
        mean=(0.35,),
        std=(0.2,),
        notes=(),
    )


def network(*, seed: int = 0, dropout: float = 0.2) -> nn.Module:
    seed_everything(seed)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1, groups=8),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(128, CLASSES),
    )


class WithExit(nn.Module):
    """Two linear classifiers, the first an exit."""

    exit_weights = (0.3,)

    def __init__(self) -> None:
        super().__init__()
        self.early, self.late = nn.Linear(64, CLASSES), nn.Linear(64, CLASSES)

    def forward(self, x: Tensor) -> object:
        x = x.flatten(1)
        return (self.late(x), [self.early(x)]) if self.training else self.late(x)


def numbers(history: History) -> list[Epoch]:
    """The epochs without their times, which no two runs share."""
    return [replace(epoch, seconds=0) for epoch in history.epochs]


def same_weights(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_it_learns(data: Dataset) -> None:
    module = network()
    recipe = replace(RECIPE, augment=Augment())  # A shift or a flip would change the label.
    history = fit(module, data, recipe, device=CPU, seed=0)
    assert [epoch.epoch for epoch in history.epochs] == [1, 2, 3, 4]
    assert history.last.train_loss < 0.7 * history.epochs[0].train_loss
    assert history.last.val_accuracy > 0.8 > 2 / CLASSES
    score = evaluate(module, data.val, data, device=CPU, batch=64)
    assert (score.accuracy, score.count) == (history.last.val_accuracy, 200)
    assert score.loss == pytest.approx(history.last.val_loss)
    assert evaluate(module, data.test, data, device=CPU).accuracy > 0.7
    assert history.seconds == sum(epoch.seconds for epoch in history.epochs) > 0


def test_same_seed_same_numbers(data: Dataset) -> None:
    one, two, other = (network(dropout=0) for _ in range(3))  # The order and augmentation alone are drawn.
    first = fit(one, data, RECIPE, device=CPU, seed=5, until=2)
    torch.rand(7)  # What others draw meanwhile makes no difference.
    assert numbers(fit(two, data, RECIPE, device=CPU, seed=5, until=2)) == numbers(first)
    assert same_weights(one, two)
    fit(other, data, RECIPE, device=CPU, seed=6, until=2)
    assert not same_weights(one, other)


@pytest.mark.parametrize("stops", [(2,), (1, 3), (0,)])
def test_resumed_is_undisturbed(data: Dataset, tmp_path: Path, stops: tuple[int, ...]) -> None:
    straight = network()
    expected = fit(straight, data, RECIPE, device=CPU, seed=3)
    for stop in stops:
        part = fit(network(), data, RECIPE, device=CPU, seed=3, folder=tmp_path, until=stop)
        assert len(part.epochs) == stop
    resumed = network(seed=99)  # Its own weights give way to those of the checkpoint,
    if stops == (0,):
        resumed = network()  # where there is one.
    seen: list[Epoch] = []
    history = fit(resumed, data, RECIPE, device=CPU, seed=3, folder=tmp_path, on_epoch=seen.append)
    assert numbers(history) == numbers(expected)
    assert tuple(seen) == history.epochs  # Those of the checkpoint too.
    assert same_weights(resumed, straight)


def test_a_finished_training_is_read_back(data: Dataset, tmp_path: Path) -> None:
    trained, again = network(), network(seed=99)
    history = fit(trained, data, RECIPE, device=CPU, seed=0, folder=tmp_path)
    assert fit(again, data, RECIPE, device=CPU, seed=0, folder=tmp_path) == history
    assert same_weights(trained, again)


def test_images_grow_with_the_epochs_to_their_size_and_are_judged_at_it(data: Dataset, tmp_path: Path) -> None:
    seen: list[tuple[bool, int]] = []
    recipe = replace(RECIPE, epochs=6, first_side=0.5)

    def small() -> nn.Module:
        seed_everything(0)
        whole = nn.Sequential(
            nn.Conv2d(1, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, CLASSES)
        )
        whole.register_forward_hook(lambda module, images, _: seen.append((module.training, images[0].shape[-1])))
        return whole

    straight = fit(small(), data, recipe, device=CPU, seed=1)
    trained = [side for training, side in seen if training]
    assert trained[:: len(trained) // 6] == [4, 5, 6, 7, 8, 8]
    assert {side for training, side in seen if not training} == {8}
    fit(small(), data, recipe, device=CPU, seed=1, folder=tmp_path, until=2)
    resumed = fit(small(), data, recipe, device=CPU, seed=1, folder=tmp_path)
    assert [epoch.val_loss for epoch in resumed.epochs] == [epoch.val_loss for epoch in straight.epochs]


def test_the_checkpoint_is_weights_only_and_there_before_on_epoch(data: Dataset, tmp_path: Path) -> None:
    def look(epoch: Epoch) -> None:
        state = torch.load(tmp_path / checkpoint.NAME, weights_only=True)
        assert state["epochs"][-1] == asdict(epoch)

    fit(network(), data, RECIPE, device=CPU, seed=0, folder=tmp_path, until=2, on_epoch=look)
    assert [path.name for path in tmp_path.iterdir()] == [checkpoint.NAME]


def test_a_write_that_is_cut_off_leaves_the_last_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint.save(tmp_path, {"epoch": 1})

    def cut_off(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", cut_off)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save(tmp_path, {"epoch": 2})
    assert checkpoint.load(tmp_path, device=CPU) == {"epoch": 1}


def test_a_folder_of_another_training_is_refused(data: Dataset, tmp_path: Path) -> None:
    fit(network(), data, RECIPE, device=CPU, seed=0, folder=tmp_path, until=1)
    with pytest.raises(RunError, match="another recipe"):
        fit(network(), data, replace(RECIPE, lr=0.01), device=CPU, seed=0, folder=tmp_path)
    with pytest.raises(RunError, match="another seed"):
        fit(network(), data, RECIPE, device=CPU, seed=1, folder=tmp_path)
    with pytest.raises(RunError, match="another network"):
        fit(WithExit(), data, RECIPE, device=CPU, seed=0, folder=tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 cut off"])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / checkpoint.NAME).write_bytes(content)
    with pytest.raises(RunError, match=r"checkpoint\.pt: not a readable checkpoint"):
        checkpoint.load(tmp_path, device=CPU)


def test_a_checkpoint_of_another_version_is_named(tmp_path: Path) -> None:
    torch.save({"version": 99}, tmp_path / checkpoint.NAME)
    with pytest.raises(RunError, match="have version 1, this one 99"):
        checkpoint.load(tmp_path, device=CPU)


def test_a_diverging_training_is_the_trials_failure(data: Dataset, tmp_path: Path) -> None:
    wild = replace(RECIPE, lr=1e30)
    with pytest.raises(TrialFailure, match=r"diverged: .* epoch 1") as caught:
        fit(network(), data, wild, device=CPU, seed=0, folder=tmp_path)
    assert caught.value.reason == "diverged"
    assert not list(tmp_path.iterdir())


def test_a_batch_in_parts_has_the_gradients_of_a_whole_one() -> None:
    seed_everything(0)
    images, labels = torch.randn(10, 1, 8, 8), torch.arange(10) % CLASSES
    whole, parted = (WithExit() for _ in range(2))
    parted.load_state_dict(whole.state_dict())
    before = whole.early.weight.detach().clone()
    losses = [
        Step(module, RECIPE, device=CPU, parts=parts)(images, labels, lr=0.1)
        for module, parts in ((whole, 1), (parted, 4))
    ]
    torch.testing.assert_close(*losses)
    torch.testing.assert_close(whole.state_dict(), parted.state_dict())
    assert not torch.equal(whole.early.weight, before)


class Hungry(nn.Module):
    """Asks for an exabyte of activations."""

    def forward(self, x: Tensor) -> Tensor:
        return x.new_empty(2**58)


def test_no_memory_is_the_trials_failure(data: Dataset) -> None:
    with pytest.raises(TrialFailure) as caught:
        evaluate(Hungry(), data.val, data, device=CPU)
    assert caught.value.reason == "out of memory"
    assert "\n" not in caught.value.detail
    with pytest.raises(TrialFailure, match="out of memory"), out_of_memory_is_failure():
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB\nand advice")
    with pytest.raises(TrialFailure, match="out of memory"), out_of_memory_is_failure():
        np.empty(2**58)
    with pytest.raises(RuntimeError, match="a bug"), out_of_memory_is_failure():
        raise RuntimeError("a bug")


def test_exits_weigh_as_they_say() -> None:
    seed_everything(0)
    final, early, labels = torch.randn(6, CLASSES), torch.randn(6, CLASSES), torch.tensor([0, 1, 2, 3, 0, 1])
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)
    weighted = training_loss((final, [early, final]), labels, exit_weights=(0.3, 0.5), label_smoothing=0.1)
    torch.testing.assert_close(weighted, 1.5 * loss(final, labels) + 0.3 * loss(early, labels))
    torch.testing.assert_close(training_loss(final, labels, label_smoothing=0.1), loss(final, labels))
    with pytest.raises(ValueError, match="zip"):
        training_loss((final, [early]), labels, exit_weights=())


def test_exits_are_trained_and_only_the_last_logits_scored(data: Dataset) -> None:
    seed_everything(0)
    module = WithExit()
    before = module.early.weight.detach().clone()
    fit(module, data, RECIPE, device=CPU, seed=0, until=1)
    assert not torch.equal(module.early.weight, before)
    with torch.no_grad():
        module.early.weight.fill_(torch.nan)
    assert np.isfinite(evaluate(module, data.val, data, device=CPU).loss)


def test_a_cpu_computes_in_float32_whatever_surrounds_it(data: Dataset) -> None:
    module, dtypes = network(), set()
    for part in module:
        part.register_forward_hook(lambda part, inputs, output: dtypes.add(output.dtype))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        fit(module, data, RECIPE, device=CPU, seed=0, until=1)
        evaluate(module, data.val, data, device=CPU)
    assert dtypes == {torch.float32}


def test_weights_gradients_and_momenta_lie_in_channels_last() -> None:
    convolution = nn.Conv2d(2, 3, 3)
    step = Step(nn.Sequential(convolution, nn.Flatten(), nn.Linear(108, CLASSES)), RECIPE, device=CPU)
    step(torch.randn(4, 2, 8, 8), torch.zeros(4, dtype=torch.int64), lr=0.1)
    momentum = step.optimizer.state[convolution.weight]["momentum_buffer"]
    for tensor in (convolution.weight, convolution.weight.grad, momentum):
        assert tensor.is_contiguous(memory_format=torch.channels_last)


def test_norms_and_biases_do_not_decay() -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, CLASSES))
    for parameter in module.parameters():
        nn.init.ones_(parameter)
    step = Step(module, replace(RECIPE, weight_decay=0.5, momentum=0.0, nesterov=False), device=CPU)
    for parameter in module.parameters():
        parameter.grad = torch.zeros_like(parameter)
    step.optimizer.step()
    left = {name: parameter.detach().unique().tolist() for name, parameter in module.named_parameters()}
    assert {name for name, values in left.items() if values == [1.0]} == {"0.bias", "1.weight", "1.bias", "3.bias"}


def test_the_rate_rises_and_falls_to_zero() -> None:
    recipe = Recipe(epochs=1, lr=0.8, warmup=0.25)
    assert [learning_rate(recipe, at) for at in (0, 0.125, 0.25)] == pytest.approx([0, 0.4, 0.8])
    assert [learning_rate(recipe, at) for at in (0.625, 1)] == pytest.approx([0.4, 0])
    linear = replace(recipe, schedule="linear")
    assert [learning_rate(linear, at) for at in (0.25, 0.4375, 1)] == pytest.approx([0.8, 0.6, 0])
    assert learning_rate(replace(recipe, warmup=0.0), 0) == pytest.approx(0.8)


def test_a_recipe_returns_from_its_fields() -> None:
    for recipe in (SEARCH, replace(RECIPE, limit=100)):
        assert recipe_of(asdict(recipe)) == recipe
    assert recipe_of({"epochs": 3}) == Recipe(epochs=3)
    with pytest.raises(NasError, match="epoch_count"):
        recipe_of({"epoch_count": 3})


@pytest.mark.parametrize("field", [{"epochs": 0}, {"lr": 0.0}, {"momentum": 0.0}, {"warmup": 1.0}, {"limit": 0}])
def test_a_recipe_states_its_rules(field: dict[str, float]) -> None:
    with pytest.raises(NasError, match=r"recipe\.\w+: .* but got"):
        recipe_of({"epochs": 1, **field})


def test_limit_trains_on_so_many(data: Dataset) -> None:
    history = fit(network(), data, replace(RECIPE, limit=96), device=CPU, seed=0, until=1)
    assert history.last.images == 96


def test_devices_are_picked_by_name() -> None:
    assert pick_device("cpu") == CPU
    assert pick_device().type == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(NasError, match="a device is one of cpu"):
        pick_device("cuda:99")


def test_the_clock_of_a_cpu_counts_work_and_not_waiting() -> None:
    begin = device_seconds(CPU)
    sum(range(10**6))
    assert 0 < device_seconds(CPU) - begin < 1


PREPARED = """
import resource, torch
from nas.train.device import prepare_cpu
prepare_cpu()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(10 * 2**20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(torch.get_num_threads(), [faults() for _ in range(16)][-1])
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to keep memory")
def test_a_prepared_process_has_one_thread_and_keeps_its_memory() -> None:
    asked = subprocess.run([sys.executable, "-c", PREPARED], capture_output=True, text=True, check=True)
    threads, faults = map(int, asked.stdout.split())
    assert threads == 1
    # 40 MB that are mapped anew are 10,240 faults, every time. Kept memory may take nine tensors to come to rest: glibc
    # sets aside the few bytes that alignment cuts off, up to seven times, and a tensor as large then no longer fits.
    assert faults < 100
