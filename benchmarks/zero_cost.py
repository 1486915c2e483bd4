"""What zero-cost measures say of networks of about equal MACs: python benchmarks/zero_cost.py [RUN] [--trials N].

The networks are those that a finished run has trained, or else random ones of the space `residual`, trained here on the
embedded sample for a few epochs, by default 24 of at most 10M MACs. Each is built anew and measured on one batch; then
Kendall's tau of each measure with the validation accuracy is printed, over pairs of networks of which none has twice
the MACs of the other, with two standard deviations of chance, and what a measure of a network takes.

Measured with the default arguments on a CPU of two cores: naswot +0.27, synflow -0.02, gradient norm -0.27, parameters
0.00, MACs within an octave +0.29; chance ±0.35, 99 pairs. So none is worth more than chance there, and a measure of a
network takes 0.1 s of CPU time.
"""

import argparse
import statistics
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import torch

from nas import catalog
from nas.arch.text import parse, text
from nas.cli.progress import Display
from nas.data import load
from nas.lower import build
from nas.runs import Request, Run, open_run
from nas.runs.journal import read_trials
from nas.runs.trial import Trial
from nas.search.agreement import agreements
from nas.search.run import search
from nas.train.device import device_seconds, prepare_cpu
from nas.train.fit import seed_everything
from nas.train.recipe import SEARCH
from nas.train.zero_cost import measured

CPU = torch.device("cpu")


def trained(trials: int, epochs: int, home: Path) -> Run:
    """A run of random networks."""
    request = Request(
        space="residual",
        space_text=text(catalog.space("residual").make(10)),
        budget=f"{trials}trials",
        strategy="random",
        max_macs=10_000_000,
        recipe=asdict(replace(SEARCH, epochs=epochs, limit=2000)),
    )
    with Display() as display:
        return search(request, runs_dir=home, on_event=display.show).run


def with_measures(run: Run) -> tuple[list[Trial], list[float]]:
    """The trials of a run with their measures, and the CPU seconds that each took."""
    request = run.request
    data = load(request.data, size=request.size, seed=request.seed)
    found, seconds = [], []
    for trial in read_trials(run):
        if trial.state == "complete":
            seed_everything(trial.seed)
            module = build(parse(trial.network), input=data.input)
            begin = device_seconds(CPU)
            found.append(replace(trial, measures=measured(module, data, device=CPU, seed=trial.seed)))
            seconds.append(device_seconds(CPU) - begin)
    return found, seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="?", type=Path, help="The folder of a run; trains anew without.")
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--epochs", type=int, default=3)
    asked = parser.parse_args()
    prepare_cpu()
    with tempfile.TemporaryDirectory() as home:
        run = open_run(asked.run) if asked.run else trained(asked.trials, asked.epochs, Path(home))
        trials, seconds = with_measures(run)
    print(f"{len(trials)} networks; a measure takes {statistics.median(seconds):.2f} s of CPU time, the median")
    for name, one in sorted(agreements(trials).items(), key=lambda item: -item[1].tau):
        print(f"{name:14} {one.tau:+.2f}  chance ±{one.chance:.2f}  {one.networks} networks, {one.pairs} pairs")


if __name__ == "__main__":
    main()
