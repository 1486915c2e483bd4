"""A space of my own: a network with holes. Change it, then search it.

nas info --space FILE.py:space
nas search --space FILE.py:space --budget 10cpumin
nas search --space FILE.py:space --data path/to/images --budget 1gpuh
"""

from nas.arch.holes import span
from nas.arch.nodes import Act, Branches, Chain, Conv, Flatten, GlobalPool, Linear, Norm, Repeat, Scope, Shortcut, pick

# A hole stands wherever a value may stand. pick() is one of some values, span() an integer of a range.
# scope="" is the whole space: decided once. Without it, each scope and each repetition decides anew.
stem = pick("stem", 16, 24, 32, scope="")
depth = span("depth", 0, 2)


def layer(width: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> Chain:
    """Convolution, normalization, activation; the padding keeps the size of the map where the stride is 1."""
    return Chain(Conv(width, kernel, stride=stride, groups=groups), Norm(), Act())


def block(width: int, stride: int) -> Chain:
    """A residual block; each place in the network decides anew which, with which kernel."""
    kernel = pick("kernel", 3, 5)
    # Alternatives that are parts have labels; the holes inside one are asked for only where it is chosen.
    body = pick(
        "body",
        plain=Chain(layer(width, kernel, stride), Conv(width, 3), Norm()),
        # width // 4 follows from the hole width: arithmetic is no decision of its own.
        bottleneck=Chain(
            layer(width // 4), layer(width // 4, kernel, stride, groups=pick("groups", 1, 2)), Conv(width), Norm()
        ),
    )
    # Branches(…) adds, join="concat" sets side by side. Shortcut() takes the shape of what it is added to.
    return Chain(Branches(Shortcut(), body), Act())


def stage(name: str, *widths: int) -> Scope:
    """One to three blocks of one width; the first halves the map."""
    # scope=name: decided once for the stage, although it stands in blocks that decide for themselves.
    width = pick("width", *widths, scope=name)
    return Scope(name, Chain(Scope("first", block(width, stride=2)), Repeat("block", block(width, stride=1), depth)))


def space(classes: int = 10) -> Chain:
    """What is searched: a network with holes, or a function from the number of classes to one, as here."""
    return Chain(
        layer(stem, 3),
        stage("stage1", 32, 48),
        stage("stage2", 64, 96),
        stage("stage3", 96, 128, 160),
        GlobalPool(),
        Flatten(),
        Linear(classes),
    )
