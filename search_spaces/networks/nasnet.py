"""NASNet-A: Zoph, Vasudevan, Shlens, Le, "Learning transferable architectures", 2017, arXiv:1707.07012.

A cell reads the output of the cell before it, squeezed to the cell's width, and that of an earlier one, fitted to it.
An auxiliary head follows the last cell before the second reduction. Departures from the authors' code (TF-slim's
`nasnet.py`), none of which changes a count or a size:

- At stride 2 maps are padded alike on all sides, where TensorFlow pads an even map more at the bottom and right.
- What a cell puts out although a block reads it stands last in the output.
- The auxiliary head's convolution over its whole map is a linear layer, so that the head reads maps of other sizes.
- The drop-path of training is left out: its rate rises from step to step, and a network here knows no steps.
"""

from collections.abc import Callable

from nas.arch.fields import Size
from nas.arch.named import Named
from nas.arch.nodes import (
    DEPTHWISE,
    Act,
    Branches,
    Cells,
    Chain,
    Conv,
    Dropout,
    Exit,
    Flatten,
    GlobalPool,
    Graph,
    Linear,
    Network,
    Norm,
    Part,
    Pool,
    Shift,
    Step,
    Width,
)

CURRENT, PREVIOUS, FIRST = 2, 3, 4
"""Sources in a cell: the squeezed output of the cell before, the fitted earlier one, the first block; others follow."""

_IMAGENET_NORM, _CIFAR_NORM = Norm(eps=1e-3), Norm()


def relu_conv(width: Width, kernel: Size = 1, *, norm: Norm, stride: Size = 1) -> Chain:
    """ReLU, convolution, normalization."""
    return Chain(Act(), Conv(width, kernel, stride=stride), norm)


def relu_separable(width: Width, kernel: Size, *, norm: Norm, stride: Size = 1, dilation: Size = 1) -> Chain:
    """ReLU, k×k depthwise and 1×1 convolution, normalization."""
    depthwise = Conv(DEPTHWISE, kernel, stride=stride, groups=DEPTHWISE, dilation=dilation)
    return Chain(Act(), depthwise, Conv(width), norm)


