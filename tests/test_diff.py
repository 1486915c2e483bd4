"""The edits between two networks."""

import pytest

from nas.arch.diff import diff
from nas.arch.nodes import Act, Branches, Chain, Conv, Edge, Graph, Norm, Pool, Shortcut, Step

BLOCK = Branches(Shortcut(), Chain(Conv(8, 3), Norm()))
MORE = ["conv2: added conv(8)", "act2: added act()"]
CELL = Graph((1,), (Step(Edge(Chain(Conv(8)), 0), Edge(Chain(), 0)),))


@pytest.mark.parametrize(
    ("a", "b", "edits"),
    [
        (Chain(Conv(8)), Chain(Conv(8)), []),
        (Chain(Conv(8)), Chain(Conv(16, 3)), ["conv1.out: 8 → 16", "conv1.kernel: 1 → 3"]),
        (Chain(Conv(8), Act()), Chain(Conv(8), Norm(), Act()), ["norm1: added norm()"]),
        (Chain(Conv(8), Pool("max", 2)), Chain(Conv(8)), ['pool1: removed pool("max", 2)']),
        (Chain(BLOCK), Chain(BLOCK, BLOCK), ["add2: added add([shortcut()], [conv(8, 3), norm()])"]),
        (Chain(Conv(8), Act(), Pool("max", 2)), Chain(Conv(8), Act(), Conv(8), Act(), Pool("max", 2)), MORE),
        (
            Chain(Conv(8), Act(), Conv(8), Act()),
            Chain(Conv(8), Act()),
            ["conv2: removed conv(8)", "act2: removed act()"],
        ),
        (
            Chain(BLOCK),
            Chain(Branches(Shortcut("zero_pad"), Chain(Conv(8, 3), Norm(), Act()))),
            ['add1.branch1.shortcut1.kind: "projection" → "zero_pad"', "add1.branch2.act1: added act()"],
        ),
        (
            Chain(BLOCK),
            Chain(Branches(Shortcut(), Chain(Conv(8, 3), Norm()), join="concat")),
            ['add1.join: "add" → "concat"'],
        ),
        (
            Chain(CELL),
            Chain(Graph((1,), (Step(Edge(Chain(Conv(9)), 0), Edge(Chain(), 0)),))),
            ["graph1.step1.edge1.conv1.out: 8 → 9"],
        ),
    ],
)
def test_edits(a: Chain, b: Chain, edits: list[str]) -> None:
    assert [str(edit) for edit in diff(a, b)] == edits


def test_another_wiring_is_another_graph() -> None:
    other = Graph((1,), (Step(Edge(Chain(Conv(8)), 0), join="mean"),))
    (edit,) = diff(Chain(CELL), Chain(other))
    assert (edit.path, edit.before, edit.after) == ("graph1", CELL, other)
