"""The mean of a network's weights over its latest steps, which is judged and kept in their place."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

_YOUNG = 10


class Average:
    """Exponential means of the parameters and of the statistics of norms.

    Args:
        module: On its device already.
        keep: Share of a mean that a step leaves; smaller in the first steps, (1 + step) / (10 + step), as they begin
            with the weights that nothing has trained.
    """

    def __init__(self, module: nn.Module, keep: float) -> None:
        self._module, self._keep, self.steps = module, keep, 0
        self.means = {name: tensor.detach().clone() for name, tensor in self._live().items()}

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights as a step has left them."""
        self.steps += 1
        keep = min(self._keep, (1 + self.steps) / (_YOUNG + self.steps))
        live = [tensor.detach() for tensor in self._live().values()]
        torch._foreach_lerp_(list(self.means.values()), live, 1 - keep)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Have the module compute with the means, and afterwards with its own weights again."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def put(self) -> None:
        """Give the module the means for good."""
        with torch.no_grad():
            for name, tensor in self._live().items():
                tensor.copy_(self.means[name])

    def _swap(self) -> None:
        with torch.no_grad():
            for name, tensor in self._live().items():
                own = tensor.detach().clone()
                tensor.copy_(self.means[name])
                self.means[name].copy_(own)

    def _live(self) -> dict[str, Tensor]:
        """The tensors of the module that are averaged: counters are not."""
        return {name: tensor for name, tensor in self._module.state_dict().items() if tensor.is_floating_point()}
