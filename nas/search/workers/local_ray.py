"""A Ray of this machine alone: quiet, behind the loopback address, gone afterwards."""

import logging
import os
import secrets
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

from nas.search.workers.quiet import environment, hushed, signal_handlers
from nas.search.workers.scratch import scratch

IS_PRIVATE = ray._private.ray_constants.ENABLE_RAY_CLUSTER is False
"""Whether Ray was loaded with that, so that this process can join no cluster any more."""

_OBJECT_STORE_BYTES = 100 * 2**20
"""Nothing but messages goes through it; 75 MiB is the least that Ray takes."""


@contextmanager
def local_ray(*, cpus: int, gpus: int) -> Iterator[Path]:
    """Ray with so many cores and GPUs to give away, and a folder for all that is written; both end with the context."""
    with environment(), scratch() as folder:
        try:
            with signal_handlers():
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
            with hushed():
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
