"""The text of a value is read back to that value, by any process and any version."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nas
from nas.arch.diff import diff
from nas.arch.holes import span
from nas.arch.nodes import Chain, Conv, Ratio, pick
from nas.errors import TextError
from tests.golden import GOLDEN, NETWORKS, written
from tests.strategies import networks, places, spaces

FLOATS = st.floats(0, 1, exclude_min=True)


@settings(max_examples=20)
@given(networks())
def test_a_network_is_read_back(case):
    """parse(text(network)) = network, and so is its text again."""
    said = nas.text(case.network)
    assert nas.parse(said) == case.network
    assert nas.text(nas.parse(said)) == said


@settings(max_examples=30)
@given(spaces())
def test_a_space_is_read_back(space):
    """parse(text(space)) = space."""
    assert nas.parse(nas.text(space)) == space


@settings(max_examples=20)
@given(FLOATS, st.floats(-1e6, 1e6))
def test_every_number_is_read_back(small, any_sign):
    """A float is written with all its digits."""
    network = nas.arch.nodes.Chain(nas.arch.nodes.Norm(eps=small), nas.arch.nodes.Scale(any_sign))
    assert nas.parse(nas.text(network)) == network


@settings(max_examples=20)
@given(networks(), networks())
def test_texts_fingerprints_and_differences_agree(one, other):
    """Networks are equal exactly if their texts and fingerprints are, and no edit leads from one to the other."""
    a, b = one.network, other.network
    equal = a == b
    assert (nas.text(a) == nas.text(b)) == equal
    assert (nas.fingerprint(a) == nas.fingerprint(b)) == equal
    assert (diff(a, b) == []) == equal


@settings(max_examples=20)
@given(places())
def test_equal_points_give_equal_texts(place):
    """Realized twice from one point, a network has one text."""
    made, again = (nas.realize(place.space, place.point) for _ in range(2))
    assert nas.text(made) == nas.text(again)
    assert nas.fingerprint(made) == nas.fingerprint(again)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_texts_are_the_same_in_every_process(seed):
    """No text or fingerprint depends on the seed of Python's hash."""
    script = "from tests.golden import NETWORKS, written; print(''.join(map(written, NETWORKS)))"
    made = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout == "".join(map(written, NETWORKS)) + "\n"


@pytest.mark.parametrize("name", NETWORKS)
def test_texts_are_the_same_in_every_version(name):
    """What an earlier version wrote is what this one writes, and reads."""
    kept = (GOLDEN / f"{name}.txt").read_text()
    assert written(name) == kept, "to accept the new text: python -m tests.golden (and raise nas.arch.text.VERSION)"
    assert nas.parse(kept.partition("\n\n")[2]) == NETWORKS[name]


def test_a_later_version_is_refused():
    """A text of a version to come is not guessed at."""
    with pytest.raises(TextError, match="reads texts of version 1, got '2'"):
        nas.parse("nas 2\nconv(3)\n")


def test_a_ratio_with_holes_is_read_back():
    """A fraction of the channels may be open, as a width in numbers may."""
    times, parts = span("times", 1, 6), pick("parts", 1, 4)
    for ratio in (Ratio(times), Ratio(1, parts), Ratio(times, parts)):
        assert nas.parse(nas.text(Conv(ratio))) == Chain(Conv(ratio))
    assert "conv(x3/4)" in nas.text(nas.realize(Conv(Ratio(times, parts)), {"times": 3, "parts": 4}))
