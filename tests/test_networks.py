"""Every named network costs what its reference implementation, counted apart from this project, costs."""

import subprocess
import sys
from dataclasses import replace
from math import prod

import pytest

from nas.arch.cost import cost, flow
from nas.arch.nodes import Conv
from nas.arch.rewrite import rewrite
from search_spaces.networks import NETWORKS

TORCHVISION = "torchvision 0.28.0"
PYTORCHCV = "pytorchcv 0.0.74"
CAFFE = "prototxt of BVLC/caffe"
SENET = "prototxt of hujie-frank/SENet"
SQUEEZENET = "prototxt of forresti/SqueezeNet"
SLIM = "TF-slim's nasnet.py on TensorFlow 2.12.1"
SLIM_INCEPTION = "TF-slim's inception_v2.py on TensorFlow 2.12.1"
TIMM = "timm 1.0.31"
CIFAR_RESNET = "pytorchcv 0.0.74 minus its two projections"
CLOSED_FORM = "closed form, not independent"
MEGVII = "megvii-model/ShuffleNet-Series, plus the biases of the linear layer"
MSDNET = "kalviny/MSDNet-PyTorch, the way to the last classifier"
MSDNET_100 = f"{MSDNET}, for 100 classes: its linear layer has 90 outputs more"
NO_REFERENCE = "no implementation builds it; its MACs are near the published ones"


def fractal_counts(channels: int, widths: tuple[int, ...], *, columns: int, side: int) -> tuple[int, int]:
    """Parameters and MACs of a FractalNet between ResNet's stem and head for ImageNet, from its definition.

    A block has 2^C - 1 convolutions, of which C read its input, each with a norm.
    """
    params, macs = channels * (3 * 7**2 + 2), channels * 3 * 7**2 * 112**2
    for i, width in enumerate(widths):
        weights = 9 * width * (columns * channels + (2**columns - 1 - columns) * width)
        params, macs = params + weights + 2 * width * (2**columns - 1), macs + weights * (side >> i) ** 2
        channels = width
    return params + 1000 * (channels + 1), macs + 1000 * channels


