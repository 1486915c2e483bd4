"""The tensors of a module that is given another's weights, and what became of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

_COUNTER = "num_batches_tracked"
_NUMBERS = ("weight", "bias", "running_mean", "running_var")


@dataclass(frozen=True, slots=True)
class Inherited:
    """What became of each tensor of a state dict, by name; counters of batches are left out.

    Args:
        copied: It is the parent's.
        adapted: Some of it is the parent's, or it was set so that what is new has no effect.
        fresh: It is as it was.
    """

    copied: tuple[str, ...]
    adapted: tuple[str, ...]
    fresh: tuple[str, ...]

    def __str__(self) -> str:
        inherited = len(self.copied) + len(self.adapted)
        return f"{inherited} of {inherited + len(self.fresh)} tensors"


class Heritage:
    """A child's tensors, set one by one; `theirs` are the parent's.

    Args:
        ours: The child's state dict, whose tensors are changed in place.
        theirs: The parent's.
    """

    def __init__(self, ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> None:
        self.ours, self.theirs = ours, theirs
        self._made_of: dict[str, str] = {}
        """The tensors that are no longer fresh, each with that of the parent it was made of, or ""."""

    def put(self, name: str, value: Tensor, theirs: str = "") -> None:
        """Set a tensor, made of one of the parent's where that is named; one that stays what it was stays fresh."""
        is_copy = theirs in self.theirs and torch.equal(value, self.theirs[theirs])
        if is_copy or not torch.equal(value, self.ours[name]):
            self.ours[name].copy_(value)
            self._made_of[name] = theirs

    def change(self, path: str, value: Callable[[Tensor], Tensor]) -> None:
        """Set the weight and the bias at a path, as far as it has them."""
        for name in (f"{path}.weight", f"{path}.bias"):
            if name in self.ours:
                self.put(name, value(self.ours[name]))

    def each(self, path: str, their_path: str, value: Callable[[Tensor, Tensor], Tensor]) -> None:
        """Set the numbers of a normalization, as far as both have them, each from ours and theirs."""
        for name in _NUMBERS:
            ours, theirs = f"{path}.{name}", f"{their_path}.{name}"
            if ours in self.ours and theirs in self.theirs:
                self.put(ours, value(self.ours[ours], self.theirs[theirs]), theirs)
        counters = f"{path}.{_COUNTER}", f"{their_path}.{_COUNTER}"
        if counters[0] in self.ours and counters[1] in self.theirs:
            self.ours[counters[0]].copy_(self.theirs[counters[1]])

    def same(self, path: str, their_path: str) -> None:
        """Copy all that an equal part has, where it has the shape of the parent's."""
        for name in [name for name in self.ours if name.startswith(f"{path}.")]:
            theirs = their_path + name.removeprefix(path)
            if self.theirs[theirs].shape == self.ours[name].shape:
                self.put(name, self.theirs[theirs], theirs)

    def told(self) -> Inherited:
        """What became of all."""
        names = [name for name in self.ours if not name.endswith(_COUNTER)]
        copied = [name for name in names if name in self._made_of and self._is_copy(name)]
        adapted = [name for name in names if name in self._made_of and name not in copied]
        return Inherited(tuple(copied), tuple(adapted), tuple(name for name in names if name not in self._made_of))

    def _is_copy(self, name: str) -> bool:
        theirs = self.theirs.get(self._made_of[name])
        return theirs is not None and torch.equal(self.ours[name], theirs)
