"""What a built module costs beside torchvision's module of the same network: python benchmarks/parity.py [NETWORK ...].

Claim, on one core: a training step (forward, loss, backward, SGD) and an inference of six networks take at most 1.05
times the time and the memory of torchvision's, in the contiguous layout and in channels_last, each compared with its
like. Both sides get the same images, labels, loss and optimizer, in float32.

Time: both modules stand in one process, with the allocator of `prepare_cpu`, and take turns after warm-ups; a pair of
turns gives one ratio of process CPU times, and the table has the quartiles of these ratios.

Memory: each side runs in a process of its own, whose allocator gives every block of 64 kB or more back to the system
at once, so that resident memory is what is in use, the same to some tenths of a MB in every run. What counts is by how
much its peak in a pass exceeds what is there after warm-ups (weights, gradients, momenta, compiled kernels):
activations, what the backward pass keeps, workspaces.

Exits with 1 where a claim does not hold; on a loaded machine it prints the table and judges nothing.
"""

import argparse
import ctypes
import importlib
import multiprocessing
import os
import re
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor

from nas import catalog
from nas.arch.nodes import chain
from nas.lower.module import NetworkModule
from nas.lower.program import lower
from nas.train.device import prepare_cpu
from nas.train.step import training_loss

LIMIT, LR, MOMENTUM = 1.05, 0.001, 0.9
LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
WARM_UP = 2
M_MMAP_THRESHOLD = -3


@dataclass(frozen=True)
class Case:
    """A network: torchvision's name and options for it, and the images it is measured on."""

    name: str
    options: dict[str, object] = field(default_factory=dict)
    batch: int = 4
    side: int = 96


CASES = {
    "resnet50": Case("resnet50"),
    "densenet121": Case("densenet121"),
    "googlenet_bn": Case("googlenet", {"aux_logits": False, "init_weights": False}),
    "mobilenet_v2": Case("mobilenet_v2"),
    "inception_v3": Case("inception_v3", {"aux_logits": True, "init_weights": False}, batch=2, side=299),
    "resnext50_32x4d": Case("resnext50_32x4d"),
}
"""By our name. The auxiliary head of Inception v3 reads no images smaller than 299."""


def torchvision_models() -> ModuleType:
    """The library's models; beside a torch without CUDA its wheel lacks the schemas of two operators none calls."""
    try:
        return importlib.import_module("torchvision.models")
    except RuntimeError:
        for name in ("nms", "qnms"):
            SCHEMAS.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        return importlib.import_module("torchvision.models")


SCHEMAS = torch.library.Library("torchvision", "FRAGMENT")
MODELS = torchvision_models()


class Side:
    """One of the two modules of a case in a layout, and the passes that are measured."""

    def __init__(self, name: str, layout: str, *, ours: bool) -> None:
        torch.manual_seed(0)
        case, named = CASES[name], catalog.network(name)
        images = torch.randn(case.batch, 3, case.side, case.side)
        self.images = images.contiguous(memory_format=LAYOUTS[layout])
        self.labels = torch.randint(named.classes, (case.batch,))
        program = lower(chain(named.network()), self.images.shape[1:])
        self.exit_weights = tuple(weight for _, weight in program.exits)
        self.ours = ours
        module = NetworkModule(program) if ours else getattr(MODELS, case.name)(**case.options)
        self.module = module.to(memory_format=LAYOUTS[layout])  # type: ignore[call-overload]
        self.optimizer = torch.optim.SGD(module.parameters(), lr=LR, momentum=MOMENTUM, fused=True)

    def train(self) -> None:
        """One training step."""
        self.module.train()
        output = self.module(self.images)
        if not self.ours and self.exit_weights:
            output = (output[0], [*output[1:]])
        loss = training_loss(output, self.labels, exit_weights=self.exit_weights)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()

    @torch.inference_mode()
    def infer(self) -> Tensor:
        """Logits in evaluation."""
        self.module.eval()
        logits: Tensor = self.module(self.images)
        return logits


PASSES: dict[str, Callable[[Side], object]] = {"training": Side.train, "inference": Side.infer}


def time_ratios(name: str, layout: str, kind: str, repeats: int) -> list[float]:
    """Ours over theirs, of each pair of turns."""
    sides = [Side(name, layout, ours=ours) for ours in (True, False)]
    ratios = []
    for turn in range(WARM_UP + repeats):
        seconds = {}
        for side in sides if turn % 2 else sides[::-1]:
            start = time.process_time()
            PASSES[kind](side)
            seconds[side.ours] = time.process_time() - start
        ratios.append(seconds[True] / seconds[False])
    return ratios[WARM_UP:]


def peak_bytes(name: str, layout: str, kind: str, ours: bool) -> int:
    """How much resident memory a pass adds at its highest; for a fresh process."""
    torch.set_num_threads(1)
    ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 2**16)
    side = Side(name, layout, ours=ours)
    for _ in range(WARM_UP):
        PASSES[kind](side)
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins anew
    before = resident_bytes("VmRSS")
    PASSES[kind](side)
    return resident_bytes("VmHWM") - before


def resident_bytes(field: str) -> int:
    """A field of this process's status, in bytes."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found, f"Linux says {field}"
    return int(found[1]) * 1024


def in_fresh_process(name: str, layout: str, kind: str, *, ours: bool) -> int:
    """`peak_bytes` there."""
    with multiprocessing.get_context("forkserver").Pool(1) as pool:
        return pool.apply(peak_bytes, (name, layout, kind, ours))


def main() -> int:
    """Print the table; 0 where every claim holds or the machine is too busy to say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(CASES)} (default: all)")
    parser.add_argument("--repeats", type=int, default=12, help="pairs of turns (default: 12)")
    options = parser.parse_args()
    prepare_cpu()
    loads = [os.getloadavg()[0]]
    print(
        f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, 1 thread, float32; ours / torchvision"
    )
    print(f"{'':46}{'time of a pass: quartiles':>27}{'memory':>9}{'MB':>8}")
    over = []
    for name in options.networks or CASES:
        for layout in LAYOUTS:
            for kind in PASSES:
                quartiles = statistics.quantiles(time_ratios(name, layout, kind, options.repeats), n=4)
                ours, theirs = (in_fresh_process(name, layout, kind, ours=ours) for ours in (True, False))
                times, memory = "".join(f"{quartile:9.3f}" for quartile in quartiles), ours / theirs
                images = f"{CASES[name].batch}x{CASES[name].side}"
                print(f"{name:16}{images:7}{layout:14}{kind:9}{times}{memory:9.3f}{ours / 1e6:8.1f}", flush=True)
                loads.append(os.getloadavg()[0])
                if max(quartiles[1], memory) > LIMIT:
                    over.append(f"{name} {layout} {kind}")
    cores = len(os.sched_getaffinity(0))
    print(f"load average {min(loads):.1f} to {max(loads):.1f} on {cores} cores, of which this is 1")
    if max(loads) > cores:
        print("not judged: the machine is loaded")
        return 0
    print(f"above {LIMIT}: {', '.join(over) or 'none'}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