def factorized_reduction(width: int, *, norm: Norm, after: Part | None = None) -> Chain:
    """ReLU, two 1×1 convolutions at stride 2, each to half of `width`, the second one pixel off, normalization.

    `after` stands between the convolutions and the normalization.
    """
    corner = Conv(width // 2, stride=2)
    shifted = Chain(Shift(1, 1), Conv(width - width // 2, stride=2))
    return Chain(Act(), Branches(corner, shifted, join="concat"), after or Chain(), norm)


def as_it_is(width: int, *, norm: Norm) -> Chain:
    """The stem's output unchanged, which only operations that read any width can use."""
    return Chain()


def average(*, stride: Size = 1, kernel: Size = 3) -> Pool:
    """Average pool that keeps the size at stride 1 and does not count its padding."""
    return Pool("avg", kernel, stride=stride, padding="same", count_include_pad=False)


def maximum(*, stride: Size = 1, kernel: Size = 3) -> Pool:
    """Max pool that keeps the size at stride 1."""
    return Pool("max", kernel, stride=stride, padding="same")


def cell(current: Part, previous: Part, *blocks: Step, back: int = 2) -> Graph:
    """`blocks` over what `current` makes of the last cell's output and `previous` of that of the cell `back` cells ago.

    The blocks that no other reads are concatenated; a last block of one edge adds one that is read.
    """
    return Graph((1, back), (Step((current, 0)), Step((previous, 1)), *blocks))


def normal_cell(width: int, *, norm: Norm, fit: Callable[..., Part] = relu_conv, back: int = 2) -> Graph:
    """The cell that keeps the size; `fit` brings the earlier output to its width and size."""
    return _normal(width, fit(width, norm=norm), Chain(), Chain(), norm=norm, back=back)


def first_normal_cell(width: int, *, norm: Norm) -> Graph:
    """The cell after the stem, whose output it reads twice: squeezed, and as it is, of another width."""
    return _normal(width, Chain(), relu_conv(width, norm=norm), Chain(Conv(width), norm), norm=norm)


def _normal(width: int, previous: Part, identity: Part, fitted: Part, *, norm: Norm, back: int = 2) -> Graph:
    """`identity` and `fitted` make `width` channels of the fitted earlier output, alone and after a pool."""

    def separable(kernel: int) -> Chain:
        return Chain(relu_separable(width, kernel, norm=norm), relu_separable(width, kernel, norm=norm))

    pooled = Chain(average(), fitted)
    return cell(
        relu_conv(width, norm=norm),
        previous,
        Step((separable(5), CURRENT), (separable(3), PREVIOUS)),
        Step((separable(5), PREVIOUS), (separable(3), PREVIOUS)),
        Step((average(), CURRENT), (identity, PREVIOUS)),
        Step((pooled, PREVIOUS), (pooled, PREVIOUS)),
        Step((separable(3), CURRENT), (Chain(), CURRENT)),
        Step((fitted, PREVIOUS)),
        back=back,
    )


def reduction_cell(width: int, *, norm: Norm, fit: Callable[..., Part] = relu_conv) -> Graph:
    """The cell that halves the map; `fit` brings the earlier output to its width and to the size of the last."""

    def separable(kernel: int, stride: int = 2) -> Chain:
        first = relu_separable(width, kernel, norm=norm, stride=stride)
        return Chain(first, relu_separable(width, kernel, norm=norm))

    return cell(
        relu_conv(width, norm=norm),
        fit(width, norm=norm),
        Step((separable(5), CURRENT), (separable(7), PREVIOUS)),
        Step((maximum(stride=2), CURRENT), (separable(7), PREVIOUS)),
        Step((average(stride=2), CURRENT), (separable(5), PREVIOUS)),
        Step((Chain(), FIRST + 1), (average(), FIRST)),
        Step((separable(3, stride=1), FIRST), (maximum(stride=2), CURRENT)),
        Step((Chain(), FIRST + 1)),
    )


def auxiliary(classes: int, *, norm: Norm) -> Exit:
    """The head that helps to train: a pool, a 1×1 convolution to 128 channels and two linear layers."""
    pooled = Chain(Act(), Pool("avg", 5, stride=3), Conv(128), norm, Act(), Flatten())
    return Exit(Chain(pooled, Linear(768, bias=False), norm, Act(), Linear(classes)), 0.4)


def _nasnet(entry: tuple[Graph, ...], width: int, depth: int, classes: int, *, norm: Norm, back: int) -> Cells:
    """Three stages of `depth` normal cells, a reduction between them; `entry` ends with the first normal cell.

    `back` says which output the cell after a reduction reads besides the reduction's.
    """
    cells: list[Part] = [*entry, *(normal_cell(width, norm=norm) for _ in range(depth - 1))]
    for wider in (2 * width, 4 * width):
        cells.append(reduction_cell(wider, norm=norm))
        cells.append(normal_cell(wider, norm=norm, fit=factorized_reduction, back=back))
        cells += [normal_cell(wider, norm=norm)] * (depth - 1)
    last_of_stage_2 = len(cells) - depth - 2
    cells[last_of_stage_2] = Chain(cells[last_of_stage_2], auxiliary(classes, norm=norm))
    return Cells(*cells)


def _imagenet(stem: int, width: int, depth: int, classes: int, *, back: int) -> Network:
    norm = _IMAGENET_NORM
    entry = (
        reduction_cell(width // 4, norm=norm, fit=as_it_is),
        reduction_cell(width // 2, norm=norm, fit=factorized_reduction),
        normal_cell(width, norm=norm, fit=factorized_reduction),
    )
    return Chain(
        Chain(Conv(stem, 3, stride=2, padding=0), norm),
        _nasnet(entry, width, depth, classes, norm=norm, back=back),
        Chain(Act(), GlobalPool(), Flatten(), Dropout(0.5), Linear(classes)),
    )


def nasnet_a_mobile(classes: int = 1000) -> Network:
    """NASNet-A (4 @ 1056), on 3×224×224."""
    return _imagenet(32, 44, 4, classes, back=2)


def nasnet_a_large(classes: int = 1000) -> Network:
    """NASNet-A (6 @ 4032), on 3×331×331; the cell after a reduction reads what lies two cells before the reduction.

    The published number of parameters counts running statistics as well.
    """
    return _imagenet(96, 168, 6, classes, back=3)


def nasnet_a_cifar(classes: int = 10) -> Network:
    """NASNet-A (6 @ 768), on 3×32×32."""
    norm = _CIFAR_NORM
    return Chain(
        Chain(Conv(96, 3), norm),
        _nasnet((first_normal_cell(32, norm=norm),), 32, 6, classes, norm=norm, back=2),
        Chain(Act(), GlobalPool(), Flatten(), Linear(classes)),
    )


NETWORKS = (
    Named("nasnet_a_mobile", nasnet_a_mobile, (3, 224, 224), 1000, 2017, "arXiv:1707.07012"),
    Named("nasnet_a_large", nasnet_a_large, (3, 331, 331), 1000, 2017, "arXiv:1707.07012"),
    Named("nasnet_a_cifar", nasnet_a_cifar, (3, 32, 32), 10, 2017, "arXiv:1707.07012"),
)
