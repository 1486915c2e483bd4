"""MSDNet: Huang et al., "Multi-scale dense networks for resource efficient image classification", arXiv:1703.09844.

A grid of features: layers from left to right, scales from fine to coarse, densely connected along both. Here the grid
is a row of cells, layer by layer, and in a layer from fine to coarse. So with m scales in a layer a cell reads its own
scale m cells back, and the next finer one m + 1 cells back. The layers are shared out among the scales: after each
share the finest scale ends, and 1×1 convolutions halve the others. A classifier stands after the coarsest cell of a
layer; up to it just those cells have run that the authors run. The last one is the network's output, and in training
the losses of the earlier ones count as much as its own.

All is as in the authors' PyTorch code (kalviny/MSDNet-PyTorch, pruned by "max"). On CIFAR its networks with classifiers
at even distances are for anytime prediction, those with growing distances for budgeted batches. On ImageNet its stem
has 32 channels and a bias. Departure: where a classifier there averages the 2×2 pixels that are left, it averages the
whole map here, so that it reads images of other sizes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from math import ceil

from nas.arch.named import Family, Named
from nas.arch.nodes import (
    Act,
    Cells,
    Chain,
    Conv,
    Exit,
    Flatten,
    GlobalPool,
    Graph,
    Linear,
    Network,
    Norm,
    Part,
    Pool,
    Step,
)
from nas.errors import PartError
from search_spaces.blocks import conv_norm_act


@dataclass(frozen=True, slots=True)
class Grid:
    """What the networks for a data set have in common; all widths are multiplied by the factor of their scale."""

    stem: Chain
    width: int
    """That of the stem."""
    growth: int
    """What a layer adds."""
    factors: tuple[int, ...]
    """One for each scale, the finest first."""
    head: int | None = None
    """The width of a classifier's convolutions; that of what it reads unless said."""


_CIFAR = Grid(conv_norm_act(16, 3), 16, 6, (1, 2, 4), head=128)
_IMAGENET = Grid(
    Chain(Conv(32, 7, stride=2, bias=True), Norm(), Act(), Pool("max", 3, stride=2, padding=1)), 32, 16, (1, 2, 4, 4)
)


def msdnet(grid: Grid, steps: tuple[int, ...], classes: int) -> Network:
    """A network whose classifiers stand so many layers apart."""
    layers, ends = sum(steps), set(accumulate(steps))
    interval = ceil(layers / len(grid.factors))
    cells: list[Part] = [conv_norm_act(grid.width * factor, 3, stride=2) for factor in grid.factors[1:]]
    width = grid.width
    for layer in range(layers):
        finest, ending = layer // interval, layer > 0 and layer % interval == 0
        cells += _layer(grid, width, finest, ending=ending)
        width += grid.growth
        if ending:
            width //= 2
            cells += _transition(grid, width, finest)
        if layer + 1 in ends:
            features = _features(grid.head or width * grid.factors[-1])
            head = Exit(Chain(features, Linear(classes))) if layer + 1 < layers else features
            cells[-1] = Chain(cells[-1], head)
    return Chain(grid.stem, Cells(*cells), Linear(classes))


def _layer(grid: Grid, width: int, finest: int, *, ending: bool) -> Iterator[Graph]:
    """A cell for each scale: what is there, with what is made of it and of the next finer scale appended.

    `ending` says that this layer still reads a scale finer than its finest.
    """
    factors = grid.factors
    count = len(factors) - finest
    for scale in range(finest, len(factors)):
        factor, grown = factors[scale], grid.growth * factors[scale]
        if scale > finest or ending:
            finer = factors[scale - 1]
            down = _conv(width * finer, grown // 2, finer, stride=2)
            normal = _conv(width * factor, grown // 2, factor)
            yield Graph((count, count + 1), (Step((Chain(), 0), (down, 1), (normal, 0), join="concat"),))
        else:
            normal = _conv(width * factor, grown, factor)
            yield Graph((count,), (Step((Chain(), 0), (normal, 0), join="concat"),))


def _conv(width: int, out: int, factor: int, *, stride: int = 1) -> Chain:
    """From `width` to `out` channels: 1×1, to no more than `factor` times `out`, and 3×3."""
    return Chain(conv_norm_act(min(width, factor * out)), conv_norm_act(out, 3, stride=stride))


def _transition(grid: Grid, width: int, finest: int) -> Iterator[Graph]:
    """A cell for each scale that is left: a 1×1 convolution to `width`."""
    factors = grid.factors[finest:]
    return (Graph((len(factors),), (Step((conv_norm_act(width * factor), 0)),)) for factor in factors)


def _features(width: int) -> Chain:
    """What a classifier makes of the coarsest scale before its linear layer."""
    down = conv_norm_act(width, 3, stride=2)
    return Chain(down, down, GlobalPool(), Flatten())


def _imagenet(step: str) -> Named:
    steps = (_positive("layers between two classifiers", step),) * 5
    return Named(
        f"msdnet_imagenet-{int(step)}",
        partial(msdnet, _IMAGENET, steps),
        (3, 224, 224),
        1000,
        2017,
        "arXiv:1703.09844",
    )


def _anytime(exits: str) -> Named:
    return _cifar("anytime", (4, *[2] * (_positive("classifiers", exits) - 1)))


def _batch(exits: str) -> Named:
    return _cifar("batch", tuple(range(1, 1 + _positive("classifiers", exits))))


def _cifar(use: str, steps: tuple[int, ...]) -> Named:
    name = f"msdnet_cifar-{use}-{len(steps)}"
    return Named(name, partial(msdnet, _CIFAR, steps), (3, 32, 32), 10, 2017, "arXiv:1703.09844")


def _positive(what: str, number: str) -> int:
    if int(number) == 0:
        raise PartError(f"the {what} of an MSDNet are at least 1, got 0")
    return int(number)


FAMILIES = (
    Family("msdnet_imagenet-STEP", r"msdnet_imagenet-(\d+)", _imagenet),
    Family("msdnet_cifar-anytime-EXITS", r"msdnet_cifar-anytime-(\d+)", _anytime),
    Family("msdnet_cifar-batch-EXITS", r"msdnet_cifar-batch-(\d+)", _batch),
)

NETWORKS = (
    *map(_imagenet, ("4", "6", "7")),
    *map(_anytime, ("10", "7")),
    *map(_batch, ("5", "7")),
)
