"""Whatever text the parser is given, it answers soon, with a value or a TextError."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nas
from nas.errors import TextError
from tests.golden import NETWORKS

TEXTS = [nas.text(network) for network in NETWORKS.values()]
PIECES = [
    *'()[],=*"\\\n\t x-+.e1',
    "nas",
    "999999999",
    "1e999",
    "x1/0",
    "none",
    "true",
    '"same"',
    "conv",
    "conv(3)",
    "chain",
    "join=",
    "edge",
    "ratio",
    "pick(",
    'derived("//", 1, 0)',
    "é",
    "\x00",
    "200000 * ",
    '"' + "a" * 2000,
    "(" * 150,
]


def answers(source: str) -> None:
    """Parse, and check what comes of it."""
    began = time.perf_counter()
    try:
        network = nas.parse(source)
    except TextError as error:
        assert error.path.startswith("line ")  # noqa: PT017
    else:
        assert nas.parse(nas.text(network)) == network
    assert time.perf_counter() - began < 1


@settings(max_examples=30)
@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_garbage(source):
    """Any characters at all, with and without the version before them."""
    answers(source)
    answers(f"nas 1\n{source}")


@settings(max_examples=50)
@given(st.sampled_from(TEXTS), st.data())
def test_a_damaged_text(source, data):
    """A text with stretches cut out, doubled, or replaced by what means something elsewhere."""
    for _ in range(data.draw(st.integers(1, 3))):
        start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(source))] * 2)))
        end = min(end, start + 20)
        instead = data.draw(st.sampled_from(["", source[start:end] * 2, *PIECES]))
        source = source[:start] + instead + source[end:]
    answers(source)


@settings(max_examples=20)
@given(st.sampled_from(TEXTS), st.data())
def test_a_text_with_another_value(source, data):
    """A text of which one number, name or string became another value."""
    words = [i for i, c in enumerate(source) if c.isdigit() or c == '"']
    at = data.draw(st.sampled_from(words))
    answers(source[:at] + data.draw(st.sampled_from(PIECES)) + source[at + 1 :])


@pytest.mark.parametrize(
    "source",
    [
        "nas 1\n" + "200001 * conv(1)",
        "nas 1\n" + "add(" * 100_000,
        "nas 1\n" + "[" * 100_000,
        "nas 1\n" + "(" * 100_000,
        "nas 1\nconv(" + "9" * 100_000 + ")",
        "nas 1\nact(" + '"' + "\\" * 100_001,
        "nas 1\n" + "1000 * add(1000 * [1000 * add([conv(1)])])",
        "nas 1" + " " * 1_000_000 + "?",
        "nas 1\n" + "\n" * 1_000_000 + "?",
    ],
    ids=["many", "deep parts", "deep chains", "deep tuples", "long number", "long string", "powers", "spaces", "lines"],
)
def test_a_text_out_of_all_proportion(source):
    """Sizes and depths beyond any network are refused at once."""
    began = time.perf_counter()
    with pytest.raises(TextError):
        nas.parse(source)
    assert time.perf_counter() - began < 1
