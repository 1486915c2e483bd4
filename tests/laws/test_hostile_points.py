"""Whatever a point file holds, it is soon a network of the space, or a clear error."""

import json
import random
from functools import cache

import pytest

import nas
from nas import catalog
from nas.arch.nodes import Space
from nas.arch.realize import plain
from nas.cli.options import point
from tests.hostile import COUNT, damaged, damaged_bytes, survives

SPACES = ("residual", "mobile", "cell", "nas_bench_201", "article")
VALUES = [
    0,
    1,
    -1,
    16,
    True,
    False,
    None,
    1.0,
    0.5,
    float("nan"),
    10**400,
    "x6",
    "same",
    "",
    [],
    [1],
    {},
    {"a": 1},
    "é",
]
PIECES = [
    *'"{}[],:-.0',
    "null",
    "true",
    "NaN",
    "1e999",
    "9" * 5000,
    '"x6"',
    "\\ud800",
    "é",
    '{"point":',
    '{"a":' * 2000,
    "[" * 5000,
]


@cache
def points(name: str) -> tuple[Space, list[dict[str, object]]]:
    """A space with some small points of it, as they stand in files."""
    space, rng = catalog.space(name).make(10), random.Random(name)
    drawn = (nas.sample(space, rng) for _ in range(40))
    plainly = [{hole: plain(value) for hole, value in point.items()} for point in drawn]
    return space, sorted(plainly, key=len)[:20]


def content(rng: random.Random, whole: dict[str, object]) -> bytes:
    """A file with other values, or with other characters, or with other bytes than a point has."""
    match rng.randrange(3):
        case 0:
            names = rng.sample(sorted(whole), rng.randint(1, min(3, len(whole))))
            return json.dumps({**whole, **{name: rng.choice(VALUES) for name in names}}).encode()
        case 1:
            return damaged(json.dumps({"point": whole}), rng, PIECES).encode()
        case _:
            return damaged_bytes(json.dumps(whole).encode(), rng)


@pytest.mark.parametrize("name", SPACES)
def test_a_damaged_point(tmp_path, name):
    space, wholes = points(name)
    file = tmp_path / "point.json"

    def read(given: bytes) -> None:
        file.write_bytes(given)
        nas.realize(space, point(file))

    rngs = (random.Random(f"{name} {i}") for i in range(COUNT // len(SPACES)))
    assert survives(read, (content(rng, rng.choice(wholes)) for rng in rngs)) > 0


def test_a_hole_among_thousands_is_soon_found_to_be_missing():
    space = catalog.space("article").make(10)
    drawn = max((nas.sample(space, random.Random(seed)) for seed in range(60)), key=len)
    assert len(drawn) > 1000
    names = sorted(drawn)
    given = [{other: drawn[other] for other in names if other != name} for name in names[:: len(names) // 3]]
    survives(lambda point: nas.realize(space, point), given)
