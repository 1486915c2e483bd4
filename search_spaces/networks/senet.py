"""SENet: Hu, Shen, Albanie, Sun, Wu, "Squeeze-and-excitation networks", 2017, arXiv:1709.01507.

On 3×224×224, as the authors released them: squeezed to 1/16 of the channels, with biases, before the addition. The
stem's pool pads its map on all sides, as in other ports; theirs rounds up instead, which moves it by a pixel.
"""

from functools import partial

from nas.arch.named import Named
from nas.arch.nodes import Act, Branches, Chain, Dropout, Flatten, GlobalPool, Linear, Network, Pool, Shortcut
from search_spaces.blocks import bottleneck, conv_norm, conv_norm_act, residual, squeeze_excite, stage
from search_spaces.networks.resnet import resnet

_DEPTHS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


def se_resnet(depth: int, classes: int = 1000) -> Network:
    """SE-ResNet; the stride is in the first 1×1 convolution, as in the ResNet paper; timm also has it in the 3×3."""

    def block(width: int, stride: int) -> Chain:
        return residual(Chain(bottleneck(width, 4 * width, strides=(stride, 1)), squeeze_excite()))

    return resnet(block, _DEPTHS[depth], classes)


def se_resnext(depth: int, classes: int = 1000) -> Network:
    """SE-ResNeXt 32x4d; the stride is in the 3×3 convolution."""

    def block(width: int, stride: int) -> Chain:
        body = bottleneck(2 * width, 4 * width, strides=(1, stride), groups=32)
        return residual(Chain(body, squeeze_excite()))

    return resnet(block, _DEPTHS[depth], classes)


def senet154(classes: int = 1000) -> Network:
    """SENet-154: SE-ResNeXt-152 64x4d with half the channels in the first 1×1 convolution of every block.

    Its stem is three 3×3 convolutions, shortcuts that halve the map are 3×3 projections, and a dropout of 0.2 stands
    before the linear layer.
    """

    def block(i: int, stride: int) -> Chain:
        width = 64 << i
        body = Chain(
            conv_norm_act(2 * width),
            conv_norm_act(4 * width, 3, stride=stride, groups=64),
            conv_norm(4 * width),
            squeeze_excite(),
        )
        return Chain(Branches(Shortcut(kernel=3 if i else 1), body), Act())

    stages = (stage(partial(block, i), depth, stride=2 if i else 1) for i, depth in enumerate(_DEPTHS[152]))
    return Chain(
        Chain(conv_norm_act(64, 3, stride=2), conv_norm_act(64, 3), conv_norm_act(128, 3)),
        Pool("max", 3, stride=2, padding=1),
        *stages,
        Chain(GlobalPool(), Flatten(), Dropout(0.2), Linear(classes)),
    )


NETWORKS = (
    *(
        Named(f"se_resnet{depth}", partial(se_resnet, depth), (3, 224, 224), 1000, 2017, "arXiv:1709.01507")
        for depth in _DEPTHS
    ),
    *(
        Named(f"se_resnext{depth}_32x4d", partial(se_resnext, depth), (3, 224, 224), 1000, 2017, "arXiv:1709.01507")
        for depth in (50, 101)
    ),
    Named("senet154", senet154, (3, 224, 224), 1000, 2017, "arXiv:1709.01507"),
)
