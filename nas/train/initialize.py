"""How the weights of a network begin, where a paper says otherwise than they are built."""

from typing import assert_never

import torch
from torch import nn

from nas.train.recipe import Init

_NARROW = 0.01
_LECUN = 2.4


def initialize(module: nn.Module, init: Init) -> None:
    """Draw the weights of convolutions and linear layers anew, and set their biases to zero; "he" draws nothing.

    Args:
        module: In place.
        init: "he_fan_out": normal with a variance of 2 / fan-out (He et al. 2015); "xavier": uniform, by the fan-in
            (Glorot and Bengio 2010, as Caffe does it); "normal": with a deviation of 0.01; "lecun": uniform within
            2.4 / fan-in, biases too (LeCun et al. 1998).
    """
    if init == "he":
        return
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            _draw(layer, init)


@torch.no_grad()
def _draw(layer: nn.Conv2d | nn.Linear, init: Init) -> None:
    fan_in = layer.weight[0].numel()
    if layer.bias is not None:
        layer.bias.zero_()
    match init:
        case "he":
            pass
        case "he_fan_out":
            groups = layer.groups if isinstance(layer, nn.Conv2d) else 1
            fan_out = layer.weight[:, 0].numel() / groups
            layer.weight.normal_(std=(2 / fan_out) ** 0.5)
        case "xavier":
            layer.weight.uniform_(-((3 / fan_in) ** 0.5), (3 / fan_in) ** 0.5)
        case "normal":
            layer.weight.normal_(std=_NARROW)
        case "lecun":
            layer.weight.uniform_(-_LECUN / fan_in, _LECUN / fan_in)
            if layer.bias is not None:
                layer.bias.uniform_(-_LECUN / fan_in, _LECUN / fan_in)
        case _:
            assert_never(init)
