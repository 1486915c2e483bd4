"""Our training step on a CPU against a plain loop: python benchmarks/training_step.py [--workers N].

Both train the same three networks, written in plain torch, on batches of 128 images of 3x32x32, in float32, with one
thread. Plain: the contiguous layout that torch begins with and the allocator as it comes. Ours: `nas.train.step.Step`
after `prepare_cpu`, which is what `nas.train.fit` runs. The allocator belongs to the process, so each side has its own;
they take turns step by step, and each is judged by its least core time. Exits with 1 where a ratio is missed.

With --workers N, images a second of wall time for one process with N threads, and for N processes with one.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from nas.train.device import prepare_cpu
from nas.train.recipe import SEARCH
from nas.train.step import Step

BATCH, CLASSES, LR = 128, 10, 0.05
TARGETS = {"resnet": 1.3, "mobile": 3.0, "inception": 1.8}


def conv(channels: int, out: int, kernel: int = 1, *, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution and batch norm."""
    made = nn.Conv2d(channels, out, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(made, nn.BatchNorm2d(out))


def conv_relu(channels: int, out: int, kernel: int = 1, *, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution, batch norm and rectifier."""
    return nn.Sequential(conv(channels, out, kernel, stride=stride, groups=groups), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """relu(x + f(x)), f two 3x3 convolutions."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.f = nn.Sequential(conv_relu(channels, out, 3, stride=stride), conv(out, out, 3))
        self.shortcut = nn.Identity() if channels == out else conv(channels, out, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.f(x) + self.shortcut(x), inplace=True)


class InvertedResidual(nn.Module):
    """x + f(x) where shapes allow, f a 1x1 expansion, a depthwise 3x3 and a 1x1 projection."""

    def __init__(self, channels: int, out: int, stride: int, expansion: int = 4) -> None:
        super().__init__()
        wide = expansion * channels
        self.f = nn.Sequential(
            conv_relu(channels, wide), conv_relu(wide, wide, 3, stride=stride, groups=wide), conv(wide, out)
        )
        self.residual = channels == out and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        return x + self.f(x) if self.residual else self.f(x)


class Inception(nn.Module):
    """1x1, 1x1-3x3, 1x1-5x5 and pool-1x1 side by side, `widths` in the order of GoogLeNet's table."""

    def __init__(self, channels: int, widths: tuple[int, int, int, int, int, int]) -> None:
        super().__init__()
        one, reduce3, three, reduce5, five, pool = widths
        self.branches = nn.ModuleList(
            [
                conv_relu(channels, one),
                nn.Sequential(conv_relu(channels, reduce3), conv_relu(reduce3, three, 3)),
                nn.Sequential(conv_relu(channels, reduce5), conv_relu(reduce5, five, 5)),
                nn.Sequential(nn.MaxPool2d(3, 1, 1), conv_relu(channels, pool)),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], 1)


def head(channels: int) -> list[nn.Module]:
    """Mean over the image, and the classifier."""
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES)]


def staged(
    block: Callable[[int, int, int], nn.Module], stem: int, widths: tuple[int, ...], depths: tuple[int, ...]
) -> nn.Sequential:
    """A 3x3 stem and stages of `block`, each after the first beginning with stride 2."""
    parts: list[nn.Module] = [conv_relu(3, stem, 3)]
    channels = stem
    for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        for i in range(depth):
            parts.append(block(channels, width, 2 if stage > 0 and i == 0 else 1))
            channels = width
    return nn.Sequential(*parts, *head(channels))


def resnet() -> nn.Module:
    """ResNet-20 for CIFAR: 41 million MACs."""
    return staged(Residual, 16, (16, 32, 64), (3, 3, 3))


def mobile() -> nn.Module:
    """Inverted residuals: 34 million MACs."""
    return staged(InvertedResidual, 24, (24, 32, 64), (3, 4, 3))


def inception() -> nn.Module:
    """Six inception blocks: 26 million MACs."""
    return nn.Sequential(
        conv_relu(3, 16, 3),
        Inception(16, (8, 12, 16, 4, 8, 8)),
        Inception(40, (16, 12, 24, 4, 8, 8)),
        nn.MaxPool2d(3, 2, 1),
        Inception(56, (32, 24, 48, 8, 16, 16)),
        Inception(112, (32, 24, 48, 8, 16, 16)),
        nn.MaxPool2d(3, 2, 1),
        Inception(112, (64, 32, 96, 8, 32, 32)),
        Inception(224, (64, 32, 96, 8, 32, 32)),
        *head(224),
    )


