"""One network, one value: however it is spelled, it is equal, and has one fingerprint."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nas
from nas.arch.nodes import (
    Act,
    Branches,
    Cells,
    Chain,
    Choice,
    Conv,
    Fork,
    Graph,
    Norm,
    Pool,
    Repeat,
    Scale,
    Scope,
    Step,
    pick,
)
from tests.strategies import chains, networks, places

CELL = Graph((1, 2), (Step((Conv(2), 0), (Chain(), 1)),))
PART = Chain(Conv(4, 3), Norm())

SPELLINGS = {
    "a kernel as a pair": (Conv(4, (3, 3)), Conv(4, 3)),
    "a stride and a dilation as pairs": (Conv(4, stride=(2, 2), dilation=(1, 1)), Conv(4, stride=2)),
    "the padding of a 3×3 kernel": (Conv(4, 3, padding="same"), Conv(4, 3, padding=1)),
    "padding of two sides": (Conv(4, 3, padding=(1, 1)), Conv(4, 3, padding=1)),
    "padding of four sides": (Conv(4, 3, padding=(1, 1, 2, 2)), Conv(4, 3, padding=(1, 2))),
    "the padding of an even kernel": (Conv(4, 2), Conv(4, 2, padding=(0, 1, 0, 1))),
    "the padding of a dilated kernel": (Conv(4, 3, dilation=2), Conv(4, 3, padding=2, dilation=2)),
    "a pool's stride": (Pool("max", 3), Pool("max", (3, 3), stride=3)),
    "a number of another kind": (Scale(1), Scale(1.0)),
    "a zero of the other sign": (Scale(-0.0), Scale(0.0)),
    "nested chains": (Chain(Chain(), Chain(PART, Chain(Act()))), Chain(Conv(4, 3), Norm(), Act())),
    "a repeat written out": (Repeat("block", PART, 2), Chain(PART, PART)),
    "a repeat of nothing": (Chain(Repeat("block", PART, 0)), Chain()),
    "a scope around a closed part": (Scope("stage", PART), PART),
    "a branch that is only a fork": (Branches(Fork(PART, Act())), Branches(PART, Act())),
    "a fork in a fork": (Branches(PART, Fork(Fork(Act(), PART))), Branches(PART, Act(), PART)),
    "a fork in a scope": (Branches(PART, Scope("stage", Fork(Act(), PART))), Branches(PART, Act(), PART)),
    "an absent branch": (Branches(PART, Fork()), Branches(PART)),
    "cells in cells": (Cells(Cells(CELL, PART), CELL), Cells(CELL, PART, CELL)),
    "cells in a scope": (Cells(Scope("stage", Cells(CELL, PART))), Cells(CELL, PART)),
    "a repeated cell": (Cells(Repeat("cell", CELL, 3)), Cells(CELL, CELL, CELL)),
    "repeated cells": (Cells(Repeat("cell", Cells(CELL, PART), 2)), Cells(CELL, PART, CELL, PART)),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spellings_of_one_network_are_equal(spelling):
    """Trivially different spellings make one value, one hash, one fingerprint."""
    ours, theirs = (Chain(part) for part in SPELLINGS[spelling])
    assert ours == theirs
    assert hash(ours) == hash(theirs)
    assert nas.text(ours) == nas.text(theirs)
    assert nas.fingerprint(ours) == nas.fingerprint(theirs)


OPTIONS = {
    "kernel": (Conv(4, pick("k", (3, 3), 5)), Conv(4, 3)),
    "padding": (Conv(4, 3, padding=pick("p", (1, 1, 1, 1), 0)), Conv(4, 3, padding=1)),
    "same padding": (Conv(4, pick("k", 3, 5), padding=pick("p", "same", 0)), Conv(4, 5)),
    "stride": (Pool("max", pick("k", 2, 3), stride=pick("s", None, 1)), Pool("max", 3)),
    "factor": (Scale(pick("f", 0, 2)), Scale(0.0)),
    "repeated cell": (Cells(Repeat("cell", CELL, pick("n", 1, 3))), Cells(CELL, CELL, CELL)),
    "optional cell": (Cells(CELL, Choice("more", ("no", "yes"), (Cells(), CELL))), Cells(CELL)),
    "absent branch": (Branches(PART, pick("more", no=Fork(), yes=Act())), Branches(PART)),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_in_another_spelling_is_located(option):
    """A hole may offer a value in any spelling: the network in the one spelling is located all the same."""
    space, network = OPTIONS[option]
    assert nas.realize(space, nas.locate(network, space)) == Chain(network)


@settings(max_examples=20)
@given(networks(), st.integers(1, 3))
def test_a_repeat_is_its_part_that_many_times(case, times):
    """Repeat(part, n) = part part …, in a scope or not."""
    repeated = Chain(Scope("stage", Repeat("block", case.network, times)))
    assert repeated == Chain(*[case.network] * times)
    assert nas.fingerprint(repeated) == nas.fingerprint(Chain(*case.network.parts * times))


@settings(max_examples=20)
@given(chains((3, 6, 6), plain=False), st.data())
def test_a_chain_is_its_parts_however_grouped(network, data):
    """Chain(a, Chain(b, c)) = Chain(Chain(a, b), c)."""
    cut = data.draw(st.integers(0, len(network.parts)))
    left, right = Chain(*network.parts[:cut]), Chain(*network.parts[cut:])
    assert Chain(left, right) == Chain(left, Scope("rest", right)) == Chain(Chain(Chain(left), right)) == network


@settings(max_examples=20)
@given(places())
def test_a_scope_more_makes_no_other_network(place):
    """A scope around a space, and a repeat of one, hold the same networks."""
    network = nas.realize(place.space, place.point)
    for wrapped in (Scope("whole", place.space), Repeat("whole", place.space, 1)):
        assert nas.realize(wrapped, nas.locate(network, wrapped)) == network
