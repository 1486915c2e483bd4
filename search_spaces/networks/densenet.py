"""DenseNet: Huang, Liu, van der Maaten, Weinberger, "Densely connected convolutional networks", arXiv:1608.06993.

The networks of Table 1, on 3×224×224. Errors are on ImageNet, centre crop, top-1, from the authors' README.
"""

from collections.abc import Iterator

from nas.arch.named import Named
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
    """DenseNet-121 with a growth of 32.

    Counted: 7,978,856 parameters, 2,834,161,664 MACs, as in torchvision. Error: 25.0 %.
    """
    return _densenet(32, (6, 12, 24, 16), classes)


def densenet169(classes: int = 1000) -> Network:
    """DenseNet-169 with a growth of 32.

    Counted: 14,149,480 parameters, 3,359,843,328 MACs, as in torchvision.
    """
    return _densenet(32, (6, 12, 32, 32), classes)


def densenet201(classes: int = 1000) -> Network:
    """DenseNet-201 with a growth of 32.

    Counted: 20,013,928 parameters, 4,291,365,888 MACs, as in torchvision. Error: 22.5 %.
    """
    return _densenet(32, (6, 12, 48, 32), classes)


def densenet264(classes: int = 1000) -> Network:
    """DenseNet-264 with a growth of 32.

    Counted: 33,337,704 parameters, 5,751,653,376 MACs, as torchvision makes of the paper's numbers.
    """
    return _densenet(32, (6, 12, 64, 48), classes)


def densenet161(classes: int = 1000) -> Network:
    """DenseNet-161 with a growth of 48.

    Counted: 28,681,000 parameters, 7,727,907,072 MACs, as in torchvision. Error: 22.2 %.
    Not in Table 1; released by the authors.
    """
    return _densenet(48, (6, 12, 36, 24), classes)


NETWORKS = (
    Named("densenet121", densenet121, (3, 224, 224), 1000, 2016, "arXiv:1608.06993"),
    Named("densenet169", densenet169, (3, 224, 224), 1000, 2016, "arXiv:1608.06993"),
    Named("densenet201", densenet201, (3, 224, 224), 1000, 2016, "arXiv:1608.06993"),
    Named("densenet264", densenet264, (3, 224, 224), 1000, 2016, "arXiv:1608.06993"),
    Named("densenet161", densenet161, (3, 224, 224), 1000, 2016, "arXiv:1608.06993"),
)
