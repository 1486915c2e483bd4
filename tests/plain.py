"""Networks that no library has, in plain torch: layer for layer from their papers and from their authors' Caffe files.

Nothing of the language is used here, so that what is said twice is said independently.
"""

from collections.abc import Callable, Iterator
from functools import partial
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


class Concat(nn.ModuleList):
    """Branches side by side."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self], 1)


def googlenet() -> nn.Module:
    """BVLC/caffe:models/bvlc_googlenet, without its two heads."""

    def module(before: int, one: int, reduce3: int, three: int, reduce5: int, five: int, pooled: int) -> Concat:
        small = nn.Sequential(conv(before, reduce3, 1), conv(reduce3, three, 3, 1, 1))
        large = nn.Sequential(conv(before, reduce5, 1), conv(reduce5, five, 5, 1, 2))
        return Concat(
            [conv(before, one, 1), small, large, nn.Sequential(nn.MaxPool2d(3, 1, 1), conv(before, pooled, 1))]
        )

    norm = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)
    return nn.Sequential(
        *(conv(3, 64, 7, 2, 3), pool("max"), norm, conv(64, 64, 1), conv(64, 192, 3, 1, 1), norm, pool("max")),
        *(module(192, 64, 96, 128, 16, 32, 32), module(256, 128, 128, 192, 32, 96, 64), pool("max")),
        *(module(480, 192, 96, 208, 16, 48, 64), module(512, 160, 112, 224, 24, 64, 64)),
        *(module(512, 128, 128, 256, 24, 64, 64), module(512, 112, 144, 288, 32, 64, 64)),
        *(module(528, 256, 160, 320, 32, 128, 128), pool("max")),
        *(module(832, 256, 160, 320, 32, 128, 128), module(832, 384, 192, 384, 48, 128, 128)),
        *(nn.AvgPool2d(7), nn.Flatten(), nn.Linear(1024, 1000)),
    )


BN_INCEPTION = (
    (64, 64, 64, 64, 96, 32),
    (64, 64, 96, 64, 96, 64),
    (0, 128, 160, 64, 96, 0),
    (224, 64, 96, 96, 128, 128),
    (192, 96, 128, 96, 128, 128),
    (160, 128, 160, 128, 160, 128),
    (96, 128, 192, 160, 192, 128),
    (0, 128, 192, 192, 256, 0),
    (352, 192, 320, 160, 224, 128),
    (352, 192, 320, 192, 224, 128),
)
"""Widths from 3a to 5b: 1×1, 3×3 reduced, 3×3, double 3×3 reduced, double 3×3, pooled; 0 where the map is halved."""

INCEPTION_V2_SLIM = (*BN_INCEPTION[:5], *((*row[:5], 96) for row in BN_INCEPTION[5:7]), *BN_INCEPTION[7:])
"""TF-slim's table, which pools to fewer maps in 4c and 4d."""


def doubled(
    table: tuple[tuple[int, ...], ...],
    unit: Callable[..., nn.Module],
    mean: nn.Module,
    after: Callable[[int], nn.Module],
) -> Iterator[nn.Module]:
    """The modules of a table of BN-Inception, and something after each."""
    before = 192
    for place, (one, reduce, single, reduce_double, double, pooled) in enumerate(table):
        stride = 1 if one else 2
        branches = [
            nn.Sequential(unit(before, reduce, 1), unit(reduce, single, 3, stride)),
            nn.Sequential(
                unit(before, reduce_double, 1), unit(reduce_double, double, 3), unit(double, double, 3, stride)
            ),
        ]
        if one:
            beside = nn.MaxPool2d(3, 1, 1) if place == len(table) - 1 else mean
            branches = [unit(before, one, 1), *branches, nn.Sequential(beside, unit(before, pooled, 1))]
            out = one + single + double + pooled
        else:
            branches.append(pool("max"))
            out = single + double + before
        yield nn.Sequential(Concat(branches), after(out))
        before = out


