"""FractalNet: Larsson, Maire, Shakhnarovich, "FractalNet: ultra-deep neural networks without residuals", 2016.

arXiv:1605.07648. A block of C columns is 2^(C-1) convolutions deep; every join is the mean of the columns that end
there. In training joins drop paths, locally with probability 0.15.
"""

from functools import partial

from nas.arch.named import Named
from nas.arch.nodes import Act, Chain, Conv, Dropout, Network, Norm, Pool
from search_spaces.blocks import classifier, conv_norm_act, fractal, fractal_join

_WIDTHS = (64, 128, 256, 512, 512)
_THIN = (16, 32, 64, 128, 128)
_DROP_PATH = 0.15


def _block(width: int, columns: int, dropout: float) -> Chain:
    between = (Dropout(dropout),) if dropout else ()
    unit = Chain(Conv(width, 3), *between, Norm(), Act())
    return fractal_join(fractal(unit, columns, drop_path=_DROP_PATH), drop_path=_DROP_PATH)


def cifar_fractalnet(columns: int, widths: tuple[int, ...], classes: int) -> Network:
    """FractalNet of five blocks, each followed by a 2×2 max pool, on 3×32×32; dropout of 0, 0.1, … 0.4 in the blocks.

    Its depth is five times that of a block: 20 layers for 3 columns, 40 for 4. `fractalnet20_thin` and `fractalnet40`
    are those of the paper's table of depths, for CIFAR-100; that they drop as `fractalnet20` does is unverified.
    `fractalnet40_wide` is not in the paper.

    The order convolution, dropout, normalization, ReLU is that of the authors' generator. Departs from it in three
    things: convolutions have no biases and norms learn scale and shift, as usual and in pytorchcv, where the generator
    has biases and norms that learn nothing; a pool follows the last join of its block, as the paper draws it, where the
    generator pools every column before that join; and it makes the local drops only, the global ones are the paper's.
    The paper's 38.6 million parameters for `fractalnet20` are met by no reading of it.
    """
    blocks = (Chain(_block(width, columns, i / 10), Pool("max", 2)) for i, width in enumerate(widths))
    return Chain(*blocks, classifier(classes))


def fractalnet34(classes: int = 1000) -> Network:
    """FractalNet for ImageNet, on 3×224×224: ResNet's stem and head around four blocks of four columns.

    No implementation is known to compare with. Unverified are the widths 128, 256, 512 and 1024, the pools, which
    stand between the blocks, and the regularization: drop-path as for CIFAR and no dropout.
    """
    stem = Chain(conv_norm_act(64, 7, stride=2), Pool("max", 3, stride=2, padding=1))
    blocks = (Chain(Pool("max", 2), _block(width, 4, 0.0)) for width in (256, 512, 1024))
    return Chain(stem, _block(128, 4, 0.0), *blocks, classifier(classes))


def _cifar(name: str, columns: int, widths: tuple[int, ...], classes: int) -> Named:
    made = partial(cifar_fractalnet, columns, widths)
    return Named(name, made, (3, 32, 32), classes, 2016, "arXiv:1605.07648")


NETWORKS = (
    _cifar("fractalnet20", 3, _WIDTHS, 10),
    _cifar("fractalnet20_thin", 3, _THIN, 100),
    _cifar("fractalnet40", 4, _THIN, 100),
    _cifar("fractalnet40_wide", 4, _WIDTHS, 10),
    Named("fractalnet34", fractalnet34, (3, 224, 224), 1000, 2016, "arXiv:1605.07648"),
)
