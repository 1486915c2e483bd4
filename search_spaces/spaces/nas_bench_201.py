"""The space of NAS-Bench-201: Dong, Yang, "Extending the scope of reproducible neural architecture search", 2020.

One cell of four nodes (arXiv:2001.00326, Figure 1) stands 15 times in a fixed skeleton for images of 32×32; each of its
six edges is one of five operations. The labels are those of the authors' tables.
"""

from typing import Any

from nas.arch.nodes import Act, Branches, Chain, Conv, Edge, Graph, Norm, Part, Pool, Ratio, Scale, Space, Step, pick
from search_spaces.blocks import classifier, conv_norm

_CELLS = 5
_AS_WIDE = Ratio(1)


def nas_bench_201_space(classes: int) -> Space:
    """Three stages of five cells, 16, 32 and 64 channels wide, a residual block of stride 2 between them."""
    stage = [_cell()] * _CELLS
    return Chain(
        conv_norm(16, 3), *stage, _reduction(32), *stage, _reduction(64), *stage, Norm(), Act(), classifier(classes)
    )


def _cell() -> Graph:
    """Each node is the sum of an edge from every node before it; all cells share their decisions."""
    return Graph((1,), tuple(Step(*(Edge(_operation(node, of), of) for of in range(node))) for node in (1, 2, 3)))


def _operation(node: int, of: int) -> Any:
    return pick(
        f"node{node}_from{of}",
        scope="",
        none=Scale(0.0),
        skip_connect=Chain(),
        nor_conv_1x1=_relu_conv_norm(_AS_WIDE, 1),
        nor_conv_3x3=_relu_conv_norm(_AS_WIDE, 3),
        avg_pool_3x3=Pool("avg", 3, stride=1, padding=1, count_include_pad=False),
    )


def _relu_conv_norm(width: int | Ratio, kernel: int, *, stride: int = 1) -> Chain:
    return Chain(Act(), conv_norm(width, kernel, stride=stride))


def _reduction(width: int) -> Part:
    body = Chain(_relu_conv_norm(width, 3, stride=2), _relu_conv_norm(width, 3))
    return Branches(Chain(Pool("avg", 2), Conv(width)), body)
