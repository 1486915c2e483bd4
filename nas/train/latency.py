"""How long a network takes to answer: measured as it is used, warm, with batch norm folded."""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median, quantiles

import torch
from torch import Tensor

from nas.arch.cost import Shape
from nas.arch.nodes import Network
from nas.lower import build, fold
from nas.train.failure import out_of_memory_is_failure

_WARMUP, _FEWEST, _MOST = 3, 5, 100
_TURN = 5
"""Runs in a row that count before another network has its turn; one before them does not, for its caches are cold."""


@dataclass(frozen=True)
class Latency:
    """The time of a forward pass, in seconds.

    Args:
        median_s: Of all runs, for the whole batch. On a CPU with one thread it is core time, which other work on the
            machine changes little; else wall time.
        spread: Between the quartiles of the runs, in seconds.
        batch: Images at once.
        threads: Of the CPU; of no account on CUDA.
        device: Torch's name of it.
        least_s: The quickest run.
        runs: How many were counted.
    """

    median_s: float
    spread: float
    batch: int
    threads: int
    device: str
    least_s: float
    runs: int


def latency(
    network: Network,
    input: Shape,
    *,
    batch: int = 1,
    threads: int = 1,
    device: str | torch.device = "cpu",
    seconds: float = 2.0,
) -> Latency:
    """How long a network takes to answer.

    Weights and images are random, batch norms folded, maps in channels_last, nothing is compiled. On CUDA it computes
    in bfloat16 from a CUDA graph, so that launches cost nothing.

    Args:
        network: Without holes.
        input: Shape of an image, (channels, height, width).
        batch: Images at once.
        threads: Of the CPU.
        device: Torch's name of it.
        seconds: About how long to measure, warm-up included; a slow network runs five times at least.

    Raises:
        ShapeError: the network cannot read such images.
        TrialFailure: memory ran out.
    """
    return latencies([network], input, batch=batch, threads=threads, device=device, seconds=seconds)[0]


def latencies(
    networks: Sequence[Network],
    input: Shape,
    *,
    batch: int = 1,
    threads: int = 1,
    device: str | torch.device = "cpu",
    seconds: float = 2.0,
) -> list[Latency]:
    """As `latency`, of networks that are to be compared: they run by turns, so that what the machine does hits all.

    Args:
        networks: Without holes.
        input: As in `latency`.
        batch: As in `latency`.
        threads: As in `latency`.
        device: As in `latency`.
        seconds: For each network.
    """
    place = torch.device(device)
    with ready(networks, input, batch, place, threads) as runs:
        times = _timed(runs, seconds)
    return [
        Latency(median(found), _spread(found), batch, threads, str(place), min(found), len(found)) for found in times
    ]


@contextmanager
def ready(
    networks: Sequence[Network], input: Shape, batch: int, device: torch.device, threads: int
) -> Iterator[list[Callable[[], float]]]:
    """Functions that run each network once, as `latency` says, and say how many seconds that took.

    Raises:
        ShapeError, TrialFailure: as `latency`.
    """
    with torch.inference_mode(), out_of_memory_is_failure(), _threads(threads), _left_alone():
        yield [_runner(network, input, batch, device, threads) for network in networks]


def _timed(runs: Sequence[Callable[[], float]], seconds: float) -> list[list[float]]:
    """The times of each, by turns, until there are enough or the time is over."""
    begin, allowed = time.perf_counter(), seconds * len(runs)
    for run in runs:
        for _ in range(_WARMUP):
            if run() > seconds / _WARMUP:
                break
    times: list[list[float]] = [[] for _ in runs]
    while len(times[0]) < _FEWEST or (len(times[0]) < _MOST and time.perf_counter() - begin < allowed):
        for run, found in zip(runs, times, strict=True):
            if len(runs) > 1:
                run()
            found.extend(run() for _ in range(_TURN))
    return times


def _runner(network: Network, input: Shape, batch: int, device: torch.device, threads: int) -> Callable[[], float]:
    """A function that runs a network once and says how many seconds that took."""
    with torch.random.fork_rng([]):
        module, images = fold(build(network, input=input)), torch.rand(batch, *input)
    if device.type == "cuda":
        return _graph(module.to(device, torch.bfloat16), images.to(device, torch.bfloat16))
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = images.to(memory_format=torch.channels_last)
    clock = time.thread_time if threads == 1 else time.perf_counter

    def run() -> float:
        begin = clock()
        module(images)
        return clock() - begin

    return run


def _graph(module: torch.nn.Module, images: Tensor) -> Callable[[], float]:
    """The same on CUDA, by the device's own clock."""
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = images.to(memory_format=torch.channels_last)
    with torch.cuda.device(images.device):
        beside, graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()  # type: ignore[no-untyped-call]
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):  # a graph records no first calls, which choose algorithms and take memory
            for _ in range(_WARMUP):
                module(images)
        torch.cuda.current_stream().wait_stream(beside)
        with torch.cuda.graph(graph):
            module(images)
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]

    def run() -> float:
        with torch.cuda.device(images.device):
            begin.record()
            graph.replay()
            end.record()
            end.synchronize()
        return float(begin.elapsed_time(end)) / 1000

    return run


def _spread(times: list[float]) -> float:
    low, _, high = quantiles(times, n=4)
    return high - low


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Have torch compute with so many threads, and afterwards with as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _left_alone() -> Iterator[None]:
    """Without the collector of garbage."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
