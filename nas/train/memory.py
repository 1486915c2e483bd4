"""How much memory a training takes, foretold on no device at all."""

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from nas.arch.cost import Shape
from nas.arch.nodes import Network
from nas.lower import build

_COPIES = 4
"""Of the weights: themselves, their gradients, their momenta, and their means."""

_IN_FLIGHT = 2
"""A gradient and what it is made of, each as large as the largest tensor that is kept."""


def training_bytes(network: Network, input: Shape, *, batch: int) -> int:
    """Bytes of tensors that live at once, at most, while `network` trains in float32.

    They are those of the weights and the optimizer, and what the forward pass of a batch keeps for the backward pass,
    which is run on torch's meta device: shapes are followed there, and nothing is computed.

    Args:
        network: Without holes.
        input: (channels, height, width) of an image.
        batch: Images in a step.

    Raises:
        ShapeError: as `nas.build`.
    """
    with torch.device("meta"):
        module = build(network, input=input).train()
        kept = _kept(module, torch.empty(batch, *input))
    weights = sum(parameter.nbytes for parameter in module.parameters())
    return _COPIES * weights + sum(kept) + _IN_FLIGHT * max(kept, default=0)


def _kept(module: nn.Module, images: Tensor) -> list[int]:
    """Bytes of each block of memory that a forward pass keeps beside the module's own."""
    own = {tensor.untyped_storage()._cdata for tensor in (*module.parameters(), *module.buffers())}
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = storage
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        module(images)
    return [storage.nbytes() for storage in kept.values()]
