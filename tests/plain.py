"""Networks that no library has, in plain torch: layer for layer from their papers and from their authors' Caffe files.

Nothing of the language is used here, so that what is said twice is said independently.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


def conv(before: int, out: int, kernel: int, stride: int = 1, pad: int = 0, group: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, out, kernel, stride, pad, groups=group), nn.ReLU())


def pool(kind: str) -> nn.Module:
    """Caffe's 3×3 pooling of stride 2: the last window may reach over the border."""
    return nn.MaxPool2d(3, 2, ceil_mode=True) if kind == "max" else nn.AvgPool2d(3, 2, ceil_mode=True)


class Subsampling(nn.Module):
    """S2 and S4 of LeNet-5."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.coefficient = nn.Parameter(torch.randn(maps) / 4)
        self.bias = nn.Parameter(torch.randn(maps))

    def forward(self, x: Tensor) -> Tensor:
        summed = x[:, :, ::2, ::2] + x[:, :, 1::2, ::2] + x[:, :, ::2, 1::2] + x[:, :, 1::2, 1::2]
        return summed * self.coefficient[:, None, None] + self.bias[:, None, None]


TABLE_1 = """
    X . . . X X X . . X X X X . X X
    X X . . . X X X . . X X X X . X
    X X X . . . X X X . . X . X X X
    . X X X . . X X X X . . X . X X
    . . X X X . . X X X X . X X . X
    . . . X X X . . X X X X . X X X
"""
"""A row for each map of S2, a column for each of C3."""


class C3(nn.Module):
    """The third layer of LeNet-5, one output map after the other."""

    def __init__(self) -> None:
        super().__init__()
        columns = list(zip(*(row.split() for row in TABLE_1.strip().splitlines()), strict=True))
        self.sources = [[row for row, mark in enumerate(column) if mark == "X"] for column in columns]
        self.weight = nn.Parameter(torch.randn(sum(map(len, self.sources)), 5, 5) / 8)
        self.bias = nn.Parameter(torch.randn(len(columns)))

    def forward(self, x: Tensor) -> Tensor:
        kernels = iter(self.weight)
        maps = [sum(F.conv2d(x[:, [s]], next(kernels)[None, None]) for s in each) for each in self.sources]
        return torch.cat(maps, 1) + self.bias[:, None, None]


class Distances(nn.Module):
    """The output layer of LeNet-5, negated, so that the largest answer is the best."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("codes", torch.randn(10, 84).sign())

    def forward(self, x: Tensor) -> Tensor:
        return -torch.stack([((x - code) ** 2).sum(1) for code in self.codes], 1)


class Squash(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(x * 2 / 3)


def lenet5() -> nn.Module:
    c1, c5 = nn.Conv2d(1, 6, 5), nn.Conv2d(16, 120, 5)
    return nn.Sequential(
        *(c1, Squash(), Subsampling(6), Squash(), C3(), Squash(), Subsampling(16), Squash()),
        *(c5, Squash(), nn.Flatten(), nn.Linear(120, 84), Squash(), Distances()),
    )


def lenet_caffe() -> nn.Module:
    """BVLC/caffe:examples/mnist/lenet.prototxt."""
    conv1, conv2 = nn.Conv2d(1, 20, 5), nn.Conv2d(20, 50, 5)
    ip1, ip2 = nn.Linear(800, 500), nn.Linear(500, 10)
    return nn.Sequential(conv1, nn.MaxPool2d(2), conv2, nn.MaxPool2d(2), nn.Flatten(), ip1, nn.ReLU(), ip2)


def alexnet() -> nn.Module:
    """BVLC/caffe:models/bvlc_alexnet, with the paper's k."""
    norm = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2.0)
    return nn.Sequential(
        *(conv(3, 96, 11, 4), norm, pool("max"), conv(96, 256, 5, 1, 2, 2), norm, pool("max")),
        *(conv(256, 384, 3, 1, 1), conv(384, 384, 3, 1, 1, 2), conv(384, 256, 3, 1, 1, 2), pool("max"), nn.Flatten()),
        *(nn.Linear(9216, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000)),
    )


def nin_cifar() -> nn.Module:
    """mavenlin's Caffe model."""
    return nn.Sequential(
        *(conv(3, 192, 5, 1, 2), conv(192, 160, 1), conv(160, 96, 1), pool("max")),
        *(conv(96, 192, 5, 1, 2), conv(192, 192, 1), conv(192, 192, 1), pool("avg")),
        *(conv(192, 192, 3, 1, 1), conv(192, 192, 1), conv(192, 10, 1), nn.AvgPool2d(8), nn.Flatten()),
    )


def nin_imagenet() -> nn.Module:
    """mavenlin's Caffe model."""
    return nn.Sequential(
        *(conv(3, 96, 11, 4), conv(96, 96, 1), conv(96, 96, 1), pool("max")),
        *(conv(96, 256, 5, 1, 2), conv(256, 256, 1), conv(256, 256, 1), pool("max")),
        *(conv(256, 384, 3, 1, 1), conv(384, 384, 1), conv(384, 384, 1), pool("max")),
        *(conv(384, 1024, 3, 1, 1), conv(1024, 1024, 1), conv(1024, 1000, 1), nn.AvgPool2d(6), nn.Flatten()),
    )


class Fire(nn.Module):
    def __init__(self, before: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = conv(before, squeeze, 1)
        self.one, self.three = conv(squeeze, expand, 1), conv(squeeze, expand, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze(x)
        return torch.cat([self.one(x), self.three(x)], 1)


def squeezenet1_0() -> nn.Module:
    """forresti/SqueezeNet:SqueezeNet_v1.0."""
    return nn.Sequential(
        *(conv(3, 96, 7, 2), pool("max"), Fire(96, 16, 64), Fire(128, 16, 64), Fire(128, 32, 128), pool("max")),
        *(Fire(256, 32, 128), Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), pool("max")),
        *(Fire(512, 64, 256), conv(512, 1000, 1, 1, 1), nn.AvgPool2d(15), nn.Flatten()),
    )


class OptionA(nn.Module):
    """A residual block whose shortcut has no parameters."""

    def __init__(self, before: int, out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, out, 3, out // before, 1, bias=False)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(out), nn.BatchNorm2d(out)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm2(self.conv2(self.norm1(self.conv1(x)).relu()))
        if y.shape != x.shape:
            x = x[:, :, ::2, ::2]
            x = torch.cat([x, torch.zeros_like(x)], 1)
        return (x + y).relu()


def cifar_resnet(depth: int) -> nn.Module:
    """Section 4.2 of the ResNet paper."""
    blocks = depth // 6
    widths = [16] * (blocks + 1) + [32] * blocks + [64] * blocks
    return nn.Sequential(
        *(nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()),
        *(OptionA(before, out) for before, out in pairwise(widths)),
        *(nn.AvgPool2d(8), nn.Flatten(), nn.Linear(64, 10)),
    )
