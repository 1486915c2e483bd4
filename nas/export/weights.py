"""The weights of a network under the names that its exported source has for them."""

from collections.abc import Mapping

from torch import Tensor


def renamed(state: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, Tensor]:
    """A state dict with the names of each layer replaced by others."""
    made = {}
    for name, tensor in state.items():
        layer, _, own = name.rpartition(".")
        made[f"{names[layer]}.{own}"] = tensor
    return made
