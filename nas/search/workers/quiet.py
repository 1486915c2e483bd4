"""What keeps Ray from talking to the person, changing folders and taking signals."""

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import ray

_ENVIRONMENT = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
}


@contextmanager
def environment(**more: str) -> Iterator[None]:
    """Variables for Ray and Tune, and `more`; as they were before where the context ends."""
    values = {**_ENVIRONMENT, **more}
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
def hushed() -> Iterator[None]:
    """What Ray has to say goes to the log of the search, and not to the standard output."""
    ours, rays, worker = logging.getLogger("nas.search"), logging.getLogger("ray"), ray._private.worker
    before, rays.handlers = rays.handlers, [*ours.handlers, logging.NullHandler()]
    rays.setLevel(logging.ERROR)
    said, worker._worker_logs_enabled = worker._worker_logs_enabled, False  # Deaths; there is no public switch.
    try:
        yield
    finally:
        worker._worker_logs_enabled = said
        rays.handlers = before


@contextmanager
def signal_handlers() -> Iterator[None]:
    """Handlers of signals, put back: Ray installs its own."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
