"""MSDNet costs up to each classifier what its authors' code costs, and gives the same logits there."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

import nas
from nas import catalog
from nas.arch.cost import cost
from nas.arch.exits import exits
from nas.arch.nodes import Cells, Chain
from nas.arch.rewrite import for_images
from nas.errors import PartError
from tests.test_references import copy, enliven, layers_run


@dataclass(frozen=True)
class Counted:
    """The authors' code (kalviny/MSDNet-PyTorch), counted.

    Args:
        params: All classifiers included.
        exits: Parameters on the way to each classifier and in it; MACs there; MACs with the earlier classifiers'.
    """

    params: int
    exits: tuple[tuple[int, int, int], ...]
    classes: int


COUNTED = {
    "msdnet_imagenet-4": Counted(
        23_958_440,
        (
            (4_238_504, 337_214_464, 337_214_464),
            (5_731_496, 654_728_192, 681_654_272),
            (6_991_784, 949_806_848, 1_003_659_008),
            (8_082_248, 1_173_119_360, 1_249_626_240),
            (13_322_568, 1_262_160_256, 1_355_606_016),
        ),
        1000,
    ),
    "msdnet_imagenet-6": Counted(
        56_529_304,
        (
            (7_076_712, 511_324_160, 511_324_160),
            (10_456_168, 1_118_446_848, 1_166_144_768),
            (12_906_344, 1_736_839_040, 1_838_349_440),
            (26_152_808, 2_348_342_144, 2_494_631_424),
            (25_670_648, 2_448_570_688, 2_735_131_968),
        ),
        1000,
    ),
    "msdnet_imagenet-7": Counted(
        62_314_472,
        (
            (8_759_240, 612_030_976, 612_030_976),
            (13_603_624, 1_370_514_432, 1_430_810_112),
            (17_162_408, 2_141_724_416, 2_276_388_096),
            (20_027_272, 2_758_130_816, 2_959_942_016),
            (34_932_232, 2_993_660_544, 3_246_180_864),
        ),
        1000,
    ),
    "msdnet_cifar-anytime-10": Counted(
        4_839_544,
        (
            (422_266, 14_955_776, 14_955_776),
            (519_994, 21_695_744, 25_235_968),
            (624_346, 29_467_904, 37_433_088),
            (614_774, 38_347_008, 51_621_888),
            (716_678, 44_798_208, 61_687_040),
            (825_494, 52_134_144, 73_521_664),
            (941_222, 60_354_816, 87_125_760),
            (920_926, 66_352_384, 99_391_488),
            (1_056_574, 72_348_928, 109_444_352),
            (1_201_438, 78_935_296, 120_971_776),
        ),
        10,
    ),
    "msdnet_cifar-anytime-7": Counted(
        3_067_960,
        (
            (433_876, 14_967_296, 14_967_296),
            (531_604, 21_707_264, 25_259_008),
            (529_280, 28_792_320, 36_780_544),
            (627_728, 34_801_152, 45_972_480),
            (733_088, 41_694_720, 56_933_888),
            (725_248, 46_337_536, 66_529_280),
            (853_984, 51_891_712, 75_487_744),
        ),
        100,
    ),
    "msdnet_cifar-batch-5": Counted(
        2_078_924,
        (
            (299_704, 6_792_704, 6_792_704),
            (387_496, 11_984_384, 14_209_024),
            (438_524, 21_944_832, 27_278_848),
            (631_964, 33_520_128, 41_373_696),
            (827_196, 45_945_344, 58_087_936),
        ),
        100,
    ),
    "msdnet_cifar-batch-7": Counted(
        3_885_394,
        (
            (288_094, 6_781_184, 6_781_184),
            (375_886, 11_972_864, 14_185_984),
            (519_994, 21_695_744, 27_006_720),
            (735_322, 38_272_256, 48_008_192),
            (882_014, 59_912_448, 75_842_816),
            (1_088_902, 86_808_832, 108_122_624),
            (1_612_054, 110_893_312, 136_484_608),
        ),
        10,
    ),
}


@pytest.mark.parametrize("name", COUNTED)
def test_every_classifier_costs_what_it_does_in_the_authors_code(name):
    counted, named = COUNTED[name], catalog.network(name)
    network = named.network(counted.classes)
    made = exits(network, named.input)
    assert tuple((c.params, c.macs, c.macs + c.exit_macs) for c in made) == counted.exits
    whole = cost(network, named.input)
    assert (whole.params + whole.exit_params, whole.macs + whole.exit_macs) == (counted.params, counted.exits[-1][2])


def test_other_numbers_make_networks_too():
    named = catalog.network("msdnet_cifar-batch-3")
    first, *_, last = exits(named.network(), named.input)
    assert (first.macs < last.macs, first.exit_macs, last.output) == (True, 0, (10,))
    with pytest.raises(PartError, match="the classifiers of an MSDNet are at least 1, got 0"):
        catalog.network("msdnet_cifar-anytime-0")


@pytest.mark.parametrize(("name", "maps"), [("msdnet_imagenet-4", 4), ("msdnet_cifar-batch-5", 8)])
def test_on_small_images_the_coarsest_map_has_four_pixels_or_more(name, maps):
    network = for_images(catalog.network(name).network(10), (3, 32, 32))
    (at,) = (i for i, part in enumerate(network.parts) if isinstance(part, Cells))
    before_the_last = Cells(*network.parts[at].cells[:-1])
    assert cost(Chain(*network.parts[:at], before_the_last), (3, 32, 32)).output[1:] == (maps, maps)


class AllExits(nn.Module):
    """A module of ours that gives the logits of all its exits."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> list[Tensor]:
        return list(self.module.anytime(x))


def test_every_classifier_says_what_that_of_pytorchcv_says(pytorchcv):
    from pytorchcv.models.msdnet_cifar10 import msdnet22_cifar10

    torch.manual_seed(0)
    images = torch.randn(2, 3, 32, 32)
    theirs = msdnet22_cifar10().eval()
    enliven(theirs, images)
    named = catalog.network("msdnet_cifar-anytime-10")
    ours = AllExits(nas.build(named.network(), named.input)).eval()
    copy(layers_run(ours, lambda: ours(images)), layers_run(theirs, lambda: theirs(images)))
    with torch.no_grad():
        pairs = list(zip(ours(images), theirs(images, only_last=False), strict=True))
    assert len(pairs) == 10
    for a, b in pairs:
        assert (a - b).abs().max() <= 1e-4 * (b[0] - b[1]).abs().max()
