"""Where trials may run: the devices of this machine, or those of a Ray cluster that was joined."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Devices:
    """What there is to train on, by torch's word for it: `cpu` for cores, `cuda` for GPUs.

    Args:
        place: Where, as a person is told.
        free: How many nobody else holds.
        all: How many there are.
        names: For the record of the run.
        call: Calls a function on a device of a kind, and says for how many seconds it held it; zero where that is in
            this process, whose clock tells. What is called, and what it returns, can be pickled.
        is_here: Whether all of it is this machine.
    """

    place: str
    free: Mapping[str, int]
    all: Mapping[str, int]
    names: Mapping[str, Sequence[str]]
    call: Callable[[Callable[[], Any], str], tuple[Any, float]]
    is_here: bool


def in_one(share: float) -> int:
    """How many trials with such a share of a GPU there is room for in one."""
    return int(1 / share + 1e-9)


def gpu_bytes() -> int:
    """The memory of the smallest GPU that this process sees."""
    return min(torch.cuda.get_device_properties(i).total_memory for i in range(torch.cuda.device_count()))


def devices_at(address: str | None) -> AbstractContextManager[Devices]:
    """The devices of the Ray cluster at an address, which is left with the context; None for this machine.

    Raises:
        SearchError: the cluster cannot be joined.
    """
    if address is None:
        return nullcontext(_here())
    from nas.search.workers import cluster  # Loading Ray takes seconds, and not every machine has it.

    return cluster.joined(address)


def _here() -> Devices:
    """The devices of this machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    gpus = torch.cuda.device_count()
    counts = {"cpu": cores, "cuda": gpus}
    return Devices(
        place="this machine",
        free=counts,
        all=counts,
        names={"cpu": ["cpu"], "cuda": [torch.cuda.get_device_name(i) for i in range(gpus)]},
        call=lambda function, device: (function(), 0.0),
        is_here=True,
    )