COUNTS = {
    "lenet5": (60_000, 326_520, "the paper's own totals"),
    "lenet5_modern": (61_706, 416_520, CLOSED_FORM),
    "lenet_caffe": (431_080, 2_293_000, CAFFE),
    "alexnet": (60_965_224, 724_406_816, CAFFE),
    "alexnet_ungrouped": (62_378_344, 1_131_457_664, PYTORCHCV),
    "alexnet_one_tower": (61_100_840, 714_188_480, TORCHVISION),
    "zfnet": (62_357_608, 1_168_032_896, PYTORCHCV),
    "zfnet_b": (107_627_624, 2_476_704_896, PYTORCHCV),
    "nin_cifar": (966_986, 222_486_528, PYTORCHCV),
    "nin_imagenet": (7_595_176, 1_100_188_800, CLOSED_FORM),
    "vgg11": (132_863_336, 7_609_090_048, TORCHVISION),
    "vgg13": (133_047_848, 11_308_466_176, TORCHVISION),
    "vgg16": (138_357_544, 15_470_264_320, TORCHVISION),
    "vgg19": (143_667_240, 19_632_062_464, TORCHVISION),
    "vgg11_bn": (132_868_840, 7_609_090_048, TORCHVISION),
    "vgg13_bn": (133_053_736, 11_308_466_176, TORCHVISION),
    "vgg16_bn": (138_365_992, 15_470_264_320, TORCHVISION),
    "vgg19_bn": (143_678_248, 19_632_062_464, TORCHVISION),
    "googlenet": (6_998_552, 1_582_671_872, CAFFE),
    "googlenet_bn": (6_624_904, 1_498_376_192, TORCHVISION),
    "bn_inception": (11_295_240, 2_032_600_064, PYTORCHCV),
    "inception_v2_slim": (11_178_336, 1_934_857_216, SLIM_INCEPTION),
    "se_bn_inception": (11_931_622, 2_033_239_424, SENET),
    "inception_v3": (23_834_568, 5_713_216_096, TORCHVISION),
    "resnet18": (11_689_512, 1_814_073_344, TORCHVISION),
    "resnet34": (21_797_672, 3_663_761_408, TORCHVISION),
    "resnet50": (25_557_032, 4_089_184_256, TORCHVISION),
    "resnet101": (44_549_160, 7_801_405_440, TORCHVISION),
    "resnet152": (60_192_808, 11_513_626_624, TORCHVISION),
    "resnet50_v1": (25_557_032, 3_857_973_248, PYTORCHCV),
    "resnet101_v1": (44_549_160, 7_570_194_432, PYTORCHCV),
    "resnet152_v1": (60_192_808, 11_282_415_616, PYTORCHCV),
    "resnet20": (269_722, 40_551_040, CIFAR_RESNET),
    "resnet32": (464_154, 68_862_592, CIFAR_RESNET),
    "resnet44": (658_586, 97_174_144, CIFAR_RESNET),
    "resnet56": (853_018, 125_485_696, CIFAR_RESNET),
    "resnet110": (1_727_962, 252_887_680, CIFAR_RESNET),
    "resnet1202": (19_421_274, 2_829_238_912, CIFAR_RESNET),
    "resnet20_b": (272_474, 40_813_184, PYTORCHCV),
    "resnet32_b": (466_906, 69_124_736, PYTORCHCV),
    "resnet44_b": (661_338, 97_436_288, PYTORCHCV),
    "resnet56_b": (855_770, 125_747_840, PYTORCHCV),
    "resnet110_b": (1_730_714, 253_149_824, PYTORCHCV),
    "resnet1202_b": (19_424_026, 2_829_501_056, PYTORCHCV),
    "preact_resnet18": (11_687_848, 1_814_073_344, PYTORCHCV),
    "preact_resnet34": (21_796_008, 3_663_761_408, PYTORCHCV),
    "preact_resnet50": (25_549_480, 4_089_184_256, PYTORCHCV),
    "preact_resnet101": (44_541_608, 7_801_405_440, PYTORCHCV),
    "preact_resnet152": (60_185_256, 11_513_626_624, PYTORCHCV),
    "preact_resnet200": (64_666_280, 15_007_481_856, PYTORCHCV),
    "preact_resnet110": (1_730_522, 253_149_824, PYTORCHCV),
    "preact_resnet164": (1_703_258, 247_646_720, PYTORCHCV),
    "preact_resnet1001": (10_327_706, 1_490_995_712, PYTORCHCV),
    "wrn-16-4": (2_748_890, 392_612_352, PYTORCHCV),
    "wrn-16-8": (10_961_370, 1_548_145_664, PYTORCHCV),
    "wrn-22-8": (17_158_106, 2_454_115_328, PYTORCHCV),
    "wrn-28-10": (36_479_194, 5_243_328_768, PYTORCHCV),
    "wrn-28-12": (52_517_850, 7_543_905_792, PYTORCHCV),
    "wrn-40-1": (563_930, 83_280_512, PYTORCHCV),
    "wrn-40-2": (2_243_546, 327_599_360, PYTORCHCV),
    "wrn-40-4": (8_949_210, 1_298_582_016, PYTORCHCV),
    "wrn-40-8": (35_748_314, 5_172_024_320, PYTORCHCV),
    "wrn50_2": (68_883_240, 11_398_021_120, TORCHVISION),
    "fractalnet20": (33_724_618, 845_222_912, PYTORCHCV),
    "fractalnet20_thin": (2_125_204, 53_834_240, PYTORCHCV),
    "fractalnet40": (4_778_820, 128_594_432, PYTORCHCV),
    "fractalnet40_wide": (76_106_634, 2_036_077_568, PYTORCHCV),
    "fractalnet34": (*fractal_counts(64, (128, 256, 512, 1024), columns=4, side=56), CLOSED_FORM),
    "stochastic_depth110": (1_732_010, 252_887_680, CLOSED_FORM),
    "stochastic_depth1202": (19_421_274, 2_829_238_912, CIFAR_RESNET),
    "inception_v4": (42_679_816, 12_253_974_624, TIMM),
    "inception_resnet_v1": (22_756_328, 6_206_361_696, CLOSED_FORM),
    "inception_resnet_v1_facenet": (23_995_624, 6_308_235_360, PYTORCHCV),
    "inception_resnet_v2": (55_843_464, 13_155_794_016, TIMM),
    "densenet121": (7_978_856, 2_834_161_664, TORCHVISION),
    "densenet169": (14_149_480, 3_359_843_328, TORCHVISION),
    "densenet201": (20_013_928, 4_291_365_888, TORCHVISION),
    "densenet264": (33_337_704, 5_751_653_376, TORCHVISION),
    "densenet161": (28_681_000, 7_727_907_072, TORCHVISION),
    "densenet-40-12": (1_019_722, 264_812_928, CLOSED_FORM),
    "densenet-100-12": (6_979_642, 1_769_516_448, CLOSED_FORM),
    "densenet-100-24": (27_249_082, 6_889_347_744, CLOSED_FORM),
    "densenet-bc-40-12": (176_122, 72_365_352, PYTORCHCV),
    "densenet-bc-100-12": (769_162, 287_929_692, PYTORCHCV),
    "densenet-bc-250-24": (15_324_406, 5_418_785_724, PYTORCHCV),
    "densenet-bc-190-40": (25_624_430, 9_301_945_740, PYTORCHCV),
    "resnext50_32x4d": (25_028_904, 4_230_479_872, TORCHVISION),
    "resnext101_32x4d": (44_177_704, 7_969_996_800, PYTORCHCV),
    "resnext101_64x4d": (83_455_272, 15_460_270_080, TORCHVISION),
    "xception": (22_855_952, 8_357_403_496, TIMM),
    "resnext29_8x64d": (34_426_698, 5_387_266_048, PYTORCHCV),
    "resnext29_16x64d": (68_155_210, 10_688_866_304, PYTORCHCV),
    "se_resnet50": (28_088_024, 3_860_488_192, SENET),
    "se_resnet101": (49_326_872, 7_574_937_600, SENET),
    "se_resnet152": (66_821_848, 11_288_993_792, PYTORCHCV),
    "se_resnext50_32x4d": (27_559_896, 4_232_994_816, SENET),
    "se_resnext101_32x4d": (48_955_416, 7_974_739_968, PYTORCHCV),
    "senet154": (115_088_984, 20_688_363_520, SENET),
    "squeezenet1_0": (1_248_424, 861_339_936, SQUEEZENET),
    "squeezenet1_1": (1_235_496, 387_747_520, SQUEEZENET),
    "nasnet_a_mobile": (5_289_978, 563_638_816, SLIM),
    "nasnet_a_large": (88_753_150, 23_783_414_658, SLIM),
    "nasnet_a_cifar": (3_346_538, 544_333_312, SLIM),
    "mobilenet_v1": (4_231_976, 568_740_352, PYTORCHCV),
    "mobilenet_v1-1.0-192": (4_231_976, 418_121_728, PYTORCHCV),
    "mobilenet_v1-1.0-160": (4_231_976, 290_675_200, PYTORCHCV),
    "mobilenet_v1-1.0-128": (4_231_976, 186_400_768, PYTORCHCV),
    "mobilenet_v1-0.75": (2_585_560, 325_400_448, PYTORCHCV),
    "mobilenet_v1-0.75-192": (2_585_560, 239_273_472, PYTORCHCV),
    "mobilenet_v1-0.75-128": (2_585_560, 106_770_432, PYTORCHCV),
    "mobilenet_v1-0.5": (1_331_592, 149_497_088, PYTORCHCV),
    "mobilenet_v1-0.5-192": (1_331_592, 109_970_432, PYTORCHCV),
    "mobilenet_v1-0.5-160": (1_331_592, 76_524_800, PYTORCHCV),
    "mobilenet_v1-0.5-128": (1_331_592, 49_160_192, PYTORCHCV),
    "mobilenet_v1-0.25": (470_072, 41_030_272, PYTORCHCV),
    "mobilenet_v1-0.25-192": (470_072, 30_212_608, PYTORCHCV),
    "mobilenet_v1-0.25-160": (470_072, 21_059_200, PYTORCHCV),
    "mobilenet_v2-0.5": (1_968_680, 97_131_840, TORCHVISION),
    "mobilenet_v2-0.75": (2_636_424, 209_069_792, TORCHVISION),
    "mobilenet_v2": (3_504_872, 300_774_272, TORCHVISION),
    "mobilenet_v2-1.4": (6_108_776, 582_195_824, TORCHVISION),
    "shufflenet_v1-0.25-g1": (209_746, 11_003_184, PYTORCHCV),
    "shufflenet_v1-0.25-g2": (267_486, 11_520_372, NO_REFERENCE),
    "shufflenet_v1-0.25-g3": (305_902, 11_009_808, PYTORCHCV),
    "shufflenet_v1-0.25-g4": (339_252, 12_394_600, NO_REFERENCE),
    "shufflenet_v1-0.25-g8": (454_504, 12_426_240, NO_REFERENCE),
    "shufflenet_v1-0.5-g1": (534_484, 38_517_408, PYTORCHCV),
    "shufflenet_v1-0.5-g2": (643_932, 38_570_608, NO_REFERENCE),
    "shufflenet_v1-0.5-g3": (718_324, 37_589_856, PYTORCHCV),
    "shufflenet_v1-0.5-g4": (778_040, 37_468_832, NO_REFERENCE),
    "shufflenet_v1-0.5-g8": (1_010_448 + 1000, 40_469_760, MEGVII),
    "shufflenet_v1-1.0-g1": (1_531_936, 143_078_976, PYTORCHCV),
    "shufflenet_v1-1.0-g2": (1_733_848, 140_836_512, PYTORCHCV),
    "shufflenet_v1-1.0-g3": (1_865_728, 137_460_672, PYTORCHCV),
    "shufflenet_v1-1.0-g4": (1_968_344, 134_339_776, PYTORCHCV),
    "shufflenet_v1-1.0-g8": (2_434_768, 138_365_952, PYTORCHCV),
    "shufflenet_v1-1.5-g1": (2_993_032, 308_096_352, NO_REFERENCE),
    "shufflenet_v1-1.5-g2": (3_272_312, 302_187_792, NO_REFERENCE),
    "shufflenet_v1-1.5-g3": (3_441_168 + 1000, 292_443_552, MEGVII),
    "shufflenet_v1-1.5-g4": (3_574_032, 285_767_712, NO_REFERENCE),
    "shufflenet_v1-1.5-g8": (4_268_952 + 1000, 290_188_800, MEGVII),
    "shufflenet_v1-2.0-g1": (4_918_744, 550_334_592, PYTORCHCV),
    "shufflenet_v1-2.0-g2": (5_257_896, 539_138_624, PYTORCHCV),
    "shufflenet_v1-2.0-g3": (5_449_776 + 1000, 524_045_184, MEGVII),
    "shufflenet_v1-2.0-g4": (5_593_528, 510_289_536, PYTORCHCV),
    "shufflenet_v1-2.0-g8": (6_521_232 + 1000, 521_942_016, MEGVII),
    "shufflenet_v2-0.5": (1_366_792, 40_476_448, TORCHVISION),
    "shufflenet_v2-1.0": (2_278_604, 144_907_992, TORCHVISION),
    "shufflenet_v2-1.5": (3_503_624, 295_759_392, TORCHVISION),
    "shufflenet_v2-2.0": (7_393_996, 583_253_464, TORCHVISION),
    "msdnet_imagenet-4": (13_322_568, 1_262_160_256, MSDNET),
    "msdnet_imagenet-6": (25_670_648, 2_448_570_688, MSDNET),
    "msdnet_imagenet-7": (34_932_232, 2_993_660_544, MSDNET),
    "msdnet_cifar-anytime-10": (1_201_438, 78_935_296, MSDNET),
    "msdnet_cifar-anytime-7": (853_984 - 90 * 129, 51_891_712 - 90 * 128, MSDNET_100),
    "msdnet_cifar-batch-5": (827_196 - 90 * 129, 45_945_344 - 90 * 128, MSDNET_100),
    "msdnet_cifar-batch-7": (1_612_054, 110_893_312, MSDNET),
}
"""Parameters and MACs, and where they were counted."""


