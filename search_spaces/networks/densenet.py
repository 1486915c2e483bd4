"""DenseNet: Huang, Liu, van der Maaten, Weinberger, "Densely connected convolutional networks", arXiv:1608.06993."""

from collections.abc import Iterator

from nas.arch.nodes import Act, Chain, Network, Norm, Part, Pool, Ratio
from search_spaces.blocks import classifier, conv_norm_act, dense_bottleneck, dense_layer, dense_transition


def _densenet(growth: int, depths: tuple[int, ...], classes: int) -> Network:
    def blocks() -> Iterator[Part]:
        for i, depth in enumerate(depths):
            if i:
                yield dense_transition(Ratio(1, 2))
            yield Chain(*[dense_layer(dense_bottleneck(growth))] * depth)

    stem = Chain(conv_norm_act(2 * growth, 7, stride=2), Pool("max", 3, stride=2, padding=1))
    return Chain(stem, *blocks(), Norm(), Act(), classifier(classes))


def densenet121(classes: int = 1000) -> Network:
    """DenseNet-121 with a growth of 32, Table 1, on 3×224×224.

    Counted: 7,978,856 parameters, 2,834,161,664 MACs, as in torchvision.
    Error on ImageNet, centre crop: 25.0 % top-1 (the authors' README).
    """
    return _densenet(32, (6, 12, 24, 16), classes)
