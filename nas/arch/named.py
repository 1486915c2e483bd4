"""Named networks, families of them, and spaces: what can be asked for by a word."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from nas.arch.cost import Shape
from nas.arch.nodes import Network, Space
from nas.arch.published import Measured, Published
from nas.arch.rewrite import for_images, with_classes


@dataclass(frozen=True, slots=True)
class Named:
    """A published network; its docstring (that of `make`) gives paper, table and departures."""

    name: str
    make: Callable[..., Network]
    input: Shape
    classes: int
    year: int
    paper: str
    published: tuple[Published, ...] = ()
    measured: tuple[Measured, ...] = ()

    def network(self, classes: int | None = None) -> Network:
        """The network, for the paper's number of classes unless said otherwise."""
        return self.make(classes=self.classes if classes is None else classes)

    def facts(self, classes: int | None = None) -> Published:
        """What is published of it to its output, for so many classes.

        Unless said that is the paper's number, or another of the paper's where facts are known of that only.
        """
        whole = [fact for fact in self.published if not fact.exit]
        wanted = self.classes if classes is None else classes
        found = [fact for fact in whole if fact.classes == wanted] or (whole if classes is None else [])
        return found[0] if found else Published(self.name, wanted)

    def fitted(self, classes: int | None, input: Shape) -> Network:
        """The network for so many classes (None: its own) and images of shape `input`; for its own shape as published.

        Raises:
            RewriteError, ShapeError: as `with_classes` and `for_images`.
        """
        made = self.network() if classes is None else with_classes(self.network(), classes)
        return made if input == self.input else for_images(made, input)


@dataclass(frozen=True, slots=True)
class Family:
    """Networks whose names carry numbers, such as `wrn-28-10`.

    Args:
        form: How the names are spelled, the numbers in capitals: "wrn-DEPTH-WIDTH".
        pattern: A regular expression for a whole name.
        member: The network whose name has these groups, as strings; a `PartError` says which numbers there can be.
    """

    form: str
    pattern: str
    member: Callable[..., Named]

    def named(self, name: str) -> Named | None:
        """The member of that name; None where the name is not one of this family's.

        Raises:
            PartError: the name has the family's form, but its numbers make no network.
        """
        found = re.fullmatch(self.pattern, name)
        return self.member(*found.groups()) if found else None


@dataclass(frozen=True, slots=True)
class NamedSpace:
    """A space to search; `make` takes the number of classes, `input` is the smallest image it is meant for."""

    name: str
    make: Callable[[int], Space]
    input: Shape
    about: str
