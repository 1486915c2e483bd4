"""ResNet: He, Zhang, Ren, Sun, "Deep residual learning for image recognition", 2015, arXiv:1512.03385.

The networks of Table 1 are on 3×224×224, their errors on ImageNet, centre crop, top-1 and top-5. The paper has the
stride of a bottleneck in its first 1×1 convolution; today `resnet50` means the stride in the 3×3, and `resnet50_v1`
is the paper's. Shortcuts that change the shape are projections there (option B). The networks of Section 4.2, on
3×32×32, have shortcuts without parameters (option A); many libraries give them projections, which add 2,752
parameters.
"""

from collections.abc import Callable, Iterable
from functools import partial

from nas.arch.named import Named
from nas.arch.nodes import Chain, Network, Pool
from search_spaces.blocks import basic, bottleneck, classifier, conv_norm_act, residual, stage


def resnet(block: Callable[[int, int], Chain], depths: Iterable[int], classes: int) -> Network:
    """The skeleton for ImageNet: a stage of `block(width, stride)` for each depth, widths doubling from 64."""
    stages = (stage(partial(block, 64 << i), depth, stride=2 if i else 1) for i, depth in enumerate(depths))
    return Chain(conv_norm_act(64, 7, stride=2), Pool("max", 3, stride=2, padding=1), *stages, classifier(classes))


def _basic(width: int, stride: int) -> Chain:
    return residual(basic(width, stride=stride))


def _bottleneck(width: int, stride: int) -> Chain:
    return residual(bottleneck(width, 4 * width, strides=(1, stride)))


def _bottleneck_v1(width: int, stride: int) -> Chain:
    return residual(bottleneck(width, 4 * width, strides=(stride, 1)))


def resnet18(classes: int = 1000) -> Network:
    """ResNet-18.

    Counted: 11,689,512 parameters, 1,814,073,344 MACs. Error: 30.24 % and 10.92 % (torchvision's weights).
    """
    return resnet(_basic, (2, 2, 2, 2), classes)


def resnet34(classes: int = 1000) -> Network:
    """ResNet-34.

    Counted: 21,797,672 parameters, 3,663,761,408 MACs. Error: 26.69 % and 8.58 % (torchvision's weights).
    """
    return resnet(_basic, (3, 4, 6, 3), classes)


def resnet50(classes: int = 1000) -> Network:
    """ResNet-50 with the stride in the 3×3 convolution.

    Counted: 25,557,032 parameters, 4,089,184,256 MACs. Error: 24.01 % and 7.02 % (fb.resnet.torch).
    """
    return resnet(_bottleneck, (3, 4, 6, 3), classes)


def resnet101(classes: int = 1000) -> Network:
    """ResNet-101 with the stride in the 3×3 convolution.

    Counted: 44,549,160 parameters, 7,801,405,440 MACs.
    """
    return resnet(_bottleneck, (3, 4, 23, 3), classes)


def resnet152(classes: int = 1000) -> Network:
    """ResNet-152 with the stride in the 3×3 convolution.

    Counted: 60,192,808 parameters, 11,513,626,624 MACs. Error: 22.16 % and 6.16 % (fb.resnet.torch).
    """
    return resnet(_bottleneck, (3, 8, 36, 3), classes)


def resnet50_v1(classes: int = 1000) -> Network:
    """ResNet-50 with the stride in the first 1×1 convolution, as in the paper.

    Counted: 25,557,032 parameters, 3,857,973,248 MACs. Error: 24.7 % and 7.8 % (the authors' README).
    """
    return resnet(_bottleneck_v1, (3, 4, 6, 3), classes)


def resnet101_v1(classes: int = 1000) -> Network:
    """ResNet-101 with the stride in the first 1×1 convolution, as in the paper.

    Counted: 44,549,160 parameters, 7,570,194,432 MACs. Error: 23.6 % and 7.1 % (the authors' README).
    """
    return resnet(_bottleneck_v1, (3, 4, 23, 3), classes)


