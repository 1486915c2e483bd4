"""A search on a Ray cluster of two nodes of this host, of which one is killed: python -m tests.two_nodes HOME.

A program of its own, since a process that has had a Ray of its own can join no cluster.
"""

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from nas.arch.nodes import Act, Chain, Conv, Flatten, GlobalPool, Linear, Norm, pick
from nas.arch.text import text
from nas.data import load
from nas.errors import NasError
from nas.runs import Request
from nas.search.budget import Budget
from nas.search.devices import devices_at
from nas.search.events import Ended, Event, Planned
from nas.search.run import resume, search
from tests.shades import shades

TRIALS, MORE = 10, 2
_NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20}


def space() -> Chain:
    wide = Chain(Conv(pick("width", 4, 8, 12, 16), pick("kernel", 1, 3)), Norm(), Act())
    return Chain(wide, Conv(pick("last", 4, 8, 12), 3), GlobalPool(), Flatten(), Linear(2))


def join(address: str) -> None:
    with devices_at(address):
        pass


def refusal(attempt: Callable[[], object]) -> str:
    """What a person is told, if anything."""
    try:
        attempt()
    except NasError as error:
        return str(error)
    return ""


def main(home: Path) -> None:
    """Search, kill the second node at the end of the fourth trial, go on with more, and print what came of it."""
    from ray.cluster_utils import Cluster  # A test that imports this one may want a Ray of its own.

    refused = [refusal(partial(join, address)) for address in ("127.0.0.1:1", "ray://head:10001", "auto")]
    cluster = Cluster(initialize_head=True, head_node_args={**_NODE, "include_dashboard": False})
    second = cluster.add_node(**_NODE)
    cluster.wait_for_nodes()
    workers: list[int] = []
    told: dict[str, object] = {"refused": refused, "workers": workers}

    def see(event: Event) -> None:
        if isinstance(event, Planned):
            workers.append(event.plan.workers)
        if isinstance(event, Ended) and event.trial.number == 3:
            cluster.remove_node(second, allow_graceful=False)

    def request(**asked: object) -> Request:
        fields = {
            "budget": f"{TRIALS}trials",
            "data": str(home / "images"),
            "recipe": {"epochs": 3, "batch": 16, "lr": 0.02},
        }
        return Request(space="tiny", space_text=text(space()), **{**fields, **asked})  # type: ignore[arg-type]

    shades(home / "images", classes=2, images=200, side=16, step=60, width=120)
    options = {"runs_dir": home / "runs", "cache_dir": home / "cache", "address": cluster.address}
    with devices_at(cluster.address) as devices:
        process, seconds = devices.call(os.getpid, "cpu")
        told["elsewhere"] = process != os.getpid() and seconds > 0
        refused.append(refusal(partial(devices.call, partial(load, "no-such-data"), "cpu")))
        refused.append(refusal(partial(devices.call, partial(sys.exit, "gone"), "cpu")))
    too_much = ({"workers": 0}, {"workers": 3}, {"budget": "1gpuh"})
    refused += [refusal(partial(search, request(**asked), **options)) for asked in too_much]  # type: ignore[arg-type]
    result = search(request(), name="first", on_event=see, **options)  # type: ignore[arg-type]
    told["cause"] = result.cause
    more = Budget.parse(f"{MORE}trials")
    resume(result.run, more=more, cache_dir=home / "cache", address=cluster.address, on_event=see)
    cluster.shutdown()
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
