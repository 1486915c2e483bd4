"""What a search takes beside its trainings: python benchmarks/dispatch.py [--quick] [--workers N].

Two parts, each with its goals; wall times say something on an idle machine only, so the load is printed with them.

**Dispatch.** A search of trials of some 10 s, as `nas search` runs them under Ray; then its last trainings once more,
bare, in this process. Goals: a trial takes at most 1.03 times the device time of its training called bare, with what
lies between trials at most 0.3 s more; from the first beginning to the last end 95 % of the cores are busy with the
search. How much of that is training is printed beside it: on a CPU both are core time, so what other programs take,
and what a machine that is itself shared does not give, counts against them.

**Growth.** Time for one `ask` (a proposal, and its result told) and memory of the process, with 10, 1,000 and 20,000
finished trials, read back as by `nas resume`, for random search and for the default. Trainings are made up. Goals at
20,000: at most 0.5 s and 1 GiB.

Dispatch as measured on two cores that had nothing else to do (load 0.4 before), 20 trials of 19.2 s: a trial takes
1.009 of its bare training, 0.18 s more; the first trial of a worker takes 4.2 s more, and 1.1 s a trial lie between,
most of them the start. In these 200 s 96.4 % of the cores were busy with the search and 92.4 % trained; the start
weighs less the longer a search is.

Growth as measured in core time, in the space `residual`, on two cores that had eight times as much to do: the default
takes 0.28 s for an ask at 500 trials, 0.46 s at 1,000 and 0.37 s at 20,000, random search 0.005 s at 10 and 0.017 s at
20,000; above 1,000 trials the curve is flat for the default. 712 MB at 20,000, of which 310 are torch and 20 kB are a
trial's. The default's first ask after so many were read back took 33 s, in which it looks at each network once.
"""

import argparse
import math
import multiprocessing
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from optuna.trial import FrozenTrial, TrialState, create_trial

from nas import catalog
from nas.arch.nodes import Act, Chain, Conv, Flatten, GlobalPool, Linear, Norm, pick
from nas.arch.text import parse, text
from nas.data import load
from nas.lower import build
from nas.runs import Request, Trial
from nas.runs.journal import read_trials
from nas.search.budget import Budget
from nas.search.events import Began, Ended, Event
from nas.search.limits import Candidate, Terms, UnfitError
from nas.search.objectives import objectives
from nas.search.proposer import Proposer
from nas.search.run import search
from nas.search.status import status
from nas.search.strategies import strategy
from nas.search.strategies.draft import Draft, Plan
from nas.train.device import device_seconds, pick_device, prepare_cpu
from nas.train.fit import fit, seed_everything
from nas.train.initialize import initialize
from nas.train.recipe import SEARCH, recipe_of

RATIO_GOAL, OVERHEAD_GOAL_S, BUSY_GOAL = 1.03, 0.3, 0.95
ASK_GOAL_S, MEMORY_GOAL_MB = 0.5, 1024
BARE = 3
INPUT = (3, 32, 32)


def space(width: int) -> Chain:
    """Networks that take about as long as each other."""
    layers = (Chain(Conv(pick(f"width{i}", width, width + 1, width + 2), 3), Norm(), Act()) for i in range(3))
    return Chain(Conv(width, 3, stride=2), *layers, GlobalPool(), Flatten(), Linear(10))


def dispatch(workers: int, trials: int, epochs: int, images: int) -> None:
    """Print what a search takes beside its trainings."""
    recipe = {"epochs": epochs, "batch": 64, "limit": images}
    stamps: list[tuple[float, float]] = []

    def see(event: Event) -> None:
        if isinstance(event, Began | Ended):
            stamps.append((time.perf_counter(), time.process_time() - begin))

    asked = Request(
        space="alike",
        space_text=text(space(24)),
        budget=str(Budget(trials, "trials")),
        strategy="random",
        workers=workers,
        recipe=recipe,
    )
    load_before, begin = os.getloadavg()[0], time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        made = search(asked, runs_dir=Path(folder), name="dispatch", on_event=see)
        done, ended = read_trials(made.run), status(made.run)
    (first_began, start), (last_ended, _) = stamps[0], stamps[-1]
    first, last = done[:workers], done[workers:][-BARE:]
    bare(last[0], recipe)  # So that it is warm here too.
    called = sum(bare(trial, recipe) for trial in last) / len(last)
    mean = statistics.mean(trial.seconds for trial in last)
    ratio, between = mean / called, ended.overhead / len(done)
    warming = statistics.mean(trial.seconds for trial in first) - mean
    cores = workers * (last_ended - first_began)
    trained = sum(trial.seconds for trial in done)
    print(f"{len(done)} trials of {mean:.1f} s on {workers} workers, load {load_before:.1f} before")
    print(f"trial      {ratio:.3f} of its training called bare, in device time (goal: at most {RATIO_GOAL})")
    print(f"overhead   {mean - called:.2f} s in a trial (goal: at most {OVERHEAD_GOAL_S})")
    print(f"warming    {warming:.2f} s more in the first trial of a worker")
    print(f"between    {between:.2f} s a trial: start of driver and workers, measurement, proposals, records")
    print(
        f"busy       {(trained + ended.overhead - start) / cores:.1%} of {cores:.0f} s (goal: at least {BUSY_GOAL:.0%})"
    )
    print(f"trained    {trained / cores:.1%} of the same")


