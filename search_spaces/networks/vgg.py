"""VGG: Simonyan, Zisserman, "Very deep convolutional networks for large-scale image recognition", arXiv:1409.1556."""

from nas.arch.nodes import Act, Chain, Dropout, Flatten, Linear, Network, Pool
from search_spaces.blocks import conv_act


def _vgg(depths: tuple[int, int, int, int, int], classes: int) -> Network:
    stages = (
        Chain(*[conv_act(width, 3)] * depth, Pool("max", 2))
        for width, depth in zip((64, 128, 256, 512, 512), depths, strict=True)
    )
    hidden = Chain(Linear(4096), Act(), Dropout())
    return Chain(*stages, Flatten(), hidden, hidden, Linear(classes))


def vgg16(classes: int = 1000) -> Network:
    """VGG-16, column D of Table 1, on 3×224×224.

    Published: 138 million parameters. Counted: 138,357,544 parameters, 15,470,264,320 MACs, as in torchvision.
    Error on ImageNet, centre crop: 28.5 % top-1, 9.9 % top-5. The paper's own errors are lower: it tests densely,
    its linear layers turned into convolutions.
    """
    return _vgg((2, 2, 3, 3, 3), classes)
