"""Many plays at once: every strategy with every seed, over the cores of this machine."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import product
from multiprocessing import get_context

from nas.bench.climb import SUFFIX, climb
from nas.bench.play import Arena, Play, play
from nas.search.strategies import strategy


def tournament(
    names: Sequence[str],
    arena: Arena,
    *,
    seeds: int,
    evaluations: int,
    workers: int,
    tell: Callable[[Play], None] = lambda _: None,
) -> list[Play]:
    """A play of each strategy with the seeds 0, 1, …; `tell` is called as they end.

    Args:
        names: Of strategies; with "+rungs" behind it, it trains shortly first.
        arena: On what.
        seeds: How many.
        evaluations: In each play.
        workers: Processes; 0 for none but this.
        tell: Called with each play, as it ends.

    Raises:
        NameUnknownError: a strategy is unknown.
    """
    names = [_full_name(name) for name in names]
    plays = []
    for done in _played(list(product(names, range(seeds))), arena, evaluations, workers):
        tell(done)
        plays.append(done)
    return sorted(plays, key=lambda play: (names.index(play.strategy), play.seed))


def _played(pairs: list[tuple[str, int]], arena: Arena, evaluations: int, workers: int) -> Iterator[Play]:
    if workers == 0:
        yield from (_play(name, arena, seed, evaluations) for name, seed in pairs)
        return
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_enter, initargs=(arena, evaluations)) as pool:
        for done in as_completed([pool.submit(_one, name, seed) for name, seed in pairs]):
            yield done.result()


_ENTERED: list[tuple[Arena, int]] = []


def _enter(arena: Arena, evaluations: int) -> None:
    """Each process gets the table once, and keeps what it learns of the costs of its cells."""
    _ENTERED[:] = [(arena, evaluations)]


def _one(name: str, seed: int) -> Play:
    arena, evaluations = _ENTERED[0]
    return _play(name, arena, seed, evaluations)


def _play(name: str, arena: Arena, seed: int, evaluations: int) -> Play:
    way = climb if name.endswith(SUFFIX) else play
    return way(strategy(name.removesuffix(SUFFIX)), arena, seed=seed, evaluations=evaluations)


def _full_name(name: str) -> str:
    """With what "default" stands for."""
    plain = name.removesuffix(SUFFIX)
    return strategy(plain).name + name[len(plain) :]
