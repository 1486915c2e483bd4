"""Whatever text the parser is given, it answers soon, with a value or a TextError; and a value can be costed."""

import random
import re
import time
from dataclasses import fields

import pytest

import nas
from nas.arch.nodes import JOINS, NODES
from nas.errors import NasError, TextError
from tests.golden import NETWORKS
from tests.hostile import COUNT, damaged, survives

TEXTS = [nas.text(network) for network in NETWORKS.values()]
TOKEN = re.compile(r'"[^"]*"|x\d+(?:/\d+)?|[a-z_]+|-?\d+(?:\.\d+)?|.', re.DOTALL)
WORDS = sorted({word for text in TEXTS for word in re.findall("[a-z_]+", text)})
STRINGS = sorted({word for text in TEXTS for word in re.findall('"[^"]*"', text)})
NUMBERS = [
    *("0", "1", "-1", "2", "3", "7", "64", "100000", "9" * 18, "1e300", "1e-300", "0.5"),
    *("x1", "x6", "x1/16", "x999999999", "x0", "x1/0", "(3, 3)", "(1,)", "(true, true)", "true", "none"),
]
KINDS = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): kind for name, kind in NODES.items()}
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
    "20000 * ",
    '"' + "a" * 2000,
    "(" * 150,
]


def answers(source: str) -> None:
    """Parse, and check what comes of it."""
    try:
        network = nas.parse(source)
    except TextError as error:
        assert error.path.startswith("line ")  # noqa: PT017
        raise
    assert nas.parse(nas.text(network)) == network
    nas.cost(network, (3, 32, 32))


def value(rng: random.Random, depth: int) -> str:
    """Something that may stand in a field."""
    match rng.randrange(8) if depth else 0:
        case 5:
            return "[" + ", ".join(call(rng, depth - 1) for _ in range(rng.randint(0, 3))) + "]"
        case 6:
            return "(" + "".join(f"{value(rng, depth - 1)}, " for _ in range(rng.randint(0, 3))) + ")"
        case 7:
            return call(rng, depth - 1)
        case _:
            return rng.choice([*NUMBERS, *STRINGS])


def call(rng: random.Random, depth: int = 3) -> str:
    """A part by the grammar, its fields as they come, some of them by their names."""
    kind = rng.choice([*KINDS, *JOINS])
    names = [field.name for field in fields(KINDS[kind])] if kind in KINDS else ["join", "drop_path"]
    named = rng.sample(names, min(len(names), rng.randint(0, 2)))
    items = [value(rng, depth) for _ in range(rng.randint(0, 3))]
    times = rng.choice(["2 * ", "0 * ", "1000 * ", "20000 * "]) if rng.random() < 0.05 else ""
    return f"{times}{kind}({', '.join([*items, *(f'{name}={value(rng, depth)}' for name in named)])})"


def retold(whole: str, rng: random.Random) -> str:
    """A text of which one to three words, numbers or strings became others of their kind."""
    tokens = TOKEN.findall(whole)
    for _ in range(rng.randint(1, 3)):
        at = rng.choice([i for i, token in enumerate(tokens) if i > 2 and (token[0].isalnum() or token[0] == '"')])
        first = tokens[at][0]
        instead = STRINGS if first == '"' else WORDS if first.isalpha() and first != "x" else NUMBERS
        tokens[at] = rng.choice(instead)
    return "".join(tokens)


def given(rng: random.Random) -> str:
    match rng.randrange(4):
        case 0:
            return retold(rng.choice(TEXTS), rng)
        case 1:
            return "nas 1\n" + "\n".join(call(rng) for _ in range(rng.randint(1, 3)))
        case 2:
            return damaged(rng.choice(TEXTS), rng, PIECES)
        case _:
            return rng.choice(["", "nas 1\n"]) + "".join(rng.choice(PIECES) for _ in range(rng.randint(0, 12)))


def test_a_damaged_or_an_invented_text():
    assert survives(answers, (given(random.Random(f"text {i}")) for i in range(COUNT)), errors=NasError) > 100


@pytest.mark.parametrize(
    "source",
    [
        "nas 1\n" + "500001 * conv(1)",
        "nas 1\n" + "add(" * 100_000,
        "nas 1\n" + "[" * 100_000,
        "nas 1\n" + "(" * 100_000,
        "nas 1\nconv(" + "9" * 100_000 + ")",
        "nas 1\nact(" + '"' + "\\" * 100_001,
        "nas 1\n" + "1000 * add(1000 * [1000 * add([conv(1)])])",
        'nas 1\nrepeat("a", [norm()], 999999999)',
        'nas 1\nrepeat("a", [add([repeat("b", [norm()], 9999)])], 9999)',
        "nas 1" + " " * 1_000_000 + "?",
        "nas 1\n" + "\n" * 1_000_000 + "?",
    ],
    ids=[
        "many",
        "deep parts",
        "deep chains",
        "deep tuples",
        "long number",
        "long string",
        "powers",
        "times",
        "times times",
        "spaces",
        "lines",
    ],
)
def test_a_text_out_of_all_proportion(source):
    """Sizes and depths beyond any network are refused at once."""
    began = time.process_time()
    with pytest.raises(TextError):
        nas.parse(source)
    assert time.process_time() - began < 1


def test_forks_in_a_row_are_one_in_a_moment():
    began = time.process_time()
    nas.parse("nas 1\n499999 * fork()")
    assert time.process_time() - began < 5


def test_a_decision_for_a_number_out_of_all_proportion():
    space = nas.parse('nas 1\nrepeat("stage", [norm()], span("depth", 20000, 999999999))')
    with pytest.raises(NasError, match=r"stage: times of Repeat is at most 10,000, got \d+"):
        nas.sample(space, random.Random(0))
