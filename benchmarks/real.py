"""Fronts that strategies find by real training in equal CPU time: python benchmarks/real.py OUT [--budget 30cpumin].

Space `mobile`, a subset of Fashion-MNIST, one process a search, its sampler's time included. The default strategy and
random search, both with lengths that the framework plans, and with rungs where the budget has room for them; random
search with four times the budget; the default without rungs, and with inherited weights; and Optuna's NSGA-II and
multivariate TPE as one would use them without us (`plain_optuna.py`), with so many epochs for every network. Of each
front some networks, spread over its MACs, are trained anew with one recipe and scored on the test split. What they
dominate of the box between the cheapest and the dearest network that may be trained and an error of --worst, in log
MACs and error, in percent of it, is the hypervolume. The table has its mean and standard deviation over seeds, that of
all seeds' networks together, how many networks a search has trained to their end, and the CPU time that it took: of a
plain one that of its last training too, which did not end in time and does not count.

OUT keeps what is done; the same command goes on from there. A search that is killed goes on too, a plain one anew.
"""

import argparse
import json
import math
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from plain_optuna import SAMPLERS, optimize

from nas import catalog
from nas.arch.cost import cost
from nas.arch.realize import realize, sample
from nas.arch.text import fingerprint, parse, text
from nas.data import Dataset, load
from nas.data.splits import subset
from nas.lower import build
from nas.runs import Request, files, open_run
from nas.runs.journal import read_trials
from nas.search.budget import Budget
from nas.search.hypervolume import hypervolume
from nas.search.objectives import front
from nas.search.run import resume, search
from nas.search.status import status
from nas.train.device import prepare_cpu
from nas.train.evaluate import evaluate
from nas.train.fit import fit, seed_everything
from nas.train.recipe import SEARCH


@dataclass(frozen=True)
class Ours:
    """A search in our driver.

    Args:
        strategy: Its name.
        times: How many budgets it has.
        rungs: Whether it stops trainings early.
        inherit: Whether children begin with the weights of their parents.
    """

    strategy: str
    times: int = 1
    rungs: bool = True
    inherit: bool = False


OURS = {
    "front-first": Ours("front-first"),
    "random": Ours("random"),
    "random-4-times": Ours("random", times=4),
    "front-first-no-rungs": Ours("front-first", rungs=False),
    "front-first-heirs": Ours("front-first", inherit=True),
}

METHODS = (*OURS, *SAMPLERS)
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Setting:
    """What was asked: the same for all of a folder."""

    budget: str
    data: str
    images: int
    plain_epochs: int
    members: int
    final_epochs: int
    final_seeds: int
    max_macs: int | None


@dataclass(frozen=True)
class Searched:
    """What a search found: texts of the networks of its front, the trials that it trained in full, CPU seconds."""

    networks: list[str]
    trials: int
    seconds: float


def data_of(out: Path) -> Dataset:
    """The subset that `prepare` wrote."""
    return load(str(out / "data"), cache_dir=out / "cache")


def prepare(out: Path, setting: Setting) -> None:
    """Write the images of a folder's searches, in IDX files; every class keeps its share."""
    home = out / "data"
    if home.exists():
        return
    whole = load(None if setting.data == "sample" else setting.data)
    images, labels = (
        np.concatenate([getattr(s, part) for s in (whole.train, whole.val)]) for part in ("images", "labels")
    )
    chosen = subset(labels, setting.images, seed=0)
    unfinished = out / "data.part"
    unfinished.mkdir(parents=True, exist_ok=True)
    for split, pixels, classes in (
        ("train", images[chosen], labels[chosen]),
        ("t10k", np.asarray(whole.test.images), np.asarray(whole.test.labels)),
    ):
        write_idx(unfinished / f"{split}-images-idx3-ubyte", pixels[:, 0])
        write_idx(unfinished / f"{split}-labels-idx1-ubyte", classes.astype(np.uint8))
    unfinished.rename(home)


