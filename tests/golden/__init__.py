"""Texts and fingerprints of a few networks, kept so that a change of the text form is seen.

`python -m tests.golden` writes them anew.
"""

from pathlib import Path

from nas.arch.holes import shared, span
from nas.arch.nodes import (
    DEPTHWISE,
    Act,
    Branches,
    Cells,
    Chain,
    Chunk,
    Conv,
    Dropout,
    DropPath,
    Exit,
    Flatten,
    Fork,
    GlobalPool,
    Graph,
    Linear,
    LocalResponseNorm,
    Norm,
    Pool,
    RadialBasis,
    Ratio,
    Repeat,
    Scale,
    Scope,
    Shift,
    Shortcut,
    Shuffle,
    Step,
    Subsample,
    TableConv,
    pick,
)
from nas.arch.text import fingerprint, text

GOLDEN = Path(__file__).parent

_UNIT = Chain(Conv(16, 3), Norm(), Act())
_CELL = Graph(
    (1, 2), (Step((Conv(8, 3), 0), (Chain(), 1)), Step((Pool("max", 3, stride=1, padding=1), 0), join="mean"))
)

NETWORKS = {
    "residual": Chain(
        Conv(16, 7, stride=2, bias=True),
        Pool("max", 3, stride=2, padding=1, ceil=True),
        Repeat("block", Chain(Branches(Shortcut(), Chain(_UNIT, Conv(16, 3), Norm(scale=False))), Act()), 3),
        Branches(Shortcut("zero_pad", kernel=2), Conv(Ratio(2), stride=2)),
        GlobalPool(),
        Flatten(),
        Linear(10, bias=False),
    ),
    "mobile": Chain(
        Conv(Ratio(6), 1),
        Norm(eps=1e-3),
        Act("relu6"),
        Conv(DEPTHWISE, 3, stride=(1, 2), groups=DEPTHWISE, padding=(0, 1, 1, 1)),
        Branches(
            Chain(),
            Chain(GlobalPool(), Conv(Ratio(1, 16), bias=True), Act(), Conv("fit", bias=True), Act("sigmoid")),
            join="multiply",
        ),
        Shuffle(3),
        Branches(Chunk(0), Chain(Chunk(1), Shift(1, 2)), join="concat"),
        Chunk(2, 3),
        DropPath(0.2),
    ),
    "fractal": Chain(
        DropPath(0.5, by="batch"),
        Branches(
            Chain(
                Branches(Chain(Conv(3, 3), Conv(3, 3)), Conv(3, 3), join="mean", drop_path=0.15), Fork(Act(), Chain())
            ),
            Conv(3, 3, groups=3),
            join="mean",
            drop_path=0.15,
        ),
    ),
    "cells": Chain(
        Conv(8, 3),
        Cells(_CELL, _CELL, Chain(_CELL, Exit(Chain(GlobalPool(), Flatten(), Linear(10)), 0.3))),
        Branches(Conv(4), Chain(Act(), Fork(Conv(4, 3), Chain(Conv(4, 5), Scale(0.1)))), join="concat"),
    ),
    "lenet": Chain(
        Conv(6, 5, padding=0, bias=True),
        Subsample(),
        Act("lecun_tanh"),
        TableConv(((0, 1, 2), (1, 2, 3), (0, 3))),
        LocalResponseNorm(3, alpha=2e-5),
        Pool("avg", (2, 3), stride=1, count_include_pad=False),
        Norm("group", groups=3, eps=1 / 7000),
        Dropout(0.25),
        Flatten(),
        RadialBasis(10),
    ),
    "space": Chain(
        Conv(span("stem", 8, 64, 8), pick("kernel", 3, 5), stride=pick("stride", 1, (1, 2))),
        Repeat(
            "stage",
            pick(
                "block",
                plain=Conv(shared("", pick("width", 16, 32)) * 2, (pick("tall", 1, 3), 3)),
                pooled=Scope("pooled", Chain(Pool(pick("kind", "max", "avg"), 2))),
                none=Chain(),
                scope="",
            ),
            span("depth", 0, 4),
        ),
        Branches(Chain(), Act(pick("act", "relu", "silu")), join=pick("join", "add", "concat")),
    ),
}
"""Every kind of part and hole, in a network or space or another."""


def written(name: str) -> str:
    """What the golden file of a network holds: its fingerprint, an empty line, its text."""
    return f"{fingerprint(NETWORKS[name])}\n\n{text(NETWORKS[name])}"
