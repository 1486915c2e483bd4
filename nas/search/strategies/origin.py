"""Where a trial comes from: chance, or other trials whose decisions it takes over."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["start", "named", "child", "crossing", "random", "control"]
"""One of the first, spread over the costs; one of the first that has a name; the decisions of a parent, few of them
changed; those of two parents mixed; chance, as the strategy wanted it; chance, to compare the strategy with."""


@dataclass(frozen=True)
class Origin:
    """Where a trial comes from.

    Args:
        kind: How it was made.
        parents: Numbers of the trials it was made of.
    """

    kind: Kind
    parents: tuple[int, ...] = ()


CHANCE = Origin("random")
