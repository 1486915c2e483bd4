"""Our training step on a CPU against a plain loop: python benchmarks/training_step.py [--workers N].

Claim, on one core: at least 1.3, 3.0 and 1.8 times the images per second for a ResNet-, a MobileNet- and an
Inception-like network, in float32 on batches of 128 images of 3x32x32. Plain is what people write: modules of torch as
they come, the contiguous layout, the allocator as it is. Ours is what a trial runs: the same network from `nas.build`,
`prepare_cpu`, and the `Step` that `fit` repeats. First both are shown to compute the same.

The allocator belongs to the process, so each side has its own; they take turns step by step. The ratio is that of the
median core times, since the price of a page fault, half of a plain step, moves with what else the machine does; the
ratio of the least times stands beside it. Exits with 1 where a claim does not hold.

With --workers N also images per second of wall time, of one process with N threads and of N processes with one.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

import nas
from nas.arch.nodes import Chain, Network, Pool, Ratio
from nas.train.device import prepare_cpu
from nas.train.recipe import SEARCH
from nas.train.step import Step
from search_spaces import blocks

BATCH, CLASSES, LR = 128, 10, 0.05
INPUT = (3, 32, 32)
CLAIMS = {"resnet": 1.3, "mobile": 3.0, "inception": 1.8}
WARM_UP = 2

WIDTHS, DEPTHS = {"resnet": (16, 32, 64), "mobile": (24, 32, 64)}, {"resnet": (3, 3, 3), "mobile": (3, 4, 3)}
EXPANSION = 4
CELLS = (
    ((8, 12, 16, 4, 8, 8), (16, 12, 24, 4, 8, 8)),
    ((32, 24, 48, 8, 16, 16), (32, 24, 48, 8, 16, 16)),
    ((64, 32, 96, 8, 32, 32), (64, 32, 96, 8, 32, 32)),
)
"""Of each stage and inception block, the widths in the order of GoogLeNet's table."""


def network(name: str) -> Network:
    """The network in our language."""
    if name == "inception":
        cell = partial(blocks.inception, conv=blocks.conv_norm_act)
        first, *others = (Chain(*(cell(*widths) for widths in stage)) for stage in CELLS)
        halved = [Chain(Pool("max", 3, stride=2, padding=1), stage) for stage in others]
        return Chain(blocks.conv_norm_act(16, 3), first, *halved, blocks.classifier(CLASSES))
    parts = [blocks.conv_norm_act(WIDTHS[name][0], 3)]
    channels = WIDTHS[name][0]
    for width, stride in steps(name):
        if name == "resnet":
            parts.append(blocks.residual(blocks.basic(width, stride=stride)))
        else:
            body = blocks.inverted(Ratio(EXPANSION), width, stride=stride)
            parts.append(blocks.linear_residual(body) if (channels, stride) == (width, 1) else body)
        channels = width
    return Chain(*parts, blocks.classifier(CLASSES))


def steps(name: str) -> list[tuple[int, int]]:
    """Width and stride of each residual block."""
    stages = enumerate(zip(WIDTHS[name], DEPTHS[name], strict=True))
    return [(width, 2 if stage > 0 and i == 0 else 1) for stage, (width, depth) in stages for i in range(depth)]


class ConvNorm(nn.Module):
    """Convolution, batch norm, and an activation or none."""

    def __init__(
        self,
        channels: int,
        out: int,
        kernel: int = 1,
        *,
        stride: int = 1,
        groups: int = 1,
        act: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.norm, self.act = nn.BatchNorm2d(out), act or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to (n, out, h', w')."""
        made: Tensor = self.act(self.norm(self.conv(x)))
        return made


class Residual(nn.Module):
    """relu(x + f(x)), f two 3x3 convolutions."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.shortcut = nn.Identity() if channels == out else ConvNorm(channels, out, stride=stride)
        self.f = nn.Sequential(ConvNorm(channels, out, 3, stride=stride, act=nn.ReLU()), ConvNorm(out, out, 3))

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to (n, out, h', w')."""
        return F.relu(self.shortcut(x) + self.f(x))


class InvertedResidual(nn.Module):
    """x + f(x) where the shape stays, f a 1x1 expansion, a depthwise 3x3 and a 1x1 projection."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        wide = EXPANSION * channels
        self.f = nn.Sequential(
            ConvNorm(channels, wide, act=nn.ReLU6()),
            ConvNorm(wide, wide, 3, stride=stride, groups=wide, act=nn.ReLU6()),
            ConvNorm(wide, out),
        )
        self.residual = (channels, stride) == (out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to (n, out, h', w')."""
        made: Tensor = self.f(x)
        return x + made if self.residual else made


class Inception(nn.Module):
    """1x1, 3x3 and 5x5 convolutions and a max pool side by side."""

    def __init__(self, channels: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        one, reduce3, three, reduce5, five, pooled = widths
        branches = (
            (ConvNorm(channels, one, act=nn.ReLU()),),
            (ConvNorm(channels, reduce3, act=nn.ReLU()), ConvNorm(reduce3, three, 3, act=nn.ReLU())),
            (ConvNorm(channels, reduce5, act=nn.ReLU()), ConvNorm(reduce5, five, 5, act=nn.ReLU())),
            (nn.MaxPool2d(3, 1, 1), ConvNorm(channels, pooled, act=nn.ReLU())),
        )
        self.branches = nn.ModuleList(nn.Sequential(*branch) for branch in branches)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to (n, out, h, w)."""
        return torch.cat([branch(x) for branch in self.branches], 1)


def plain_module(name: str) -> nn.Module:
    """The network in plain torch, its parameters in the order of ours."""
    parts: list[nn.Module] = []
    if name == "inception":
        channels = 16
        for stage, cells in enumerate(CELLS):
            if stage > 0:
                parts.append(nn.MaxPool2d(3, 2, 1))
            for widths in cells:
                parts.append(Inception(channels, widths))
                channels = widths[0] + widths[2] + widths[4] + widths[5]
    else:
        channels = WIDTHS[name][0]
        for width, stride in steps(name):
            parts.append((Residual if name == "resnet" else InvertedResidual)(channels, width, stride))
            channels = width
    first = 16 if name == "inception" else WIDTHS[name][0]
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES))
    return nn.Sequential(ConvNorm(3, first, 3, act=nn.ReLU()), *parts, *head)


