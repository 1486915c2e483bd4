"""How much energy a network takes to answer, where the device counts what it uses.

The counter is of the whole device, so what is measured holds its idle power, and whatever else runs there meanwhile.
Processors are asked by Linux's powercap (RAPL, of Intel and AMD), GPUs by NVIDIA's management library.
"""

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from nas.arch.cost import Shape
from nas.arch.nodes import Network
from nas.errors import NasError
from nas.train.latency import ready

POWERCAP = Path("/sys/class/powercap")

_WARMUP, _FEWEST = 3, 5

Used = Callable[[], float]
"""Joules that a device has used since it began to be watched."""


@dataclass(frozen=True)
class Energy:
    """The energy of a forward pass.

    Args:
        joules: Of the whole device, for the whole batch, on the average of all runs.
        seconds: How long was measured.
        batch: Images at once.
        device: Torch's name of it.
        runs: One after the other, without a pause.
    """

    joules: float
    seconds: float
    batch: int
    device: str
    runs: int


def energy(
    network: Network, input: Shape, *, batch: int = 1, device: str | torch.device = "cpu", seconds: float = 2.0
) -> Energy:
    """How much energy a network takes to answer; it runs as `latency` says, on one thread of a CPU.

    Args:
        network: As in `latency`.
        input: As in `latency`.
        batch: As in `latency`.
        device: As in `latency`.
        seconds: About how long to measure, warm-up aside: counters are refreshed each millisecond of a processor, and
            some ten times a second of a GPU.

    Raises:
        NasError: the device does not say what it uses.
        ShapeError, TrialFailure: as `latency`.
    """
    place = torch.device(device)
    watch(place)  # What cannot be had is told before anything is built.
    with ready([network], input, batch, place, threads=1) as (run,):
        for _ in range(_WARMUP):
            run()
        used, begin, runs = watch(place), time.perf_counter(), 0
        while runs < _FEWEST or time.perf_counter() - begin < seconds:
            run()
            runs += 1
        joules, took_s = used(), time.perf_counter() - begin
    return Energy(joules / runs, took_s, batch, str(place), runs)


def watch(device: torch.device) -> Used:
    """Begin to count what a device uses.

    Raises:
        NasError: it does not say.
    """
    return _gpu(device) if device.type == "cuda" else _packages(POWERCAP)


def _packages(folder: Path) -> Used:
    """All processors of this host, AMD's too; their parts, and the platform with the rest of it, are counted beside."""
    try:
        zones = [zone for zone in folder.glob("intel-rapl:*") if (zone / "name").read_text().startswith("package")]
        turns = [1 + _number(zone / "max_energy_range_uj") for zone in zones]
        before = [_number(zone / "energy_uj") for zone in zones]
    except PermissionError as error:
        raise _silent(
            f"what this processor uses is told to its administrator alone, in {error.filename}",
            hint=f"as root: chmod a+r {folder}/*/energy_uj",
        ) from None
    except (OSError, ValueError) as error:
        raise _silent(f"this processor does not say what it uses: {error}") from None
    if not zones:
        raise _silent(f"this processor does not say what it uses: {folder} has no zone of a package")

    def used() -> float:
        after = [_number(zone / "energy_uj") for zone in zones]
        return sum((b - a) % turn for a, b, turn in zip(before, after, turns, strict=True)) / 1e6

    return used


def _number(file: Path) -> int:
    return int(file.read_text())


def _gpu(device: torch.device) -> Used:
    try:
        nvml = importlib.import_module("pynvml")
    except ImportError:
        raise _silent(
            "what a GPU uses is told by NVIDIA's nvidia-ml-py, which is not installed", hint="pip install nvidia-ml-py"
        ) from None
    try:
        nvml.nvmlInit()
        handle = nvml.nvmlDeviceGetHandleByUUID(f"GPU-{torch.cuda.get_device_properties(device).uuid}")
        before = nvml.nvmlDeviceGetTotalEnergyConsumption(handle)
    except nvml.NVMLError as error:
        raise _silent(f"{device} does not say what it uses: {error}") from None

    def used() -> float:
        return float(nvml.nvmlDeviceGetTotalEnergyConsumption(handle) - before) / 1e3

    return used


def _silent(rule: str, hint: str = "measure latency or MACs instead") -> NasError:
    return NasError(rule, path="energy", hint=hint)
