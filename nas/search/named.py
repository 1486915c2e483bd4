"""The named networks that a search begins with: a few of those that lie in its space, from cheap to dear."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby

from nas.arch.locate import locate
from nas.arch.nodes import Network
from nas.arch.realize import Point
from nas.errors import LocateError
from nas.search.limits import Candidate, Terms, UnfitError

MOST = 3
"""A quarter of the networks that a search begins with: the others are spread over the space itself."""

_SECONDS = 5.0
"""CPU time after which no more are looked for: in a space of all building blocks one can take a second."""


@dataclass(frozen=True)
class Located:
    """A named network that lies in a space.

    Args:
        name: What a person calls it.
        network: For the images of the search.
        point: At which it lies.
    """

    name: str
    network: Network
    point: Point


def located(name: str, network: Network, terms: Terms) -> Located | None:
    """Where a network lies in a space; None where it lies outside, or is over the limits."""
    with suppress(UnfitError, LocateError):
        return Located(name, network, locate(terms.within(network).network, terms.space))
    return None


def named_in(
    terms: Terms,
    networks: Mapping[str, Network],
    macs: Sequence[int],
    *,
    fits: Callable[[Candidate], bool],
    most: int = MOST,
) -> list[Located]:
    """At most so many of the networks that lie in a space: the cheapest of each of as many equal bins of log MACs.

    Args:
        terms: The space and its limits.
        networks: By name, for the images of the search.
        macs: Of random networks of the space, within the limits.
        fits: Whether a network is not too dear to begin with.
        most: How many at most.
    """
    found: dict[Network, tuple[int, str]] = {}
    for name, network in networks.items():
        with suppress(UnfitError):
            candidate = terms.within(network)
            if fits(candidate):
                found.setdefault(network, (candidate.cost.macs, name))
    if not found or most < 1:
        return []
    ordered = sorted(((price, name, network) for network, (price, name) in found.items()), key=lambda row: row[:2])
    # Where the space and the names are both at home: random networks of a very large space go far beyond any name.
    low, high = _log(max(min(macs), ordered[0][0])), _log(min(max(macs), ordered[-1][0]))

    def bin_of(row: tuple[int, str, Network]) -> int:
        return min(most - 1, max(0, int((_log(row[0]) - low) * most / (high - low)))) if high > low else 0

    begin, chosen = time.process_time(), list[Located]()
    for _, several in groupby(ordered, key=bin_of):
        for _, name, network in several:
            if time.process_time() - begin > _SECONDS:
                return chosen
            if one := located(name, network, terms):
                chosen.append(one)
                break
    return chosen


def _log(macs: int) -> float:
    return math.log(max(1, macs))