def check_same(name: str) -> None:
    """Stops unless both modules give the same logits with the same weights."""
    ours, plain = nas.build(network(name), input=INPUT), plain_module(name)
    with torch.no_grad():
        for mine, theirs in zip(ours.parameters(), plain.parameters(), strict=True):
            mine.copy_(theirs)
        images = torch.randn(8, *INPUT)
        torch.testing.assert_close(ours(images), plain(images), rtol=1e-4, atol=1e-4)


def plain_step(name: str, images: Tensor, labels: Tensor) -> Callable[[], object]:
    """The loop of every tutorial."""
    module = plain_module(name)
    optimizer = torch.optim.SGD(
        module.parameters(), lr=LR, momentum=SEARCH.momentum, nesterov=SEARCH.nesterov, weight_decay=SEARCH.weight_decay
    )

    def step() -> None:
        optimizer.zero_grad()
        loss = F.cross_entropy(module(images), labels, label_smoothing=SEARCH.label_smoothing)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def our_step(name: str, images: Tensor, labels: Tensor) -> Callable[[], object]:
    """What `fit` runs, on images as `Batches` gives them."""
    step = Step(nas.build(network(name), input=INPUT), SEARCH, device=torch.device("cpu"))
    images = images.contiguous(memory_format=torch.channels_last)
    return lambda: step(images, labels, lr=LR)


def trainer(pipe: Connection, name: str, *, ours: bool, threads: int) -> None:
    """Train for as many steps as each message says; answer with their core and wall seconds, and end on 0 steps."""
    if ours:
        prepare_cpu()
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    images, labels = torch.randn(BATCH, *INPUT), torch.randint(0, CLASSES, (BATCH,))
    step = (our_step if ours else plain_step)(name, images, labels)
    while count := pipe.recv():
        core, wall = time.process_time(), time.perf_counter()
        for _ in range(count):
            step()
        pipe.send((time.process_time() - core, time.perf_counter() - wall))


class Trainer:
    """A process that trains on demand."""

    def __init__(self, name: str, *, ours: bool, threads: int = 1) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, end = context.Pipe()
        options = {"ours": ours, "threads": threads}
        self._process = context.Process(target=trainer, args=(end, name), kwargs=options, daemon=True)
        self._process.start()

    def begin(self, count: int) -> None:
        """Ask for steps."""
        self._pipe.send(count)

    def end(self) -> tuple[float, float]:
        """Core and wall seconds of the steps asked for."""
        core, wall = self._pipe.recv()
        return core, wall

    def close(self) -> None:
        """Let the process end."""
        self._pipe.send(0)
        self._process.join()


def core_seconds(name: str, repeats: int) -> tuple[list[float], list[float]]:
    """Core seconds of each step, plain and ours."""
    trainers = (Trainer(name, ours=False), Trainer(name, ours=True))
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(WARM_UP + repeats):
        for trainer, taken in zip(trainers, seconds, strict=True):
            trainer.begin(1)
            taken.append(trainer.end()[0])
    for trainer in trainers:
        trainer.close()
    return seconds[0][WARM_UP:], seconds[1][WARM_UP:]


def wall_images(name: str, repeats: int, *, processes: int, threads: int) -> float:
    """Images per second of all processes together, training at the same time."""
    trainers = [Trainer(name, ours=True, threads=threads) for _ in range(processes)]
    for count in (WARM_UP, repeats):
        for trainer in trainers:
            trainer.begin(count)
        longest = max(trainer.end()[1] for trainer in trainers)
    for trainer in trainers:
        trainer.close()
    return processes * repeats * BATCH / longest


def main() -> int:
    """Print the tables; 0 where every claim holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=12, help="steps of each side (default: 12)")
    parser.add_argument("--workers", type=int, default=0, help="also compare N threads with N processes")
    options = parser.parse_args()

    print(
        f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, load average {os.getloadavg()[0]:.2f}"
    )
    print(f"{'network':11}{'plain img/s':>12}{'ours img/s':>12}{'ratio':>8}{'claim':>8}{'ratio of least times':>22}")
    failed = 0
    for name, claim in CLAIMS.items():
        check_same(name)
        plain, ours = core_seconds(name, options.repeats)
        usual, least = statistics.median(plain) / statistics.median(ours), min(plain) / min(ours)
        speeds = [BATCH / statistics.median(taken) for taken in (plain, ours)]
        print(f"{name:11}{speeds[0]:12.1f}{speeds[1]:12.1f}{usual:8.2f}{claim:8.1f}{least:22.2f}", flush=True)
        failed += usual < claim

    if options.workers:
        n = options.workers
        print(f"\n{'wall img/s':11}{f'1 x {n} threads':>16}{f'{n} x 1 thread':>16}{'ratio':>8}")
        for name in CLAIMS:
            threads = wall_images(name, options.repeats, processes=1, threads=n)
            processes = wall_images(name, options.repeats, processes=n, threads=1)
            print(f"{name:11}{threads:16.1f}{processes:16.1f}{processes / threads:8.2f}", flush=True)
    print(f"load average {os.getloadavg()[0]:.2f}; wall time says something on an idle machine only")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
