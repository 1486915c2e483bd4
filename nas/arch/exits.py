"""A network up to each of its exits, and what that costs."""

from collections.abc import Iterator

from nas.arch.cost import Cost, Shape, cost
from nas.arch.nodes import Cells, Chain, Exit, Network, Part, chain
from nas.arch.paths import subchains
from nas.arch.rewrite import RewriteError


def exits(network: Network, input: Shape) -> list[Cost]:
    """What each exit costs on one image of shape `input`, in order, and the output last.

    Params and macs are those of the way to an exit and of its own head; what the heads before it cost stands in
    exit_params and exit_macs.

    Raises:
        RewriteError: as `up_to_exits`.
        HoleError, ShapeError: as `cost`.
    """
    return [cost(made, input) for made in up_to_exits(network)]


def up_to_exits(network: Network) -> Iterator[Chain]:
    """The networks that end in the exits of `network`, in order, each with the exits before it; last `network` itself.

    Raises:
        RewriteError: an exit stands in a branch or in a step, whose siblings it does not wait for.
    """
    yield from _up_to(chain(network))
    yield chain(network)


def _up_to(whole: Chain) -> Iterator[Chain]:
    for position, part in enumerate(whole.parts):
        before = whole.parts[:position]
        match part:
            case Exit(head=head):
                yield from (Chain(*before, made) for made in (*_up_to(head), head))
            case Cells(cells=cells):
                for place, cell in enumerate(cells):
                    yield from (Chain(*before, Cells(*cells[:place], made)) for made in _up_to(cell))
            case _ if _has_exits(part):
                raise RewriteError(
                    "an exit with a network of its own stands in a chain or in a cell, got another place"
                )


def _has_exits(part: Part) -> bool:
    return isinstance(part, Exit) or any(_has_exits(inner) for _, whole in subchains(part) for inner in whole.parts)
