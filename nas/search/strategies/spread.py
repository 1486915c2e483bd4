"""The first points of a search: spread evenly over the logarithm of MACs, which are exact and free."""

import math
import random
from collections import Counter

from nas.arch.nodes import Network
from nas.arch.realize import Point, sample
from nas.search.errors import SearchError
from nas.search.limits import Candidate, Terms, UnfitError

POINTS = 12
_DRAWS_PER_POINT = 25
_DRAWS_AT_MOST = 2000


def spread(terms: Terms, *, count: int = POINTS, seed: int) -> list[tuple[Point, Candidate]]:
    """At most `count` points with different networks, in random order: one from each of as many equal bins of log MACs.

    Random points crowd in the middle of a space's range of MACs; its cheap and its dear end, where a front begins and
    ends, they hardly ever reach.

    Raises:
        SearchError: of 2,000 random points not one is within the limits.
    """
    rng = random.Random(seed)
    found: dict[Network, tuple[Point, Candidate]] = {}
    refused: Counter[str] = Counter()
    smallest: int | None = None
    for drawn in range(_DRAWS_AT_MOST):
        if found and drawn >= _DRAWS_PER_POINT * count:
            break
        point = sample(terms.space, rng)
        try:
            candidate = terms.candidate(point)
        except UnfitError as error:
            refused[error.why] += 1
            smallest = min((macs for macs in (smallest, error.macs) if macs is not None), default=None)
            continue
        found.setdefault(candidate.network, (point, candidate))
    if not found:
        raise _nothing_fits(refused, smallest)
    ordered = sorted(found.values(), key=lambda pair: pair[1].cost.macs)
    chosen = _one_per_bin(ordered, count) if len(ordered) > count else ordered
    rng.shuffle(chosen)
    return chosen


def _one_per_bin(ordered: list[tuple[Point, Candidate]], count: int) -> list[tuple[Point, Candidate]]:
    """The candidate nearest to the middle of each bin, each taken once; `ordered` by MACs."""
    logs = [math.log(max(1, candidate.cost.macs)) for _, candidate in ordered]
    width = (logs[-1] - logs[0]) / count
    left = list(range(len(ordered)))
    chosen = []
    for i in range(count):
        middle = logs[0] + (i + 0.5) * width
        nearest = min(left, key=lambda j: abs(logs[j] - middle))
        left.remove(nearest)
        chosen.append(ordered[nearest])
    return chosen


def _nothing_fits(refused: Counter[str], smallest: int | None) -> SearchError:
    counts = ", ".join(f"{count:,} {why}" for why, count in refused.most_common())
    if smallest is None:
        return SearchError(
            f"none of {refused.total():,} random networks of the space can be trained: {counts}",
            hint="does the space take images of this shape?",
        )
    return SearchError(
        f"none of {refused.total():,} random networks of the space can be trained: {counts}; "
        f"the smallest has {smallest:,} MACs",
        hint="raise --max-macs or --max-params, or choose another space",
    )
