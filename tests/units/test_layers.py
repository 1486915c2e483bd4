"""Layers that stand in for torch's own."""

import subprocess
import sys

import torch
from torch import nn

from nas.lower import layers

TRAINED = """
import torch, nas
from nas.arch.nodes import Chain, Conv, Flatten, GlobalPool, Linear
torch.manual_seed(0)
network = Chain(Conv(16, stride=2), GlobalPool(), Flatten(), Linear(3))
module = nas.build(network, (3, 28, 28)).to(memory_format=torch.channels_last)
for _ in range(60):
    images = torch.randn(16, 3, 28, 28).to(memory_format=torch.channels_last).requires_grad_()
    module(images).square().mean().backward()
"""


def test_a_strided_convolution_of_pixels_is_torchs():
    for stride, groups in (((2, 2), 1), ((2, 1), 1), ((3, 2), 3)):
        ours = layers.PixelConv2d(3, 6, 1, stride=stride, groups=groups)
        theirs = nn.Conv2d(3, 6, 1, stride=stride, groups=groups)
        theirs.load_state_dict(ours.state_dict())
        images = torch.randn(2, 3, 9, 11)
        torch.testing.assert_close(ours(images), theirs(images))


def test_a_strided_convolution_of_few_maps_leaves_the_heap_alone():
    """In a process of its own: with torch's own convolution it dies within a few steps."""
    subprocess.run([sys.executable, "-c", TRAINED], check=True, capture_output=True)
