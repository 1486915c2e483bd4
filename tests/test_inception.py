"""The Inception networks beyond their counts: forms that no library has, the sizes of their maps, heads."""

from dataclasses import replace
from types import ModuleType

import pytest
import torch

import nas
from nas import catalog
from nas.arch.cost import Shape, cost, flow
from nas.arch.nodes import Chain, Conv, Exit, chain
from nas.arch.rewrite import rewrite, without_se
from tests.plain import INCEPTION_V2_SLIM
from tests.test_references import copy, enliven, layers_run


def network(name: str) -> Chain:
    return chain(catalog.network(name).network())


def maps(name: str) -> list[Shape]:
    """The last shape of each size of map."""
    shape: Shape = catalog.network(name).input
    last: dict[int, Shape] = {}
    for part in network(name).parts:
        shape = flow(part, shape, None).shape
        if len(shape) == 3:
            last[shape[1]] = shape
    return list(last.values())


@pytest.mark.parametrize(
    ("name", "widths"),
    [
        ("inception_v3", (288, 768, 2048)),
        ("inception_v4", (384, 1024, 1536)),
        ("inception_resnet_v1", (256, 896, 1792)),
        ("inception_resnet_v1_facenet", (256, 896, 1792)),
        ("inception_resnet_v2", (320, 1088, 1536)),
    ],
)
def test_maps_have_the_sizes_of_the_papers(name: str, widths: tuple[int, int, int]) -> None:
    assert maps(name)[-4:-1] == [(width, side, side) for width, side in zip(widths, (35, 17, 8), strict=True)]


def test_inception_resnet_v1_is_the_port_without_its_departures() -> None:
    """Up to the classifier, all but the port's sixth module on 8×8, which is what the port counts more."""
    paper, port = network("inception_resnet_v1"), network("inception_resnet_v1_facenet")
    features = len(paper.parts) - 4
    assert paper.parts[:features] == port.parts[:features]
    convs = 2 * 1792 * 192 + 2 * 3 * 192 * 192
    sixth = convs + 4 * 2 * 192 + (2 * 192 + 1) * 1792
    head = 1792 * 512 + 2 * 512 + (512 + 1) * 1000 - (1792 + 1) * 1000
    assert cost(port, (3, 299, 299)).params - cost(paper, (3, 299, 299)).params == sixth + head
    macs = 64 * (convs + 2 * 192 * 1792) + 1792 * 512 + 512 * 1000 - 1792 * 1000
    assert cost(port, (3, 299, 299)).macs - cost(paper, (3, 299, 299)).macs == macs


def test_inception_v2_slim_counts_as_its_table() -> None:
    params = 3 * 8 * 49 + 24 * 64 + 64 + (64 * 64 + 64) + (64 * 192 * 9 + 192)
    macs = 112**2 * (3 * 8 * 49 + 24 * 64) + 56**2 * (64 * 64 + 64 * 192 * 9)
    came, before = 192, 28
    sides = (28, 28, 14, 14, 14, 14, 14, 7, 7, 7)
    for side, (one, reduce, single, reduce_double, double, pooled) in zip(sides, INCEPTION_V2_SLIM, strict=True):
        inside = came * (reduce + reduce_double) + 9 * reduce_double * double
        outside = came * (one + pooled) + 9 * (reduce * single + double * double)
        params += inside + outside + one + reduce + single + reduce_double + 2 * double + pooled
        macs += before**2 * inside + side**2 * outside
        came, before = one + single + double + (pooled or came), side
    made = cost(network("inception_v2_slim"), (3, 224, 224))
    assert (made.params, made.macs) == (params + 1025 * 1000, macs + 1024 * 1000)


def test_se_bn_inception_is_bn_inception_with_se_and_without_biases() -> None:
    bare = rewrite(network("bn_inception"), lambda part: replace(part, bias=False) if isinstance(part, Conv) else part)
    assert without_se(network("se_bn_inception")) == bare
    assert cost(bare, (3, 224, 224)).params == 11_285_224


def test_the_head_of_inception_v3_equals_torchvision(torchvision: ModuleType) -> None:
    (head,) = (part.head for part in network("inception_v3").parts if isinstance(part, Exit))
    theirs = torchvision.models.inception.InceptionAux(768, 1000).eval()
    torch.manual_seed(0)
    maps = torch.randn(2, 768, 17, 17)
    enliven(theirs, maps)
    ours = nas.build(head, input=(768, 17, 17)).eval()
    copy(layers_run(ours, lambda: ours(maps)), layers_run(theirs, lambda: theirs(maps)))
    with torch.no_grad():
        a, b = ours(maps), theirs(maps)
    assert (a - b).abs().max() <= 1e-4 * (b[0] - b[1]).abs().max()
