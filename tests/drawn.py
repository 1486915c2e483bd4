"""Weights where any will do: to draw those of a large network anew takes longer than to run it."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import nn

_NOISE = torch.randn(1 << 20, generator=torch.Generator().manual_seed(0))


@contextmanager
def undrawn() -> Iterator[None]:
    """Layers begin with whatever lies in memory, for drawing weights takes longer than all else."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("kaiming_uniform_", "kaiming_normal_", "uniform_", "normal_"):
            patch.setattr(nn.init, name, lambda tensor, *_, **__: tensor)
        yield


def filled(module: nn.Module) -> nn.Module:
    """A module with weights and statistics that differ everywhere and let a signal through, ready to classify.

    Every row of a weight is another stretch of the same noise.
    """
    position = 0
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if not tensor.dtype.is_floating_point:
                continue
            position = (position + 7919) % 10_000
            if tensor.dim() > 1:
                rows, long = len(tensor), tensor.numel() // len(tensor)
                step = min(long, (len(_NOISE) - position - long) // rows)
                noise = _NOISE.as_strided((rows, long), (step, 1), position)
                tensor.view(rows, long).copy_(noise).mul_(math.sqrt(2 / long))
            else:
                noise = _NOISE[position : position + len(tensor)] if tensor.dim() else _NOISE[position]
                tensor.copy_(noise).div_(10).add_(0.0 if name.endswith(("bias", "mean")) else 1.0)
    return module.eval()
