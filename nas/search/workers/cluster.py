"""A Ray cluster that others started: joined by its address, looked over, and left as it was."""

import logging
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import ray
import torch
from ray.exceptions import RayError, TaskUnschedulableError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from nas.search.devices import Devices
from nas.search.errors import SearchError
from nas.search.ledger import Clock
from nas.search.workers.quiet import environment, hushed, signal_handlers
from nas.train.device import prepare_cpu

_RESOURCES = {"cpu": "CPU", "cuda": "GPU"}
"""Ray's words for torch's."""

_JOIN = "`ray start --address=HOST:PORT` on it first"
_CONNECT_S = 5
_ANSWER_S = 120
"""Ray starts a process on each host to answer with, and busy ones take their time."""


@contextmanager
def joined(address: str) -> Iterator[Devices]:
    """The devices of the cluster at an address, as long as the context lasts.

    Args:
        address: HOST:PORT of its head node, or `auto` for the cluster that `ray start` made this host a part of.

    Raises:
        SearchError: there is none, it runs another version of Ray or Python, or one of its hosts has another nas.
    """
    address = _probed(address)
    with environment(), hushed():
        try:
            with _told(address), signal_handlers():
                ray.init(address=address, configure_logging=False, log_to_driver=False, logging_level=logging.ERROR)
            _check_hosts(address)
            yield _devices(address)
        finally:
            ray.shutdown()


def kill(node: str, process: int) -> None:
    """Kill a process on a node, however it hangs."""

    def strike() -> None:
        import os  # What is defined here is sent as a value, with nothing of this module.
        import signal

        os.kill(process, signal.SIGKILL)

    _on(node, strike)


def _probed(address: str) -> str:
    """The address in full, where somebody listens; Ray itself waits for more than a minute, and then ends the process.

    Ray's own `auto` looks through the host's processes, and would take the private Ray of another search for a cluster.
    """
    own = sys.modules.get("nas.search.workers.local_ray")
    if own is not None and own.IS_PRIVATE:
        raise SearchError("this process has had a Ray of its own", path="--address", hint="join from a new process")
    if address == "auto":
        address = os.environ.get("RAY_ADDRESS") or ray._private.utils.read_ray_address() or ""
        if not address:
            raise SearchError("this host belongs to no Ray cluster", path="--address", hint=_JOIN)
    found = re.fullmatch(r"([^\s:/]+):(\d{1,5})", address)
    if not found:
        raise SearchError(
            f"the address of a Ray cluster is HOST:PORT, or auto on one of its hosts, got {address!r}",
            path="--address",
            hint="`ray start --head` says which; its port is 6379 unless told otherwise",
        )
    try:
        socket.create_connection((found[1], int(found[2])), timeout=_CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise SearchError(
            f"no Ray cluster answers at {address}: {error}",
            path="--address",
            hint="does `ray status` on its head node show it, and is the port open to this host?",
        ) from None
    return address


@contextmanager
def _told(address: str) -> Iterator[None]:
    """Raises what Ray says of an address as `SearchError`."""
    try:
        yield
    except (ConnectionError, RuntimeError, ValueError, OSError, SystemExit) as error:
        said = " ".join(str(error.__cause__ or error).split())
        if said.startswith("Version mismatch"):
            hint = "install the same versions of Ray and Python on all hosts"
        else:
            hint = f"this host must belong to the cluster: {_JOIN}"
        raise SearchError(
            f"the Ray cluster at {address} cannot be joined: {said}", path="--address", hint=hint
        ) from None


def _devices(address: str) -> Devices:
    free, there = ray.available_resources(), ray.cluster_resources()
    kinds = {f"GPU {name.partition(':')[2]}" for name in there if name.startswith("accelerator_type:")}
    hosts = len(_nodes())
    return Devices(
        place=f"the cluster at {address}",
        free={device: int(free.get(name, 0)) for device, name in _RESOURCES.items()},
        all={device: int(there.get(name, 0)) for device, name in _RESOURCES.items()},
        names={"cpu": [f"cores of {hosts} hosts"], "cuda": sorted(kinds) or [f"GPUs of {hosts} hosts"]},
        call=_call,
        is_here=False,
    )


def _call(function: Callable[[], Any], device: str) -> tuple[Any, float]:
    claim = {"num_cpus": 1} if device == "cpu" else {"num_cpus": 0, "num_gpus": 1}
    answer: tuple[Any, float] = ray.get(ray.remote(**claim, max_retries=0)(_timed).remote(function, device))
    return answer


def _timed(function: Callable[[], Any], device: str) -> tuple[Any, float]:
    prepare_cpu()
    clock = Clock(torch.device(device))
    return function(), clock.seconds()


def _check_hosts(address: str) -> None:
    """See that every host has this nas, since what trains is sent there by name."""

    def installed() -> str:
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("nas-space")
        except PackageNotFoundError:
            return "none"

    here = version("nas-space")
    asked = {_on(node["NodeID"], installed): node["NodeManagerHostname"] for node in _nodes()}
    ray.wait(list(asked), num_returns=len(asked), timeout=_ANSWER_S)
    for ref, host in asked.items():
        try:
            found = ray.get(ref, timeout=0)
        except TaskUnschedulableError:  # The node has died meanwhile.
            continue
        except RayError as error:
            found = f"no answer ({type(error).__name__})"
        if found != here:
            raise SearchError(
                f"every host of a cluster has nas {here}, but {host}: {found}",
                path="--address",
                hint="pip install the same nas there, in the environment that `ray start` runs in",
            )


def _nodes() -> list[dict[str, Any]]:
    """Those that live and have something to train on."""
    return [node for node in ray.nodes() if node["Alive"] and node["Resources"].keys() & set(_RESOURCES.values())]


def _on(node: str, function: Callable[[], Any]) -> Any:
    """Ray's promise to call a function on a node, busy or not."""
    here = NodeAffinitySchedulingStrategy(node_id=node, soft=False)
    return ray.remote(num_cpus=0, max_retries=0, scheduling_strategy=here)(function).remote()
