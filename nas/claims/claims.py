"""What the papers claim, as networks that differ in one part and what of their errors would show it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nas.arch import ablate, rewrite
from nas.arch.cost import Shape
from nas.arch.named import Named
from nas.arch.nodes import Chain, chain

Change = Callable[[Chain, Shape], Chain]
"""From a network for images of a shape to the one that differs."""

_WIDTHS_OF = 8


@dataclass(frozen=True)
class Arm:
    """One of the networks that are compared.

    Args:
        label: What it is called among them.
        network: The name of the network that it is made of, with rewrites.
        widths: How many times as wide it is; widths are then multiples of 8.
        change: What is done to it last, where no name says it; None for nothing.
    """

    label: str
    network: str
    widths: float = 1.0
    change: Change | None = None

    def make(self, named: Named, classes: int, input: Shape) -> Chain:
        """The network for so many classes and images of shape `input`."""
        made = chain(named.fitted(classes, input))
        if self.widths != 1:
            made = ablate.scaled(made, self.widths, multiple=_WIDTHS_OF)
        return self.change(made, input) if self.change else made


@dataclass(frozen=True)
class Contrast:
    """A statement on test errors: the sum of those of `worse` is larger than that of `better`.

    Args:
        says: The statement, in words.
        worse: Labels of arms.
        better: As many.
    """

    says: str
    worse: tuple[str, ...]
    better: tuple[str, ...]


@dataclass(frozen=True)
class Claim:
    """An experiment.

    Args:
        name: What a person calls it.
        says: The claim.
        compared: The networks, in words.
        source: Paper, and where in it.
        published: What the paper found, in words; what is marked recalled was not read there.
        arms: The networks, trained alike.
        contrasts: What of their errors is looked at.
    """

    name: str
    says: str
    compared: str
    source: str
    published: str
    arms: tuple[Arm, ...] = ()
    contrasts: tuple[Contrast, ...] = ()


def _with_se(network: Chain, input: Shape) -> Chain:
    return rewrite.with_se(network, reduction=4)


def _pair(with_it: Arm, without: Arm, says: str) -> dict[str, Any]:
    """Two arms and the one contrast between them."""
    return {"arms": (with_it, without), "contrasts": (Contrast(says, (without.label,), (with_it.label,)),)}


CLAIMS: dict[str, Claim] = {
    claim.name: claim
    for claim in (
        Claim(
            "residual",
            "Residual links let depth pay.",
            "ResNet-20 and ResNet-56 at half their widths, with shortcuts and plain",
            "He et al. 2015, arXiv:1512.03385, Section 4.2",
            "CIFAR-10: residual networks have 8.75 % error at 20 layers and 6.97 % at 56; plain ones grow worse with "
            "depth (Figure 6, no numbers)",
            arms=(
                Arm("residual-20", "resnet20", 0.5),
                Arm("plain-20", "resnet20+plain", 0.5),
                Arm("residual-56", "resnet56", 0.5),
                Arm("plain-56", "resnet56+plain", 0.5),
            ),
            contrasts=(
                Contrast("at 56 layers shortcuts lower the error", ("plain-56",), ("residual-56",)),
                Contrast("plain, 56 layers do worse than 20", ("plain-56",), ("plain-20",)),
                Contrast("with shortcuts, 56 layers do better than 20", ("residual-20",), ("residual-56",)),
                Contrast("depth pays more with shortcuts", ("plain-56", "residual-20"), ("plain-20", "residual-56")),
            ),
        ),
        Claim(
            "batch-norm",
            "Batch normalization lets a network learn in fewer steps.",
            "the plain network of ResNet-20 at half its widths, with norms and without; without, at a third of the "
            "rate and with clipped gradients, as it would diverge",
            "Ioffe, Szegedy 2015, arXiv:1502.03167, abstract",
            "ImageNet: the accuracy of Inception in 14 times fewer steps (recalled)",
            **_pair(
                Arm("normed", "resnet20+plain", 0.5),
                Arm("bare", "resnet20+plain+no_norm", 0.5),
                "after as many steps the error with norms is lower",
            ),
        ),
        Claim(
            "small-kernels",
            "Two 3×3 convolutions do better than one of 5×5, which sees as far.",
            "VGG-13 with norms at an eighth of its widths, each two 3×3 as one 5×5 or not; MACs differ by 1 %",
            "Simonyan, Zisserman 2014, arXiv:1409.1556, Section 4.1",
            "ImageNet: top-1 error 7 % higher with 5×5, without norms (recalled)",
            **_pair(
                Arm("two-3x3", "vgg13_bn", 1 / 8),
                Arm("one-5x5", "vgg13_bn+5x5", 1 / 8),
                "two 3×3 have the lower error",
            ),
        ),
        Claim(
            "grouped",
            "At equal MACs, more and narrower groups do better than dense convolutions.",
            "ResNeXt-29 of 8 groups at a sixteenth of its widths, and with dense bottlenecks of as many MACs",
            "Xie et al. 2016, arXiv:1611.05431, Table 3",
            "ImageNet: top-1 error 23.9 % of ResNet-50, 22.2 % of ResNeXt-50 (32×4d) at equal MACs (recalled)",
            **_pair(
                Arm("grouped", "resnext29_8x64d", 1 / 16),
                Arm("dense", "resnext29_8x64d", 1 / 16, ablate.ungrouped),
                "groups have the lower error",
            ),
        ),
        Claim(
            "separable",
            "At equal costs, depthwise separable convolutions do better than dense ones.",
            "Xception at a sixteenth of its widths, and with dense 3×3 convolutions, narrower, of as many MACs",
            "Chollet 2016, arXiv:1610.02357, Table 1",
            "ImageNet: top-1 accuracy 78.2 % of Inception v3, 79.0 % of Xception of as many parameters (recalled)",
            **_pair(
                Arm("separable", "xception", 1 / 16),
                Arm("dense", "xception", 1 / 16, ablate.unseparated),
                "separable convolutions have the lower error",
            ),
        ),
        Claim(
            "shuffle",
            "Channel shuffle lowers the error of networks of grouped convolutions.",
            "ShuffleNet 0.25× of 8 groups, with its shuffles and without, at equal costs",
            "Zhang et al. 2017, arXiv:1707.01083, Table 3",
            "ImageNet: top-1 error 52.7 % with, 56.5 % without (the latter recalled)",
            **_pair(
                Arm("shuffled", "shufflenet_v1-0.25-g8"),
                Arm("unshuffled", "shufflenet_v1-0.25-g8+no_shuffle"),
                "with shuffles the error is lower",
            ),
        ),
        Claim(
            "se",
            "Squeeze-and-excitation lowers the error at almost equal MACs.",
            "ResNet-20 at half its widths, with SE of reduction 4 and without",
            "Hu et al. 2017, arXiv:1709.01507, Table 2",
            "ImageNet: top-1 error 24.80 % of ResNet-50, 23.29 % of SE-ResNet-50 (recalled)",
            **_pair(
                Arm("with-se", "resnet20", 0.5, _with_se),
                Arm("without-se", "resnet20", 0.5),
                "with SE the error is lower",
            ),
        ),
        Claim(
            "linear-bottleneck",
            "A narrow layer should be linear: an activation there loses information.",
            "MobileNet v2 at a quarter of its widths, its bottlenecks linear and with ReLU6, at equal costs",
            "Sandler et al. 2018, arXiv:1801.04381, Figure 6",
            "ImageNet: linear bottlenecks have the higher accuracy all through training (no numbers)",
            **_pair(
                Arm("linear", "mobilenet_v2-0.5", 0.5),
                Arm("relu6", "mobilenet_v2-0.5+relu_bottleneck", 0.5),
                "linear bottlenecks have the lower error",
            ),
        ),
        Claim(
            "speed",
            "ShuffleNet 0.5× is as accurate as AlexNet with 18 times fewer MACs, and 13 times as fast.",
            "both on one image of 224 pixels on one core; nothing is trained",
            "Zhang et al. 2017, arXiv:1707.01083, abstract and Table 6",
            "18 times fewer MACs, 13 times as fast on one core of a phone (ARM)",
        ),
    )
}