OF_100_CLASSES = {
    "wrn-16-4": (2_772_020, 392_635_392),
    "wrn-16-8": (11_007_540, 1_548_191_744),
    "wrn-22-8": (17_204_276, 2_454_161_408),
    "wrn-28-10": (36_536_884, 5_243_386_368),
    "wrn-28-12": (52_587_060, 7_543_974_912),
    "wrn-40-1": (569_780, 83_286_272),
    "wrn-40-2": (2_255_156, 327_610_880),
    "wrn-40-8": (35_794_484, 5_172_070_400),
    "fractalnet20": (33_770_788, 845_268_992),
    "stochastic_depth110": (1_737_860, 252_893_440),
    "densenet-40-12": (1_060_132, 264_853_248),
    "densenet-100-12": (7_084_852, 1_769_621_568),
    "densenet-100-24": (27_457_972, 6_889_556_544),
    "densenet-bc-100-12": (800_032, 287_960_472),
    "densenet-bc-250-24": (15_480_556, 5_418_941_784),
    "densenet-bc-190-40": (25_821_620, 9_302_142_840),
    "resnext29_8x64d": (34_518_948, 5_387_358_208),
}
"""Parameters and MACs of the forms for CIFAR-100, counted where those for CIFAR-10 were."""


def test_every_network_is_counted():
    assert NETWORKS.keys() == COUNTS.keys()


