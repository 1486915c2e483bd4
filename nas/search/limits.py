"""What a network must not exceed, and what becomes of one that is asked for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nas.arch.cost import Cost, Shape, cost
from nas.arch.nodes import Network, Space
from nas.arch.realize import realize
from nas.arch.text import fingerprint
from nas.errors import NasError, PartError, ShapeError

_FORM = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([kmgt]?)", re.IGNORECASE)
_TIME = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*(us|ms|s)")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
_FACTORS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def count(text: str, *, flag: str = "") -> int:
    """The number that a person wrote: `50M` is 50,000,000; k, M, G and T are powers of a thousand.

    Args:
        text: As typed.
        flag: Where, for messages.

    Raises:
        NasError: it is not a number above zero.
    """
    found = _FORM.fullmatch(text.strip())
    number = round(float(found[1]) * _FACTORS[found[2].lower()]) if found else 0
    if number < 1:
        raise NasError(f"a limit is a number above zero, got {text!r}", path=flag, hint="for example 50M, 1.2G or 300k")
    return number


def time_limit(text: str, *, flag: str = "") -> float:
    """The time that a person wrote: `5ms`, `250us`, `0.1s`.

    Args:
        text: As typed.
        flag: Where, for messages.

    Raises:
        NasError: it is not a time above zero.
    """
    found = _TIME.fullmatch(text.strip())
    number = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    if number <= 0:
        raise NasError(f"a latency is a time above zero, got {text!r}", path=flag, hint="for example 5ms or 250us")
    return number


@dataclass(frozen=True)
class Candidate:
    """A network that may be trained, and what it costs."""

    network: Network
    cost: Cost

    @cached_property
    def fingerprint(self) -> str:
        """Of the network."""
        return fingerprint(self.network)


class UnfitError(Exception):
    """A network that is not to be trained: it breaks a rule of its parts, or costs more than the limits.

    Args:
        why: In two or three words.
        macs: Of the network, where it has a cost.
    """

    def __init__(self, why: str, macs: int | None = None) -> None:
        self.why, self.macs = why, macs
        super().__init__(why)


@dataclass(frozen=True)
class Terms:
    """What is searched: a space, on images of a shape, within limits; None for no limit."""

    space: Space
    input: Shape
    max_macs: int | None = None
    max_params: int | None = None

    def candidate(self, decide: Mapping[str, Any] | Callable[..., Any] | Any) -> Candidate:
        """The network of a point, or of a trial that is asked for one.

        Args:
            decide: As in `nas.realize`.

        Raises:
            UnfitError: it is not to be trained.
        """
        try:
            network = realize(self.space, decide)
        except (ShapeError, PartError) as error:
            raise UnfitError("does not fit together") from error
        return self.within(network)

    def within(self, network: Network) -> Candidate:
        """A network, whether of the space or not, that is within the limits.

        Raises:
            UnfitError: it is not to be trained.
        """
        try:
            found = self.known(network)
        except (ShapeError, PartError) as error:
            raise UnfitError("does not fit together") from error
        macs = found.cost.macs
        if self.max_macs is not None and macs > self.max_macs:
            raise UnfitError("too many MACs", macs)
        if self.max_params is not None and found.cost.params > self.max_params:
            raise UnfitError("too many parameters", macs)
        return found

    def known(self, network: Network) -> Candidate:
        """A network and its cost, limits aside."""
        return Candidate(network, cost(network, self.input))
