"""What does not fit is said with its place and its shapes; what fits can be built."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import nas
from nas.arch.nodes import JOINS, Branches, Chain
from nas.errors import ShapeError
from tests.paths import places
from tests.strategies import careless_networks, chains

IMAGE = (3, 6, 6)


@settings(max_examples=40)
@given(careless_networks())
def test_a_network_has_a_cost_or_a_shape_error_with_its_place(case):
    """cost gives numbers, with which the module agrees, or a ShapeError with a path of the network."""
    try:
        said = nas.cost(case.network, case.input)
    except ShapeError as error:
        assert error.path in {"", *(path for path, _ in places(case.network))}  # noqa: PT017
    else:
        module = nas.build(case.network, case.input).eval()
        with torch.no_grad():
            assert module(torch.randn(3, *case.input)).shape[1:] == said.output


@settings(max_examples=20)
@given(chains(IMAGE, plain=False, depth=1), chains(IMAGE, plain=False, depth=1), st.sampled_from(JOINS))
def test_branches_that_disagree_are_shown_with_both_shapes(one, other, join):
    """The error of a join is placed at the join, and names both shapes."""
    shapes = [nas.cost(branch, IMAGE).output for branch in (one, other)]
    try:
        nas.cost(Chain(Branches(one, other, join=join)), IMAGE)
    except ShapeError as error:
        assert error.path == f"{join}1"  # noqa: PT017
        assert all(str(shape) in error.rule for shape in shapes)  # noqa: PT017
    else:
        assert join in ("concat", "multiply") or shapes[0] == shapes[1]


@settings(max_examples=20)
@given(careless_networks())
def test_build_refuses_what_cost_refuses(case):
    """build raises the ShapeError that cost raises."""
    try:
        nas.cost(case.network, case.input)
    except ShapeError as error:
        said = str(error)
    else:
        assume(False)
    with pytest.raises(ShapeError) as refused:
        nas.build(case.network, case.input)
    assert str(refused.value) == said
