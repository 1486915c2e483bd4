"""The search spaces, by name."""

from nas.arch.named import NamedSpace
from search_spaces.spaces.article import article_space
from search_spaces.spaces.cell import cell_space
from search_spaces.spaces.mobile import mobile_space
from search_spaces.spaces.nas_bench_201 import nas_bench_201_space
from search_spaces.spaces.residual import residual_space

_SMALLEST = (1, 28, 28)

SPACES: dict[str, NamedSpace] = {
    space.name: space
    for space in (
        NamedSpace("residual", residual_space, _SMALLEST, "basic, bottleneck and grouped residual blocks, SE"),
        NamedSpace("mobile", mobile_space, _SMALLEST, "separable, inverted residual and shuffle blocks, SE"),
        NamedSpace("article", article_space, _SMALLEST, "any network of the article's building blocks"),
        NamedSpace("nas_bench_201", nas_bench_201_space, _SMALLEST, "one cell of six operations, 15 times in a row"),
        NamedSpace("cell", cell_space, _SMALLEST, "cells whose blocks choose inputs and operations, as in NASNet"),
    )
}
