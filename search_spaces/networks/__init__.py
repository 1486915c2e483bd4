"""The published networks, by name, in the order of their story.

A file a family: its networks, and `NETWORKS` with their names. Where the names of a family carry numbers, `FAMILIES`
says how to read them, so that variants which nobody listed have names too. What is published of a network stands in
`published.csv`, what others measured in `measured.csv`; both are put beside it here.
"""

from dataclasses import replace

from nas.arch.named import Family, Named
from search_spaces.networks import (
    alexnet,
    bn_inception,
    densenet,
    fractalnet,
    googlenet,
    inception_resnet,
    inception_v3,
    inception_v4,
    lenet,
    mobilenet,
    msdnet,
    nasnet,
    nin,
    preact,
    resnet,
    resnext,
    senet,
    shufflenet,
    squeezenet,
    stochastic_depth,
    vgg,
    wide_resnet,
    xception,
    zfnet,
)
from search_spaces.networks.published import facts, measured

_FILES = (
    lenet,
    alexnet,
    zfnet,
    nin,
    vgg,
    googlenet,
    bn_inception,
    inception_v3,
    resnet,
    inception_v4,
    inception_resnet,
    squeezenet,
    preact,
    wide_resnet,
    fractalnet,
    stochastic_depth,
    densenet,
    xception,
    resnext,
    senet,
    nasnet,
    mobilenet,
    shufflenet,
    msdnet,
)

NETWORKS: dict[str, Named] = {
    named.name: replace(named, published=facts().get(named.name, ()), measured=measured().get(named.name, ()))
    for file in _FILES
    for named in file.NETWORKS
}
FAMILIES: tuple[Family, ...] = tuple(family for file in _FILES for family in getattr(file, "FAMILIES", ()))
