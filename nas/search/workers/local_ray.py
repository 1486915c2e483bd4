"""A Ray of this machine alone: quiet, behind the loopback address, gone afterwards."""

import logging
import os
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What Ray reads when it is loaded, and only then. It takes the loopback address where it believes that clusters are not
# supported. Its own token to keep other users of the machine out would be a file in the home folder.
if "ray" not in sys.modules:
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    os.environ["RAY_AUTH_MODE"] = "token"
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)

import ray

from nas.search.workers.scratch import scratch

_ENVIRONMENT = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
}
_OBJECT_STORE_BYTES = 100 * 2**20
"""Nothing but messages goes through it; 75 MiB is the least that Ray takes."""


@contextmanager
def local_ray(*, cpus: int, gpus: int) -> Iterator[Path]:
    """Ray with so many cores and GPUs to give away, and a folder for all that is written; both end with the context."""
    with _environment({**_ENVIRONMENT, "TUNE_MAX_PENDING_TRIALS_PG": str(cpus)}), scratch() as folder:
        try:
            with _signal_handlers():
                ray.init(
                    address="local",
                    num_cpus=cpus,
                    num_gpus=gpus,
                    include_dashboard=False,
                    configure_logging=False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    object_store_memory=_OBJECT_STORE_BYTES,
                    _temp_dir=str(folder),
                )
            with _hushed():
                try:
                    yield folder
                finally:
                    ray.shutdown()
        finally:
            ray.shutdown()  # Of what has begun, where it did not come that far.


def has_fallen() -> bool:
    """Whether one of the processes that make up this Ray has died; Tune would wait for it for ever."""
    node = ray._private.worker._global_node
    return node is not None and bool(node.dead_processes())


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Variables of the environment, as they were before where the context ends."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _hushed() -> Iterator[None]:
    """What Ray has to say goes to the log of the search, and not to the standard output."""
    ours, rays = logging.getLogger("nas.search"), logging.getLogger("ray")
    before, rays.handlers = rays.handlers, list(ours.handlers)
    rays.setLevel(logging.ERROR)
    ray._private.worker._worker_logs_enabled = False  # Deaths of workers; there is no public switch.
    try:
        yield
    finally:
        ray._private.worker._worker_logs_enabled = True
        rays.handlers = before


@contextmanager
def _signal_handlers() -> Iterator[None]:
    """Handlers of signals, put back: Ray installs its own."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
