"""Which images go where: held-out splits and subsets that keep the share of every class."""

import numpy as np

from nas.data.dataset import Ints

HELD_OUT = 0.1


def hold_out(labels: Ints, parts: int, *, seed: int) -> list[Ints]:
    """Indices of the rest, then of `parts` disjoint splits that each hold 10 % of every class, one image at least.

    All are sorted, and a pure function of `labels` and `seed`. Every class must have more than `parts` images.
    """
    generator = np.random.default_rng(seed)
    pieces: list[list[Ints]] = [[] for _ in range(parts + 1)]
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        share = max(1, round(HELD_OUT * len(members)))
        for part in range(parts):
            pieces[1 + part].append(members[part * share : (part + 1) * share])
        pieces[0].append(members[parts * share :])
    return [np.sort(np.concatenate(piece)) for piece in pieces]


def subset(labels: Ints, count: int, *, seed: int) -> Ints:
    """Sorted indices of `count` images in which every class keeps its share, up to rounding.

    A smaller subset lies in every larger one of the same seed.
    """
    generator = np.random.default_rng(seed)
    turn = np.empty(len(labels))
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        turn[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.sort(np.argsort(turn, kind="stable")[:count])