@pytest.mark.parametrize("name", COUNTS)
def test_counts_are_the_references(name):
    named, (params, macs, source) = NETWORKS[name], COUNTS[name]
    made = cost(named.network(), named.input)
    assert (made.params, made.macs) == (params, macs), source
    assert made.output == (named.classes,)


def by_layer(name):
    """Parameters and MACs of each layer that has any, of a network that is a chain of layers."""
    named = NETWORKS[name]
    flows, shape = [], named.input
    for part in named.network().parts:
        flows.append(flow(part, shape, None))
        shape = flows[-1].shape
    return [(made.params, made.macs, made.shape) for made in flows if made.params or made.macs]


def test_every_layer_of_lenet5_has_the_papers_parameters_and_connections():
    """The paper counts as connections, beside the MACs, a bias for every element and what the subsampling adds up."""
    layers = [
        (params, macs + prod(shape) * {0: 0, 12: 5, 32: 5}.get(params, 1)) for params, macs, shape in by_layer("lenet5")
    ]
    assert layers == [
        *((156, 122_304), (12, 5_880), (1_516, 151_600), (32, 2_000)),
        *((48_120, 48_120), (10_164, 10_164), (0, 840)),
    ]
    assert sum(connections for _, connections in layers) == 340_908


def test_every_layer_of_alexnet_costs_what_caffes_does():
    assert [(params, macs) for params, macs, _ in by_layer("alexnet")] == [
        *((34_944, 105_415_200), (307_456, 223_948_800)),
        *((885_120, 149_520_384), (663_936, 112_140_288), (442_624, 74_760_192)),
        *((37_752_832, 37_748_736), (16_781_312, 16_777_216), (4_097_000, 4_096_000)),
    ]