def write_idx(file: Path, array: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
    """Write unsigned bytes."""
    sizes = b"".join(size.to_bytes(4) for size in array.shape)
    file.write_bytes(bytes((0, 0, 8, array.ndim)) + sizes + array.tobytes())


def searched(out: Path, setting: Setting, method: str, seed: int) -> Searched:
    """Search, in a process of its own."""
    if method in OURS:
        return _ours(out, setting, OURS[method], f"{method}-{seed}", seed)
    data = data_of(out)
    space = catalog.space("mobile").make(len(data.classes))
    begin = time.process_time()
    study = optimize(
        method,
        space,
        data,
        seconds=Budget.parse(setting.budget).amount,
        epochs=setting.plain_epochs,
        max_macs=setting.max_macs,
        seed=seed,
    )
    done = [trial for trial in study.trials if trial.values]
    best = front(done, lambda trial: (-trial.values[0], trial.values[1]))
    return Searched([trial.user_attrs["network"] for trial in best], len(done), time.process_time() - begin)


def _ours(out: Path, setting: Setting, ours: Ours, name: str, seed: int) -> Searched:
    folder, budget = out / "runs" / name, Budget.parse(setting.budget)
    if folder.exists():
        run = open_run(folder)
        if status(run).state != "finished":
            resume(run, cache_dir=out / "cache")
    else:
        space = text(catalog.space("mobile").make(len(data_of(out).classes)))
        request = Request(
            space="mobile",
            space_text=space,
            budget=str(replace(budget, amount=ours.times * budget.amount)),
            data=str(out / "data"),
            strategy=ours.strategy,
            max_macs=setting.max_macs,
            workers=0,
            rungs=ours.rungs,
            inherit=ours.inherit,
            seed=seed,
        )
        run = search(request, runs_dir=out / "runs", name=name, cache_dir=out / "cache").run
    done = [trial for trial in read_trials(run) if trial.state == "complete"]
    best = front(done, lambda trial: (-trial.values[0], trial.values[1]))
    return Searched([trial.network for trial in best], len(done), status(run).seconds)


def retrained(out: Path, setting: Setting, network: str, seed: int) -> float:
    """The error on the test split after a training from scratch, in a process of its own."""
    prepare_cpu()
    data = data_of(out)
    seed_everything(seed)
    module = build(parse(network), input=data.input)
    fit(module, data, replace(SEARCH, epochs=setting.final_epochs), device=CPU, seed=seed)
    return 1 - evaluate(module, data.test, data, device=CPU).accuracy


def chosen(networks: list[str], out: Path, most: int) -> list[str]:
    """At most so many of the networks of a front, from its cheapest to its dearest as evenly as can be."""
    shape = data_of(out).input
    ordered = sorted(networks, key=lambda network: cost(parse(network), shape).macs)
    places = np.linspace(0, len(ordered) - 1, min(most, len(ordered))).round().astype(int)
    return [ordered[place] for place in dict.fromkeys(places.tolist())]


def kept(file: Path, make: Callable[..., Any], *args: Any) -> tuple[Path, Callable[..., Any], tuple[Any, ...]] | None:
    """Work whose result goes to a file; None where it is there."""
    return None if file.exists() else (file, make, args)


def worked(work: Iterator[Any], at_once: int) -> None:
    """Do what is left to do, each in a new process, and keep the results."""
    left = [one for one in work if one]
    with ProcessPoolExecutor(at_once, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        going = {pool.submit(make, *args): file for file, make, args in left}
        for count, done in enumerate(as_completed(going), 1):
            result = done.result()
            told = asdict(result) if isinstance(result, Searched) else result
            files.write(going[done], json.dumps(told).encode())
            print(f"{count} of {len(left)}: {going[done].name}", flush=True)


def table(out: Path, setting: Setting, methods: Sequence[str], seeds: int, worst: float) -> Iterator[str]:
    """A line for each method."""
    shape, space = data_of(out).input, catalog.space("mobile").make(len(data_of(out).classes))
    rng = random.Random(0)
    range_of = [math.log(cost(realize(space, sample(space, rng)), shape).macs) for _ in range(1000)]
    low, high = min(range_of), math.log(setting.max_macs) if setting.max_macs else max(range_of)
    yield f"{'method':21} {'hypervolume':>16}   of seeds              {'together':>10} {'trained':>8} {'CPU s':>8}"
    for method in methods:
        found = [Searched(**json.loads(file_of(out, method, seed).read_text())) for seed in range(seeds)]
        volumes, together = [], list[tuple[float, float]]()
        for one in found:
            points = []
            for network in chosen(one.networks, out, setting.members):
                errors = [json.loads(final_of(out, network, seed).read_text()) for seed in range(setting.final_seeds)]
                place = (math.log(cost(parse(network), shape).macs) - low) / (high - low)
                points.append((max(0.0, place), statistics.fmean(errors) / worst))
            volumes.append(100 * hypervolume(points, (1.0, 1.0)))
            together += points
        spread = f" ± {statistics.stdev(volumes):5.2f}" if seeds > 1 else ""
        mean, each = f"{statistics.fmean(volumes):6.2f}{spread}", " ".join(f"{volume:.2f}" for volume in volumes)
        trials, seconds = (statistics.fmean(getattr(one, of) for one in found) for of in ("trials", "seconds"))
        whole = 100 * hypervolume(together, (1.0, 1.0))
        yield f"{method:21} {mean:>16}   {each:20} {whole:10.2f} {trials:8.1f} {seconds:8.0f}"


def file_of(out: Path, method: str, seed: int) -> Path:
    """Where a search's result is kept."""
    return out / "searched" / f"{method}-{seed}.json"


def final_of(out: Path, network: str, seed: int) -> Path:
    """Where the error of a network that was trained anew is kept."""
    return out / "retrained" / f"{fingerprint(parse(network))}-{seed}.json"


def asked() -> argparse.Namespace:
    """What was typed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--budget", default="30cpumin", help="Of each search: CPU time.")
    parser.add_argument("--data", default="fashion-mnist", help="A data set of grey images, or sample.")
    parser.add_argument("--images", type=int, default=20_000, help="For training and validation.")
    parser.add_argument("--plain-epochs", type=int, default=3, help="Of each training of the plain searches.")
    parser.add_argument("--members", type=int, default=6, help="Networks of each front that are trained anew.")
    parser.add_argument("--final-epochs", type=int, default=8)
    parser.add_argument("--final-seeds", type=int, default=1)
    parser.add_argument("--max-macs", type=int, help="Train no network above it.")
    parser.add_argument("--seeds", type=int, default=3, help="Searches with each method.")
    parser.add_argument(
        "--methods", nargs="+", choices=METHODS, default=METHODS, metavar="NAME", help=", ".join(METHODS)
    )
    parser.add_argument("--at-once", type=int, default=2, help="Processes.")
    parser.add_argument("--worst", type=float, default=0.3, help="The error from which on a network counts.")
    return parser.parse_args()


def main() -> None:
    """Search, train anew, print."""
    told = asked()
    out, seeds = told.out.resolve(), told.seeds
    setting = Setting(**{name: getattr(told, name) for name in Setting.__dataclass_fields__})
    if not Budget.parse(setting.budget).is_time:
        raise SystemExit(f"a budget here is CPU time, got {setting.budget!r}")
    noted = out / "setting.json"
    if noted.exists() and json.loads(noted.read_text()) != asdict(setting):
        raise SystemExit(f"{out} was begun with {noted.read_text()}: ask the same, or choose another folder")
    files.write(noted, json.dumps(asdict(setting)).encode())
    prepare(out, setting)
    runs = [(method, seed) for seed in range(seeds) for method in told.methods]
    worked((kept(file_of(out, *run), searched, out, setting, *run) for run in runs), told.at_once)
    fronts = [Searched(**json.loads(file_of(out, *run).read_text())).networks for run in runs]
    members = {network: None for front_ in fronts for network in chosen(front_, out, setting.members)}
    again = [(network, seed) for network in members for seed in range(setting.final_seeds)]
    worked((kept(final_of(out, *one), retrained, out, setting, *one) for one in again), told.at_once)
    print("\n".join(table(out, setting, told.methods, seeds, told.worst)))


if __name__ == "__main__":
    main()
