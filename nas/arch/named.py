"""Named networks and spaces: what can be asked for by a word."""

from collections.abc import Callable
from dataclasses import dataclass

from nas.arch.cost import Shape
from nas.arch.nodes import Network, Space


@dataclass(frozen=True, slots=True)
class Named:
    """A published network; its docstring (that of `make`) gives paper, counts and departures."""

    name: str
    make: Callable[..., Network]
    input: Shape
    classes: int
    year: int
    paper: str

    def network(self, classes: int | None = None) -> Network:
        """The network, for the paper's number of classes unless said otherwise."""
        return self.make(classes=self.classes if classes is None else classes)


@dataclass(frozen=True, slots=True)
class NamedSpace:
    """A space to search; `make` takes the number of classes, `input` is the smallest image it is meant for."""

    name: str
    make: Callable[[int], Space]
    input: Shape
    about: str
