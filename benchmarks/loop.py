"""What the training loop adds to the steps: python benchmarks/loop.py [--network NAME] [--images N].

Goals: our epoch takes at most 1.03 times a bare loop over batches that lie ready, augmentation at most 3 % of a step.
The bare loop runs the same steps on the same batches, made beforehand; both are timed in turns, the medians compared.
Time is that of the process on a CPU, wall time on CUDA.

Where there is a GPU, also, on batches of 256 of 3x32x32: images per second of ResNet-18 and ResNet-20 as a CUDA graph
against eager, as a share of what the device can do, of our loop against one batch again and again (goal: at least
0.97), and of 1, 2, 4 and 8 processes that train at once.
"""

import argparse
import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from nas import catalog
from nas.arch.cost import cost
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
GPU_BATCH, GPU_STEPS, GPU_SECONDS, READY_GOAL, TRIALS = 256, 100, 3.0, 0.97, (1, 2, 4, 8)
GPU_NETWORKS, MATRIX, START_S = ("resnet18", "resnet20"), 8192, 15.0


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
    """Print what a GPU gives: graphs against eager steps, our loop against batches that lie ready, trials at once."""
    print(torch.cuda.get_device_name(device), f"torch {torch.__version__}")
    for name in GPU_NETWORKS:
        network = catalog.network(name).fitted(CLASSES, INPUT)
        macs = cost(network, INPUT).macs
        eager, graphed = (speed(name, device, graph=graph) for graph in (False, True))
        flops = 6 * macs * graphed / 1e12
        print(
            f"{name:9} {eager:9,.0f} images/s eager, {graphed:9,.0f} as a graph ({graphed / eager:.2f}); "
            f"{flops:.0f} TFLOP/s, {flops / product(device):.1%} of a product of matrices"
        )
    noise = data(GPU_BATCH * GPU_STEPS)
    batches = Batches(noise.train, noise, device=device, batch=GPU_BATCH, augment=AUGMENT)
    work, ready = trainer("resnet18", device), [next(iter(batches.epoch(0)))] * GPU_STEPS
    for images, labels in itertools.islice(batches.epoch(0), 10):
        work(images, labels)
    ours, bare = [], []
    for epoch in range(3):
        ours.append(seconds(device, lambda: [work(*batch) for batch in batches.epoch(epoch)]))  # noqa: B023
        bare.append(seconds(device, lambda: [work(*batch) for batch in ready]))
    fraction = statistics.median(bare) / statistics.median(ours)
    print(f"resnet18  our loop {fraction:.3f} of the speed on batches that lie ready (goal: at least {READY_GOAL})")
    for name in GPU_NETWORKS:
        speeds = [at_once(name, count) for count in TRIALS]
        said = "   ".join(f"{count}: {all_of:,.0f}" for count, all_of in zip(TRIALS, speeds, strict=True))
        print(f"{name:9} images/s of so many processes on one GPU   {said}")


def trainer(name: str, device: torch.device, *, graph: bool = True) -> Callable[[Tensor, Tensor], Tensor]:
    """A step of a network."""
    network = catalog.network(name).fitted(CLASSES, INPUT)
    step = Step(build(network, input=INPUT), Recipe(epochs=1, batch=GPU_BATCH), device=device, graph=graph)
    return lambda images, labels: step(images, labels, lr=0.01)


def speed(name: str, device: torch.device, *, graph: bool = True, begin: float = 0.0) -> float:
    """Images per second of a network on one batch, from a moment on where others begin too."""
    images = torch.randn(GPU_BATCH, *INPUT, device=device).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, CLASSES, (GPU_BATCH,), device=device)
    work = trainer(name, device, graph=graph)
    for _ in range(10):
        work(images, labels)
    torch.cuda.synchronize(device)
    time.sleep(max(0.0, begin - time.time()))
    steps = 0
    first = time.perf_counter()
    while (passed := time.perf_counter() - first) < GPU_SECONDS:
        for _ in range(10):
            work(images, labels)
        torch.cuda.synchronize(device)
        steps += 10
    return steps * GPU_BATCH / passed


def product(device: torch.device) -> float:
    """TFLOP/s of a product of large matrices in bfloat16: what the device can do."""
    matrix = torch.randn(MATRIX, MATRIX, device=device, dtype=torch.bfloat16)
    for _ in range(3):
        matrix @ matrix
    torch.cuda.synchronize(device)
    begin = time.perf_counter()
    for _ in range(20):
        matrix @ matrix
    torch.cuda.synchronize(device)
    return 20 * 2 * MATRIX**3 / (time.perf_counter() - begin) / 1e12


def at_once(name: str, count: int) -> float:
    """Images per second in all of processes that train a network each on one GPU at the same time."""
    program = f"from benchmarks.loop import *; print(speed({name!r}, pick_device(), begin={time.time() + START_S}))"
    processes = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(count)
    ]
    return sum(float(process.communicate()[0].split()[-1]) for process in processes)


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
        print("no GPU here: graphs, our loop and several trials at once on one are not measured")


if __name__ == "__main__":
    main()