def bare(trial: Trial, recipe: dict[str, object]) -> float:
    """Device time of a trial's training and nothing else."""
    data, device = load(None), pick_device()
    seed_everything(trial.seed)
    module = build(parse(trial.network), input=data.input)
    made = recipe_of({**vars(SEARCH), **recipe, "augment": vars(SEARCH.augment)})
    initialize(module, made.init)
    begin = device_seconds(device)
    fit(module, data, made, device=device, seed=trial.seed)
    return device_seconds(device) - begin


def growth(name: str, counts: list[int], asks: int) -> None:
    """Print time of an ask and memory at each count of finished trials."""
    terms = Terms(catalog.space("residual").make(10), INPUT)
    proposer = Proposer(terms, strategy(name), objectives(("accuracy", "macs")), seed=0)
    drawn, rng, finished = candidates(terms), random.Random(0), 0
    for count in counts:
        begin = time.process_time()
        while finished < count:
            frozen, candidate = next(drawn)
            proposer.recall(record(frozen, values(candidate, rng)), candidate)
            finished += 1
        read = time.process_time() - begin
        taken = []
        for _ in range(asks + 1):
            begin = time.process_time()
            proposal = proposer.propose(lambda _: True)
            assert proposal is not None
            proposer.tell(proposal, values(proposal.candidate, rng))
            taken.append(time.process_time() - begin)
            finished += 1
        first, median, longest = taken[0], statistics.median(taken[1:]), max(taken[1:])
        print(
            f"{name:12} {count:6,} trials  ask {median:6.3f} s, at most {longest:6.3f}, the first {first:7.3f} "
            f"memory {memory_mb():6,.0f} MB  read in {read:6.1f} s",
            flush=True,
        )
    if counts[-1] >= 20_000:
        print(f"{'':12} goals: an ask at most {ASK_GOAL_S} s, memory at most {MEMORY_GOAL_MB:,} MB")


def candidates(terms: Terms) -> Iterator[tuple[FrozenTrial, Candidate]]:
    """Different random networks, as an Optuna study holds their parameters."""
    rng, known = random.Random(1), set()
    while True:
        draft = Draft(Plan({}), rng)
        try:
            candidate = terms.candidate(draft)
        except UnfitError:
            continue
        if candidate.fingerprint not in known:
            known.add(candidate.fingerprint)
            asked = create_trial(state=TrialState.RUNNING, params=draft.params, distributions=draft.distributions)
            yield asked, candidate


def record(asked: FrozenTrial, made: list[float]) -> FrozenTrial:
    """The trial as finished."""
    asked.state, asked.values = TrialState.COMPLETE, made
    return asked


def values(candidate: Candidate, rng: random.Random) -> list[float]:
    """Accuracy and MACs of a network, as if it had been trained."""
    return [1 - 1 / math.log(candidate.cost.macs) + rng.gauss(0, 0.01), candidate.cost.macs]


def memory_mb() -> float:
    """Memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Print what this machine can tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short trials, and 1,000 of them at most")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--part", choices=["dispatch", "growth"], help="only one of the two")
    arguments = parser.parse_args()
    if pick_device().type == "cpu":
        prepare_cpu()
    torch.set_num_threads(1)
    if arguments.part != "growth":
        dispatch(arguments.workers, *((4, 2, 2000) if arguments.quick else (10 * arguments.workers, 4, 10_000)))
    if arguments.part != "dispatch":
        counts = [10, 100, 500, 1000] if arguments.quick else [10, 100, 500, 1000, 5000, 20_000]
        for name in ("random", "front-first"):
            process = multiprocessing.get_context("spawn").Process(target=growth, args=(name, counts, 10))
            process.start()
            process.join()


if __name__ == "__main__":
    main()
