"""What the training loop adds to the steps: python benchmarks/loop.py [--network NAME] [--images N].

Goals: our epoch takes at most 1.03 times a bare loop over batches that lie ready, augmentation at most 3 % of a step.
The bare loop runs the same steps on the same batches, made beforehand; both are timed in turns, the medians compared.
Time is that of the process on a CPU, wall time on CUDA.

Where there is a GPU, also: images per second of ResNet-18 on batches of 256 of 3x32x32 in a CUDA graph against eager,
and with 1, 2, 4 and 8 networks that train in one process on streams of their own. Without a GPU these are owed.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from nas import catalog
from nas.data import Dataset, Split
from nas.data.augment import Augment
from nas.data.batches import Batches
from nas.lower import build
from nas.train.device import device_seconds, pick_device, prepare_cpu
from nas.train.recipe import Recipe
from nas.train.step import Step

BATCH, INPUT, CLASSES = 128, (3, 32, 32), 10
LOOP_GOAL, AUGMENTATION_GOAL = 1.03, 0.03
AUGMENT = Augment(crop=4, flip=True, cutout=16)
GPU_BATCH, GPU_STEPS, TRIALS = 256, 100, (1, 2, 4, 8)


def data(count: int) -> Dataset:
    """Noise: what images show costs nothing."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (count, *INPUT[1:], INPUT[0]), dtype=np.uint8)
    split = Split(pixels.transpose(0, 3, 1, 2), generator.integers(0, CLASSES, count))
    names = tuple(map(str, range(CLASSES)))
    return Dataset("noise", split, split, split, classes=names, mean=(0.5,) * 3, std=(0.25,) * 3, notes=())


def seconds(device: torch.device, work: Callable[[], object]) -> float:
    """What it takes."""
    begin = device_seconds(device)
    work()
    return device_seconds(device) - begin


def loop(name: str, images: int, repeats: int, device: torch.device) -> None:
    """Print what the loop adds, and the share of augmentation."""
    noise = data(images)
    recipe = Recipe(epochs=1, batch=BATCH, augment=AUGMENT)
    step = Step(build(catalog.network(name).fitted(CLASSES, INPUT), input=INPUT), recipe, device=device)
    batches = Batches(noise.train, noise, device=device, batch=BATCH, augment=AUGMENT)
    plain = Batches(noise.train, noise, device=device, batch=BATCH)
    ready = list(batches.epoch(0))

    def trained(some: object) -> None:
        for inputs, labels in some:  # type: ignore[attr-defined]
            step(inputs, labels, lr=0.01)

    trained(ready[:2])
    taken: dict[str, list[float]] = {"ours": [], "bare": [], "augmented": [], "plain": []}
    for epoch in range(repeats):
        taken["ours"].append(seconds(device, lambda: trained(batches.epoch(epoch))))  # noqa: B023
        taken["bare"].append(seconds(device, lambda: trained(ready)))
        taken["augmented"].append(seconds(device, lambda: list(batches.epoch(epoch))))  # noqa: B023
        taken["plain"].append(seconds(device, lambda: list(plain.epoch(epoch))))  # noqa: B023
    ours, bare, augmented, unchanged = (statistics.median(taken[kind]) for kind in taken)
    seen = len(ready) * BATCH
    print(f"{name} on {device}, {len(ready)} batches of {BATCH}, {repeats} times: {seen / ours:,.0f} images/s")
    print(f"loop          {ours / bare:.3f} of a bare loop (goal: at most {LOOP_GOAL})")
    print(f"augmentation  {(augmented - unchanged) / ours:.2%} of a step (goal: at most {AUGMENTATION_GOAL:.0%})")


def gpu(device: torch.device) -> None:
    """Print what CUDA graphs and several networks at a time give on a GPU."""
    network = catalog.network("resnet18").fitted(CLASSES, INPUT)
    images = torch.randn(GPU_BATCH, *INPUT, device=device).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, CLASSES, (GPU_BATCH,), device=device)

    def trainer() -> Callable[[], Tensor]:
        step = Step(build(network, input=INPUT), Recipe(epochs=1, batch=GPU_BATCH), device=device)
        return lambda: step(images, labels, lr=0.01)

    def speed(work: Callable[[], object], at_once: int = 1) -> float:
        for _ in range(10):
            work()
        torch.cuda.synchronize(device)
        begin = time.perf_counter()
        for _ in range(GPU_STEPS):
            work()
        torch.cuda.synchronize(device)
        return at_once * GPU_STEPS * GPU_BATCH / (time.perf_counter() - begin)

    one = trainer()
    eager = speed(one)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        one()
    graphed = speed(graph.replay)
    print(f"resnet18 on {torch.cuda.get_device_name(device)}: {eager:,.0f} images/s, as a graph {graphed:,.0f}")
    for count in TRIALS:
        trainers = [(trainer(), torch.cuda.Stream(device)) for _ in range(count)]

        def together(all_of: list[tuple[Callable[[], Tensor], torch.cuda.Stream]] = trainers) -> None:
            for train, stream in all_of:
                with torch.cuda.stream(stream):
                    train()

        print(f"{count} at once  {speed(together, count):,.0f} images/s in all")


def main() -> None:
    """Print what this machine can tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="resnet20", help="a named network (default: resnet20)")
    parser.add_argument("--images", type=int, default=1280)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    device = pick_device()
    if device.type == "cpu":
        prepare_cpu()
    loop(arguments.network, arguments.images, arguments.repeats, device)
    if device.type == "cuda":
        gpu(device)
    else:
        print("no GPU here: ResNet-18 as a CUDA graph and with 1, 2, 4 and 8 at once are owed")


if __name__ == "__main__":
    main()
