"""The hypervolume and what a point adds to it, against a count of the cells of a grid."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.search.hypervolume import gains, hypervolume
from nas.search.objectives import front

SIDE = 6


def points(dimensions):
    return st.lists(st.tuples(*[st.integers(0, SIDE + 1)] * dimensions), max_size=6)


def counted(dominating, dimensions):
    """Cells of a grid, each as large as one, that some point dominates."""
    cells = product(range(SIDE), repeat=dimensions)
    return sum(any(all(p <= c for p, c in zip(point, cell, strict=True)) for point in dominating) for cell in cells)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_it_is_the_number_of_dominated_cells(dimensions):
    @given(points(dimensions))
    def law(made):
        assert hypervolume(made, (SIDE,) * dimensions) == counted(made, dimensions)

    law()


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_a_gain_is_the_difference(dimensions):
    @given(points(dimensions), points(dimensions).filter(len))
    def law(made, candidates):
        best = front(made, lambda point: point)
        found = gains(best, (SIDE,) * dimensions, np.array(candidates, dtype=float))
        for candidate, gain in zip(candidates, found, strict=True):
            assert gain == counted([*made, candidate], dimensions) - counted(made, dimensions)

    law()