def normed(before: int, out: int, kernel: int | tuple[int, int], stride: int = 1, eps: float = 1e-5) -> nn.Sequential:
    """Padded convolution, normalization, ReLU."""
    height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
    padded = nn.Conv2d(before, out, kernel, stride, (height // 2, width // 2), bias=False)
    return nn.Sequential(padded, nn.BatchNorm2d(out, eps), nn.ReLU())


class Excitation(nn.Module):
    def __init__(self, maps: int) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(maps, maps // 16, 1), nn.Conv2d(maps // 16, maps, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.up(self.down(x.mean((2, 3), keepdim=True)).relu()).sigmoid()


def se_bn_inception() -> nn.Module:
    """hujie-frank/SENet:models/SE-BN-Inception.prototxt."""
    return nn.Sequential(
        *(normed(3, 64, 7, 2), pool("max"), normed(64, 64, 1), normed(64, 192, 3), pool("max")),
        *doubled(BN_INCEPTION, normed, nn.AvgPool2d(3, 1, 1), Excitation),
        *(nn.AvgPool2d(7), nn.Flatten(), nn.Linear(1024, 1000)),
    )


class Same(nn.Conv2d):
    """TensorFlow's "SAME": as much padding as ceil(size / stride) windows need, the odd pixel last."""

    def forward(self, x: Tensor) -> Tensor:
        (kernel, _), (stride, _), size = self.kernel_size, self.stride, x.shape[2]
        total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
        before, after = total // 2, total - total // 2
        return super().forward(F.pad(x, (before, after, before, after)))


class Centring(nn.Module):
    """A batch normalization that learns no scale."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.randn(maps) / 10)
        self.register_buffer("running_mean", torch.randn(maps) / 10)
        self.register_buffer("running_var", torch.rand(maps) + 0.5)
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        mean, var, bias = (each[:, None, None] for each in (self.running_mean, self.running_var, self.bias))
        return (x - mean) / (var + 1e-3).sqrt() + bias


def inception_v2_slim() -> nn.Module:
    """google-research/tf-slim:nets/inception_v2.py."""

    def unit(before: int, out: int, kernel: int, stride: int = 1) -> nn.Sequential:
        return nn.Sequential(Same(before, out, kernel, stride, bias=False), Centring(out), nn.ReLU())

    mean = nn.AvgPool2d(3, 1, 1, count_include_pad=False)
    return nn.Sequential(
        *(Same(3, 24, 7, 2, groups=3, bias=False), nn.Conv2d(24, 64, 1), nn.ReLU(), pool("max")),
        *(unit(64, 64, 1), unit(64, 192, 3), pool("max")),
        *doubled(INCEPTION_V2_SLIM, unit, mean, lambda _: nn.Identity()),
        *(nn.AvgPool2d(7), nn.Flatten(), nn.Linear(1024, 1000)),
    )


class ScaledSum(nn.Module):
    """A residual module of Inception-ResNet."""

    def __init__(self, width: int, made: int, scale: float, *branches: nn.Module) -> None:
        super().__init__()
        self.body, self.up, self.scale = Concat(branches), nn.Conv2d(made, width, 1), scale

    def forward(self, x: Tensor) -> Tensor:
        return (x + self.scale * self.up(self.body(x))).relu()


def inception_resnet_v1() -> nn.Module:
    """Figures 10 to 15 of the Inception-v4 paper, scaled as in the authors' code of the second version."""
    unit = partial(normed, eps=1e-3)

    def valid(before: int, out: int, stride: int = 2) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(before, out, 3, stride, bias=False), nn.BatchNorm2d(out, 1e-3), nn.ReLU())

    def row(*units: nn.Module) -> nn.Sequential:
        return nn.Sequential(*units)

    def on_35() -> ScaledSum:
        double = row(unit(256, 32, 1), unit(32, 32, 3), unit(32, 32, 3))
        return ScaledSum(256, 96, 0.17, unit(256, 32, 1), row(unit(256, 32, 1), unit(32, 32, 3)), double)

    def on_17() -> ScaledSum:
        crossed = row(unit(896, 128, 1), unit(128, 128, (1, 7)), unit(128, 128, (7, 1)))
        return ScaledSum(896, 256, 0.10, unit(896, 128, 1), crossed)

    def on_8() -> ScaledSum:
        crossed = row(unit(1792, 192, 1), unit(192, 192, (1, 3)), unit(192, 192, (3, 1)))
        return ScaledSum(1792, 384, 0.20, unit(1792, 192, 1), crossed)

    to_17 = Concat([valid(256, 384), row(unit(256, 192, 1), unit(192, 192, 3), valid(192, 256)), nn.MaxPool2d(3, 2)])
    singles = (row(unit(896, 256, 1), valid(256, 384)), row(unit(896, 256, 1), valid(256, 256)))
    to_8 = Concat([*singles, row(unit(896, 256, 1), unit(256, 256, 3), valid(256, 256)), nn.MaxPool2d(3, 2)])
    return nn.Sequential(
        *(valid(3, 32), valid(32, 32, 1), unit(32, 64, 3), nn.MaxPool2d(3, 2), unit(64, 80, 1), valid(80, 192, 1)),
        *(valid(192, 256), *(on_35() for _ in range(5)), to_17, *(on_17() for _ in range(10)), to_8),
        *(*(on_8() for _ in range(5)), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1792, 1000)),
    )
