"""The number of points, against counting them one by one."""

from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from nas.arch.holes import span
from nas.arch.info import info, points
from nas.arch.nodes import Act, Branches, Chain, Conv, Norm, Ratio, Repeat, Scope, Space, pick
from nas.arch.realize import fill
from nas.errors import NasError
from tests.strategies import spaces

_WIDTH = pick("w", 1, 2, 3, scope="stage")
_BLOCK = Chain(Conv(_WIDTH, pick("k", 1, 3)))
_SHARED = pick("t", on=Act(), off=Chain(Conv(pick("z", 4, 5))))
_SPACES: dict[str, Space] = {
    "closed": Conv(3),
    "one name twice": Chain(Conv(pick("a", 1, 2)), Conv(pick("a", 1, 2))),
    "derived": Chain(Conv(pick("a", 2, 4)), Conv(pick("a", 2, 4) * span("n", 1, 3))),
    "choice": pick("c", x=Conv(pick("k", 1, 3)), y=Chain(), z=Conv(pick("k", 1, 3), pick("m", 3, 5, 7))),
    "repeat": Repeat("r", Conv(pick("k", 1, 2, 3)), span("n", 0, 4)),
    "shared count": Chain(Repeat("a", Conv(pick("m", 1, 2)), pick("d", 1, 2)), Repeat("b", Norm(), pick("d", 1, 2))),
    "shared choice": Chain(_SHARED, _SHARED),
    "shared by some alternatives": Scope(
        "stage",
        Repeat("b", pick("k", x=Conv(_WIDTH), y=Conv(_WIDTH * pick("q", 1, 3)), z=Chain()), span("n", 0, 3)),
    ),
    "shared by repetitions": Scope("stage", Chain(Repeat("b", _BLOCK, span("n", 1, 3)), Repeat("c", _BLOCK, 2))),
    "repeats in repeats": Repeat("a", Repeat("b", Conv(pick("k", 1, 3)), span("n", 0, 2)), span("m", 0, 2)),
    "a ratio": Conv(Ratio(span("n", 1, 2), span("d", 1, 3))),
    "a scope opened twice": Chain(Scope("s", Conv(pick("k", 1, 2))), Scope("s", Conv(pick("k", 1, 2)))),
}


def brute_force(space: Space) -> int:
    """Every point, by deciding the holes in all ways, one after the other."""
    seen = set()
    waiting: list[list[object]] = [[]]
    while waiting:
        prefix = waiting.pop()
        asked: list[tuple[object, ...]] = []

        def ask(_: str, hole: object, prefix: list[object] = prefix, asked: list[tuple[object, ...]] = asked) -> object:
            options = tuple(hole.options)  # type: ignore[attr-defined]
            asked.append(options)
            return prefix[len(asked) - 1] if len(asked) <= len(prefix) else options[0]

        _, point = fill(space, ask)
        seen.add(tuple(point.items()))
        decided = list(point.values())
        for i in range(len(prefix), len(asked)):
            waiting += [[*decided[:i], option] for option in asked[i][1:]]
    return len(seen)


@settings(deadline=None)
@given(st.sampled_from(sorted(_SPACES)))
def test_points_are_counted_exactly(name: str) -> None:
    assert points(_SPACES[name]) == brute_force(_SPACES[name])


@settings(max_examples=60, deadline=None)
@given(spaces())
def test_points_of_random_spaces_are_counted_exactly(space: Space) -> None:
    assume(points(space) <= 300)
    try:
        counted = brute_force(space)
    except NasError:  # a point of it breaks a rule of its parts
        reject()
    assert points(space) == counted


def test_decisions_that_many_places_share_are_counted_once() -> None:
    """Twenty joins see the same six decisions; compared pair by pair their ways would be three hundred million."""
    join = Branches(*(Conv(pick(f"w{i}", 1, 2, 3, 4, scope="")) for i in range(6)), join="concat")
    assert points(Chain(*[join] * 20)) == 4**6


def test_the_range_of_costs_holds_what_is_found() -> None:
    space = Chain(Conv(pick("w", 1, 5, 9), pick("k", 1, 3)))
    found = info(space, (2, 4, 4))
    assert found.points == 6
    assert found.valid == 1.0
    assert found.cheapest is not None
    assert found.dearest is not None
    assert (found.cheapest[1].macs, found.dearest[1].macs) == (2 * 16, 2 * 9 * 9 * 16)


def test_a_space_that_reads_no_image_says_so() -> None:
    assert info(Chain(Conv(pick("w", 1, 2), 9, padding=0)), (2, 4, 4)).valid == 0.0
