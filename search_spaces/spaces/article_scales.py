"""The grid of scales of the space `article`: layers of several scales, densely connected, with classifiers (MSDNet).

As in `search_spaces/networks/msdnet.py`, the grid is a row of cells, layer by layer, in a layer from fine to coarse,
and a cell of a layer of m scales reads its own scale m cells back and the next finer one m + 1 cells back.
"""

from collections.abc import Iterator

from nas.arch.holes import span
from nas.arch.nodes import Cells, Chain, Choice, Exit, Flatten, GlobalPool, Graph, Linear, Part, Repeat, Scope, Step
from search_spaces.spaces.article_layers import STAGE, conv_act, maybe, odd, percent, several, width

_MOST_SCALES = 6


def grid(classes: int) -> Chain:
    """A grid of one to six scales and the linear layer that reads its last cell."""
    numbers = range(1, _MOST_SCALES + 1)
    rows = tuple(Chain(Cells(*_scales(number), _layers(number, classes))) for number in numbers)
    row = Choice("scales", tuple(f"s{number}" for number in numbers), rows)
    return Chain(Scope(STAGE, Chain(Cells(row))), Linear(classes))


def _scales(number: int) -> Iterator[Part]:
    """The first layer, which makes the coarser scales of what comes in."""
    return (Scope(f"scale{i}", conv_act(width(), odd("kernel"), stride=2)) for i in range(2, number + 1))


def _layers(number: int, classes: int) -> Part:
    """Layers of so many scales; then the last one, or those of a scale less."""
    rows = several("layer", _layer(number, _exit(classes)), most=64)
    last = _layer(number, _features())
    if number == 1:
        return Chain(Cells(rows), Cells(Scope("last", last)))
    fewer = number - 1
    ending = _layer(fewer, Chain(), finer=True)
    parts = {
        "last": Cells(Scope("last", last)),
        "last_of_fewer": Cells(Scope("ending", ending), Scope("squeezed", _squeezed(fewer, _features()))),
        "fewer": Cells(
            Scope("ending", ending), Scope("squeezed", _squeezed(fewer, _exit(classes))), _layers(fewer, classes)
        ),
    }
    return Chain(Cells(rows), Cells(Choice(f"after{number}", tuple(parts), tuple(parts.values()))))


def _layer(number: int, tail: Part, *, finer: bool = False) -> Chain:
    """A cell for each scale, `tail` after the coarsest; `finer` says that the finest reads a finer one, too."""
    down, normal = (_conv("down", stride=2), 1), (_conv("normal", stride=1), 0)
    both = Graph((number, number + 1), (Step((Chain(), 0), down, normal, join="concat"),))
    own = Graph((number,), (Step((Chain(), 0), normal, join="concat"),))
    return _row([both if finer or i else own for i in range(number)], tail)


def _squeezed(number: int, tail: Part) -> Chain:
    """A 1×1 convolution of each scale, `tail` after the coarsest."""
    return _row([Graph((number,), (Step((conv_act(width()), 0)),)) for _ in range(number)], tail)


def _row(cells: list[Graph], tail: Part) -> Chain:
    *others, last = (Scope(f"scale{i}", Chain(cell)) for i, cell in enumerate(cells, 1))
    return Chain(Cells(*others, Chain(last, tail)))


def _conv(name: str, *, stride: int) -> Scope:
    """1×1 and k×k convolution."""
    return Scope(name, Chain(conv_act(width("inner")), conv_act(width(), odd("kernel"), stride=stride)))


def _exit(classes: int) -> Part:
    return maybe("exit", Exit(Chain(_features(), Linear(classes)), percent("weight")))


def _features() -> Chain:
    """What a classifier makes of the coarsest scale before its linear layer."""
    down = Repeat("down", conv_act(width(), odd("kernel"), stride=2), span("downs", 0, 4))
    return Chain(down, GlobalPool(), Flatten())
