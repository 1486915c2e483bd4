"""Any network has an outline that leaves nothing out, and is told in words."""

from collections.abc import Iterable

from hypothesis import given

from nas.arch.cost import cost
from nas.arch.nodes import Cells, Part, chain
from nas.arch.outline import outline
from nas.arch.told import told
from tests.strategies import Case, networks


@given(networks())
def test_an_outline_has_every_part_once_and_all_it_costs(case: Case) -> None:
    blocks = [block for stage in outline(case.network, case.input) for block in stage.blocks]
    made = cost(case.network, case.input)
    parts = [part for block in blocks for repeat in block.repeats for part in repeat.parts]
    assert _without_cells(parts) == _without_cells(chain(case.network).parts)
    assert sum(block.params for block in blocks) == made.params
    assert sum(block.macs for block in blocks) == made.macs
    assert sum(block.exit_params for block in blocks) == made.exit_params
    assert (blocks[-1].output if blocks else case.input) == made.output


@given(networks())
def test_every_network_is_told_with_all_it_costs(case: Case) -> None:
    lines, made = told(case.network, case.input), cost(case.network, case.input)
    assert (sum(line.params for line in lines), sum(line.macs for line in lines)) == (made.params, made.macs)


def _without_cells(parts: Iterable[Part]) -> list[Part]:
    """Parts, those of cells in their place."""
    found: list[Part] = []
    for part in parts:
        found += (
            [inner for cell in part.cells for inner in _without_cells(cell.parts)]
            if isinstance(part, Cells)
            else [part]
        )
    return found