def resnet152_v1(classes: int = 1000) -> Network:
    """ResNet-152 with the stride in the first 1×1 convolution, as in the paper.

    Counted: 60,192,808 parameters, 11,282,415,616 MACs. Error: 23.0 % and 6.7 % (the authors' README).
    """
    return resnet(_bottleneck_v1, (3, 8, 36, 3), classes)


def _cifar_resnet(depth: int, classes: int) -> Network:
    def block(width: int, stride: int) -> Chain:
        return residual(basic(width, stride=stride), shortcut="zero_pad")

    stages = (stage(partial(block, 16 << i), (depth - 2) // 6, stride=2 if i else 1) for i in range(3))
    return Chain(conv_norm_act(16, 3), *stages, classifier(classes))


def resnet20(classes: int = 10) -> Network:
    """ResNet-20 for CIFAR-10.

    Published: 0.27 million parameters, 8.75 % error. Counted: 269,722 parameters, 40,551,040 MACs.
    """
    return _cifar_resnet(20, classes)


def resnet32(classes: int = 10) -> Network:
    """ResNet-32 for CIFAR-10.

    Published: 0.46 million parameters, 7.51 % error. Counted: 464,154 parameters, 68,862,592 MACs.
    """
    return _cifar_resnet(32, classes)


def resnet44(classes: int = 10) -> Network:
    """ResNet-44 for CIFAR-10.

    Published: 0.66 million parameters, 7.17 % error. Counted: 658,586 parameters, 97,174,144 MACs.
    """
    return _cifar_resnet(44, classes)


def resnet56(classes: int = 10) -> Network:
    """ResNet-56 for CIFAR-10.

    Published: 0.85 million parameters, 6.97 % error. Counted: 853,018 parameters, 125,485,696 MACs.
    """
    return _cifar_resnet(56, classes)


def resnet110(classes: int = 10) -> Network:
    """ResNet-110 for CIFAR-10.

    Published: 1.7 million parameters, 6.43 % error. Counted: 1,727,962 parameters, 252,887,680 MACs.
    """
    return _cifar_resnet(110, classes)


def resnet1202(classes: int = 10) -> Network:
    """ResNet-1202 for CIFAR-10.

    Published: 19.4 million parameters, 7.93 % error. Counted: 19,421,274 parameters, 2,829,238,912 MACs.
    """
    return _cifar_resnet(1202, classes)


NETWORKS = (
    Named("resnet18", resnet18, (3, 224, 224), 1000, 2015, "arXiv:1512.03385"),
    Named("resnet34", resnet34, (3, 224, 224), 1000, 2015, "arXiv:1512.03385"),
    Named("resnet50", resnet50, (3, 224, 224), 1000, 2015, "arXiv:1512.03385"),
    Named("resnet101", resnet101, (3, 224, 224), 1000, 2015, "arXiv:1512.03385"),
    Named("resnet152", resnet152, (3, 224, 224), 1000, 2015, "arXiv:1512.03385"),
    Named("resnet50_v1", resnet50_v1, (3, 224, 224), 1000, 2015, "arXiv:1512.03385"),
    Named("resnet101_v1", resnet101_v1, (3, 224, 224), 1000, 2015, "arXiv:1512.03385"),
    Named("resnet152_v1", resnet152_v1, (3, 224, 224), 1000, 2015, "arXiv:1512.03385"),
    Named("resnet20", resnet20, (3, 32, 32), 10, 2015, "arXiv:1512.03385"),
    Named("resnet32", resnet32, (3, 32, 32), 10, 2015, "arXiv:1512.03385"),
    Named("resnet44", resnet44, (3, 32, 32), 10, 2015, "arXiv:1512.03385"),
    Named("resnet56", resnet56, (3, 32, 32), 10, 2015, "arXiv:1512.03385"),
    Named("resnet110", resnet110, (3, 32, 32), 10, 2015, "arXiv:1512.03385"),
    Named("resnet1202", resnet1202, (3, 32, 32), 10, 2015, "arXiv:1512.03385"),
)
