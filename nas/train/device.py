"""The device a network trains on, made ready, and the time spent on it."""

import ctypes
import os
import sys
import time

import torch

from nas.errors import NasError

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_GROW_BY = 256 * 2**20


def pick_device(name: str = "auto") -> torch.device:
    """The device called `name`: "cpu", "cuda", "cuda:1", …; "auto" is CUDA, or the CPU where there is none.

    Raises:
        NasError: no such device is here.
    """
    found = torch.cuda.device_count()
    here = ["cpu", *(["cuda"] if found else []), *(f"cuda:{i}" for i in range(found))]
    if name == "auto":
        return torch.device("cuda" if found else "cpu")
    if name not in here:
        raise NasError(f"a device is one of {', '.join(here)}, but got {name!r}", path="device", hint='say "auto"')
    return torch.device(name)


def prepare_cpu() -> None:
    """Make this process train well on one core; call it before its first tensor, once per worker.

    One thread: two trials on two cores train more images than one trial on two threads. And on glibc, memory that a
    tensor leaves stays with the process: activations above 32 MB are otherwise mapped and unmapped at every step,
    which costs a page fault for each 4 kB, up to half of the time of a training step. The process then holds its peak.
    """
    os.environ["OMP_NUM_THREADS"] = "1"  # For the processes this one starts; torch has read it already.
    torch.set_num_threads(1)
    if sys.platform == "linux":
        _keep_freed_memory()


_shares = {"cuda": 1.0}
"""Of a device that this process holds, by kind; a core is never shared."""


def hold_share(share: float) -> None:
    """Say that this process holds a share of a GPU, above 0 and at most 1, and other processes the rest."""
    _shares["cuda"] = share


def device_seconds(device: torch.device) -> float:
    """A clock of the time this process has used `device`, in seconds; differences count.

    On the CPU it is the core time of the process, so that a busy machine costs a budget nothing. On CUDA it is wall
    time, since a device that waits is held all the same, times the share of it that the process holds; what was asked
    of the device is done first.
    """
    if device.type == "cpu":
        return time.process_time()
    torch.cuda.synchronize(device)
    return time.perf_counter() * _shares["cuda"]


def _keep_freed_memory() -> None:
    process = ctypes.CDLL(None)
    if not hasattr(process, "gnu_get_libc_version"):
        return
    process.mallopt(_M_MMAP_MAX, 0)
    process.mallopt(_M_TRIM_THRESHOLD, -1)
    process.mallopt(_M_TOP_PAD, _GROW_BY)
