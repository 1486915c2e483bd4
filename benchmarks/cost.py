"""How much faster `cost` is than tracing the built module with fvcore, and how fast the command line answers.

    python benchmarks/cost.py

Claim, on one core of a 2-core machine: the cost of ResNet-50 at 224x224, with nothing remembered, at least 1,000 times
faster than fvcore's trace of the built module (the building not counted), and that of a one-edit mutant at least 3,000
times; `nas --help` within 0.3 s and `nas networks` within 1 s, neither loading torch. Both sides of a ratio are timed
in turn in one process, minimum of several, by process time with one thread.
"""

import gc
import json
import logging
import random
import subprocess
import sys
import time
import warnings
from collections.abc import Callable

import torch
from fvcore.nn import FlopCountAnalysis

import nas
from nas import catalog
from nas.arch.cost import forget
from nas.arch.opened import opened

ROUNDS = 7
MUTANTS = 200


def main() -> None:
    """Print the ratios."""
    torch.set_num_threads(1)
    gc.disable()
    logging.disable(logging.WARNING)
    named = catalog.network("resnet50")
    network = named.network()
    module = nas.build(network, input=named.input).eval()
    image = torch.zeros(1, *named.input)
    mutants = _mutants(network, named.input)

    def traced() -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            counted = FlopCountAnalysis(module, image).by_operator()
        return float(counted["conv"] + counted["linear"])

    def cold() -> float:
        forget()
        return float(nas.cost(network, named.input).macs)

    def mutant() -> float:
        return float(sum(nas.cost(one, named.input).macs for one in mutants))

    assert traced() == cold(), "cost and trace count the same"
    times: dict[str, list[float]] = {"traced": [], "cold": [], "mutant": []}
    for _ in range(ROUNDS):
        times["traced"].append(_timed(traced))
        times["cold"] += [_timed(cold) for _ in range(MUTANTS)]
        times["mutant"].append(_timed(mutant) / MUTANTS)
    trace, whole, edit = (min(taken) for taken in times.values())
    print(f"fvcore trace of resnet50   {trace * 1e3:8.1f} ms")
    print(f"cost(resnet50), cold       {whole * 1e6:8.1f} us   ratio {trace / whole:,.0f}")
    print(f"cost of a mutant           {edit * 1e6:8.1f} us   ratio {trace / edit:,.0f}")
    for arguments in (["--help"], ["networks", "--json"]):
        print(f"nas {' '.join(arguments):22} {_command(arguments):8.2f} s    torch loaded: {_loads_torch(arguments)}")


def _mutants(network: nas.Network, image: tuple[int, ...]) -> list[nas.Network]:
    """One-edit mutants as a search makes them, each for the first time."""
    space = opened(network, image)
    point, rng = nas.locate(network, space), random.Random(0)
    made: list[nas.Network] = []
    while len(made) < MUTANTS:
        mutated = nas.realize(space, nas.mutate(space, point, rng))
        try:
            nas.cost(mutated, image)
        except nas.errors.ShapeError:
            continue
        made.append(mutated)
    return made


def _timed(work: Callable[[], float]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _command(arguments: list[str]) -> float:
    def once() -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "nas.cli", *arguments], check=True, capture_output=True)
        return time.perf_counter() - start

    return min(once() for _ in range(5))


def _loads_torch(arguments: list[str]) -> bool:
    code = (
        "import sys, json, contextlib, io\nfrom nas.cli import group\n"
        f"with contextlib.redirect_stdout(io.StringIO()):\n    group({arguments!r}, standalone_mode=False)\n"
        "print(json.dumps('torch' in sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return bool(json.loads(answer.stdout))


if __name__ == "__main__":
    main()