@pytest.mark.parametrize(("name", "macs"), [("squeezenet1_0", 818_924_576), ("squeezenet1_1", 349_151_936)])
def test_squeezenet_without_the_border_and_at_224_is_torchvisions(name, macs):
    border = Conv(1000, padding=1, bias=True)
    network = rewrite(NETWORKS[name].network(), lambda part: replace(part, padding=0) if part == border else part)
    made = cost(network, (3, 224, 224))
    assert (made.params, made.macs) == (COUNTS[name][0], macs), TORCHVISION


def test_squeezenet_in_the_papers_unit():
    """The authors' README: 1.72 GFLOPS, two a MAC."""
    assert round(2 * COUNTS["squeezenet1_0"][1] / 1e9, 2) == 1.72


def test_nin_has_a_form_for_cifar_100():
    made = cost(NETWORKS["nin_cifar"].network(100), (3, 32, 32))
    assert (made.params, made.macs) == (984_356, 223_592_448), PYTORCHCV


@pytest.mark.parametrize("name", OF_100_CLASSES)
def test_counts_for_100_classes_are_the_references(name):
    made = cost(NETWORKS[name].network(classes=100), NETWORKS[name].input)
    assert (made.params, made.macs) == OF_100_CLASSES[name]


def test_the_heads_of_googlenet_cost_apart():
    made = cost(NETWORKS["googlenet"].network(), (3, 224, 224))
    assert made.params + made.exit_params == 13_378_280, CAFFE
    assert made.macs + made.exit_macs == 1_591_044_096, CAFFE


@pytest.mark.parametrize(("scale", "published"), [("0.5", 38e6), ("0.25", 13e6)])
def test_small_shufflenets_come_near_the_published_macs(scale, published):
    for groups in (1, 2, 3, 4, 8):
        macs = COUNTS[f"shufflenet_v1-{scale}-g{groups}"][1]
        assert abs(macs / published - 1) < (0.07 if scale == "0.5" else 0.16)


def test_the_shufflenet_set_against_alexnet_has_a_share_of_its_macs():
    assert round(COUNTS["alexnet"][1] / COUNTS["shufflenet_v1-0.5-g4"][1]) == 19, "published: 720 and 38 million, 18"


def test_the_head_of_inception_v3_costs_apart():
    made = cost(NETWORKS["inception_v3"].network(), (3, 299, 299))
    assert made.params + made.exit_params == 27_161_264, TORCHVISION


@pytest.mark.parametrize("name", NETWORKS)
def test_classes_are_an_argument(name):
    named = NETWORKS[name]
    assert cost(named.network(7), named.input).output == (7,)


@pytest.mark.parametrize("name", NETWORKS)
def test_made_twice_a_network_is_equal(name):
    assert NETWORKS[name].network() == NETWORKS[name].network()


def test_importing_the_networks_is_light():
    script = """
import sys
import search_spaces.networks
print(*sorted({"torch", "optuna", "ray", "numpy"} & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "\n"