NETWORKS = {"resnet": resnet, "mobile": mobile, "inception": inception}


def plain_step(module: nn.Module, images: Tensor, labels: Tensor) -> Callable[[], object]:
    """The loop of every tutorial."""
    optimizer = torch.optim.SGD(
        module.parameters(), lr=LR, momentum=SEARCH.momentum, nesterov=SEARCH.nesterov, weight_decay=SEARCH.weight_decay
    )

    def step() -> None:
        optimizer.zero_grad()
        loss = F.cross_entropy(module(images), labels, label_smoothing=SEARCH.label_smoothing)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def our_step(module: nn.Module, images: Tensor, labels: Tensor) -> Callable[[], object]:
    """What `fit` runs, on images as `Batches` gives them."""
    step = Step(module, SEARCH, device=torch.device("cpu"))
    images = images.contiguous(memory_format=torch.channels_last)
    return lambda: step(images, labels, lr=LR)


def trainer(pipe: Connection, network: str, *, ours: bool, threads: int) -> None:
    """Train for as many steps as each message says; answer with their core and wall seconds, and end on 0 steps."""
    if ours:
        prepare_cpu()
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    images, labels = torch.randn(BATCH, 3, 32, 32), torch.randint(0, CLASSES, (BATCH,))
    step = (our_step if ours else plain_step)(NETWORKS[network](), images, labels)
    while steps := pipe.recv():
        core, wall = time.process_time(), time.perf_counter()
        for _ in range(steps):
            step()
        pipe.send((time.process_time() - core, time.perf_counter() - wall))


class Trainer:
    """A process that trains on demand."""

    def __init__(self, network: str, *, ours: bool, threads: int = 1) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, end = context.Pipe()
        options = {"ours": ours, "threads": threads}
        self._process = context.Process(target=trainer, args=(end, network), kwargs=options, daemon=True)
        self._process.start()

    def begin(self, steps: int) -> None:
        """Ask for steps."""
        self._pipe.send(steps)

    def end(self) -> tuple[float, float]:
        """Core and wall seconds of the steps asked for."""
        core, wall = self._pipe.recv()
        return core, wall

    def close(self) -> None:
        """Let the process end."""
        self._pipe.send(0)
        self._process.join()


def core_seconds(network: str, repeats: int) -> tuple[float, float]:
    """Least core seconds of a step, plain and ours."""
    trainers = (Trainer(network, ours=False), Trainer(network, ours=True))
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for trainer, taken in zip(trainers, seconds, strict=True):
            trainer.begin(1)
            taken.append(trainer.end()[0])
    for trainer in trainers:
        trainer.close()
    return min(seconds[0]), min(seconds[1])


def wall_images(network: str, repeats: int, *, processes: int, threads: int) -> float:
    """Images a second of all processes together, training at the same time."""
    trainers = [Trainer(network, ours=True, threads=threads) for _ in range(processes)]
    for steps in (2, repeats):  # The first are to warm up.
        for trainer in trainers:
            trainer.begin(steps)
        longest = max(trainer.end()[1] for trainer in trainers)
    for trainer in trainers:
        trainer.close()
    return processes * repeats * BATCH / longest


def main() -> int:
    """Print the tables; 0 where every ratio is reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=12, help="steps of each side (default: 12)")
    parser.add_argument("--workers", type=int, default=0, help="also compare N threads with N processes")
    options = parser.parse_args()

    print(f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, batch {BATCH}, 3x32x32, 1 thread")
    print(f"{'network':12}{'plain img/s':>13}{'ours img/s':>12}{'ratio':>8}{'target':>8}")
    missed = 0
    for network, target in TARGETS.items():
        plain, ours = core_seconds(network, options.repeats)
        missed += plain / ours < target
        print(f"{network:12}{BATCH / plain:13.1f}{BATCH / ours:12.1f}{plain / ours:8.2f}{target:8.1f}")
    print(f"load average {os.getloadavg()[0]:.2f}; with more than this benchmark running, ratios move by a tenth")

    if options.workers:
        n = options.workers
        print(f"\n{'wall time':12}{f'1 x {n} threads':>15}{f'{n} x 1 thread':>15}{'ratio':>8}")
        for network in TARGETS:
            threads = wall_images(network, options.repeats, processes=1, threads=n)
            processes = wall_images(network, options.repeats, processes=n, threads=1)
            print(f"{network:12}{threads:15.1f}{processes:15.1f}{processes / threads:8.2f}")
        print(f"load average {os.getloadavg()[0]:.2f}; wall time means something on an idle machine only")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
