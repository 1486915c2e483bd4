"""Where a hole stands, and the full name that makes of its own: `stage1.block=dense.width`."""

from __future__ import annotations

from dataclasses import dataclass

from nas.arch.holes import ValueHole
from nas.arch.nodes import Choice
from nas.errors import HoleError

Hole = ValueHole | Choice


@dataclass(frozen=True, slots=True)
class Place:
    """A scope of a space.

    `prefix` begins the full names of its holes, `family` the same with `#` for the number of a repetition; `around` are
    the named scopes around it, innermost first, the whole space last.
    """

    prefix: str = ""
    family: str = ""
    around: tuple[tuple[str, Place], ...] = ()

    def scope(self, name: str, number: int | str = "") -> Place:
        """The scope called `name` in this one; `number` tells the repetitions of a repeat apart."""
        family = f"{self.family}{name}{'#' if number else ''}."
        made = Place(f"{self.prefix}{name}{number}.", family, self.around)
        return Place(made.prefix, family, ((name, made), *self.around))

    def alternative(self, choice: Choice, label: str) -> Place:
        """The scope of one of a choice's alternatives, the choice standing in this scope."""
        home = self.home(choice)
        return Place(f"{home.prefix}{choice.name}={label}.", f"{home.family}{choice.name}={label}.", self.around)

    def home(self, hole: Hole) -> Place:
        """The scope that decides a hole which stands here.

        Raises:
            HoleError: no scope around it has the name the hole asks for.
        """
        if hole.scope is None:
            return self
        if hole.scope == "":
            return Place()
        for name, place in self.around:
            if name == hole.scope:
                return place
        known = ", ".join(repr(name) for name, _ in self.around) or "no scope"
        raise HoleError(
            f"a shared hole names a scope around it, got {hole.scope!r} inside {known}",
            path=self.prefix + hole.name,
            hint='"" is the whole space',
        )

    def full_name(self, hole: Hole) -> str:
        """The name of a hole that stands here."""
        return self.home(hole).prefix + hole.name

    def family_name(self, hole: Hole) -> str:
        """The name that a hole which stands here has in common with those of other repetitions."""
        return self.home(hole).family + hole.name
