"""Every named network costs what its reference implementation, counted apart from this project, costs."""

import subprocess
import sys

import pytest

from nas.arch.cost import cost
from search_spaces.networks import NETWORKS

TORCHVISION = "torchvision 0.28.0"
PYTORCHCV = "pytorchcv 0.0.74"
CAFFE = "prototxt of BVLC/caffe"
CLOSED_FORM = "closed form, not independent"

COUNTS = {
    "lenet5": (60_000, 326_520, "the paper's own totals"),
    "lenet5_modern": (61_706, 416_520, CLOSED_FORM),
    "alexnet": (60_965_224, 724_406_816, CAFFE),
    "alexnet_one_tower": (61_100_840, 714_188_480, TORCHVISION),
    "vgg16": (138_357_544, 15_470_264_320, TORCHVISION),
    "googlenet": (6_998_552, 1_582_671_872, CAFFE),
    "googlenet_bn": (6_624_904, 1_498_376_192, TORCHVISION),
    "resnet18": (11_689_512, 1_814_073_344, TORCHVISION),
    "resnet50": (25_557_032, 4_089_184_256, TORCHVISION),
    "resnet20": (269_722, 40_551_040, "pytorchcv 0.0.74 minus its two projections"),
    "densenet121": (7_978_856, 2_834_161_664, TORCHVISION),
    "resnext50_32x4d": (25_028_904, 4_230_479_872, TORCHVISION),
    "se_resnet50": (28_088_024, 3_860_488_192, "prototxt of hujie-frank/SENet"),
    "mobilenet_v2": (3_504_872, 300_774_272, TORCHVISION),
    "shufflenet_v1-1.0-g3": (1_865_728, 137_460_672, PYTORCHCV),
}
"""Parameters and MACs, and where they were counted."""


def test_every_network_is_counted():
    assert NETWORKS.keys() == COUNTS.keys()


@pytest.mark.parametrize("name", COUNTS)
def test_counts_are_the_references(name):
    named, (params, macs, source) = NETWORKS[name], COUNTS[name]
    made = cost(named.network(), named.input)
    assert (made.params, made.macs) == (params, macs), source
    assert made.output == (named.classes,)


def test_the_heads_of_googlenet_cost_apart():
    made = cost(NETWORKS["googlenet"].network(), (3, 224, 224))
    assert made.params + made.exit_params == 13_378_280, CAFFE
    assert made.macs + made.exit_macs == 1_591_044_096, CAFFE


@pytest.mark.parametrize("name", NETWORKS)
def test_classes_are_an_argument(name):
    named = NETWORKS[name]
    assert cost(named.network(7), named.input).output == (7,)


@pytest.mark.parametrize("name", NETWORKS)
def test_made_twice_a_network_is_equal(name):
    assert NETWORKS[name].network() == NETWORKS[name].network()


@pytest.mark.parametrize("name", NETWORKS)
def test_docstring_states_the_counts(name):
    params, macs, _ = COUNTS[name]
    text = NETWORKS[name].make.__doc__
    assert f"{params:,} parameters" in text
    assert f"{macs:,} MACs" in text


def test_importing_the_networks_is_light():
    script = """
import sys, time
start = time.process_time()
import search_spaces.networks
print(time.process_time() - start, *sorted({"torch", "optuna", "ray", "numpy"} & set(sys.modules)))
"""
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert out[1:] == []
    assert float(out[0]) < 0.1
