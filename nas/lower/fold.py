"""A network as it is used when training is over: its batch norms folded into the layers before them."""

from collections import Counter
from copy import deepcopy
from typing import Any

from torch import nn
from torch.nn.utils import fuse_conv_bn_eval, fuse_linear_bn_eval

from nas.lower.module import NetworkModule, Steps


def fold(module: NetworkModule) -> NetworkModule:
    """A copy of `module` for evaluation that answers the same with less to compute; `module` stays as it is.

    A batch norm goes into the convolution or linear layer whose output it alone reads. Where nothing precedes it that
    it could go into, as in pre-activation networks, it stays. The copy has no exits.
    """
    made = deepcopy(module).eval()
    made.keep(_folded(made.trunk, made.output))
    return made


def _folded(steps: Steps, output: int) -> Steps:
    readers = Counter(source for _, sources, _, _ in steps for source in sources)
    readers[output] += 1
    made: Steps = []
    written: dict[int, int] = {}
    """Where in `made` a register is written."""
    for call, sources, target, freed in steps:
        place = written.get(sources[0])
        if place is not None and readers[sources[0]] == 1 and _fold_into(made[place][0], call):
            layer, reads, _, over = made[place]
            made[place] = (layer, reads, target, over)
        else:
            if isinstance(call, nn.Sequential) and _fold_into(call[0], call[-1]):  # a projection
                call._modules.popitem()
            place = len(made)
            made.append((call, sources, target, freed))
        written[target] = place
    return made


def _fold_into(layer: Any, norm: Any) -> bool:
    """Whether a norm could be folded into a layer, which then has the weights of both."""
    match layer, norm:
        case nn.Conv2d(), nn.BatchNorm2d():
            fused: nn.Conv2d | nn.Linear = fuse_conv_bn_eval(layer, norm)
        case nn.Linear(), nn.BatchNorm1d():
            fused = fuse_linear_bn_eval(layer, norm)
        case _:
            return False
    layer.weight, layer.bias = fused.weight, fused.bias
    return True
