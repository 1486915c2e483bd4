"""Peak memory is what a run of the program needs when every tensor is freed after its last reader."""

from math import prod

import pytest
from hypothesis import given, settings

import nas
from nas.arch.cost import Shape, flow, join_shape
from nas.arch.nodes import Act, Chain, Dropout, DropPath, Flatten, Scale, chain
from nas.lower.program import Instruction, last_reads, lower
from search_spaces.networks import NETWORKS
from tests.strategies import networks

OVERWRITING = Act | Dropout | DropPath | Scale | Flatten


def simulated(network: Chain, input: Shape) -> int:
    """The most bytes that live at once in evaluation, activations and sums overwriting what nobody else reads."""
    program = lower(network, input)
    instructions = [instruction for instruction in program.instructions if not instruction.of_exit]
    shapes, alive = {0: input}, {0: prod(input)}
    most = alive[0]
    for instruction, freed in zip(instructions, last_reads(instructions, {program.output}), strict=True):
        shape = shape_of(instruction, shapes)
        in_place = isinstance(instruction.what, OVERWRITING) or instruction.what in ("add", "mean", "multiply")
        reused = in_place and any(prod(shapes[register]) == prod(shape) for register in freed)
        most = max(most, sum(alive.values()) + prod(shape) * (not reused))
        for register in freed:
            del alive[register]
        shapes[instruction.target], alive[instruction.target] = shape, prod(shape)
    return 4 * most


def shape_of(instruction: Instruction, shapes: dict[int, Shape]) -> Shape:
    """The shape an instruction writes."""
    if isinstance(instruction.what, str):
        return join_shape([shapes[source] for source in instruction.sources], instruction.what)
    return flow(instruction.what, instruction.shape, instruction.fit).shape


@settings(max_examples=20)
@given(networks())
def test_memory_suffices(case):
    """No run of the program needs more than the cost says; it may need less where joins and cells are contorted."""
    assert simulated(case.network, case.input) <= nas.cost(case.network, case.input).memory


@pytest.mark.parametrize(
    "name", ["lenet5", "resnet18", "densenet121", "googlenet", "mobilenet_v2", "se_resnet50", "inception_v4"]
)
def test_memory_is_that_of_the_program(name):
    """On networks as people write them, a run needs just what the cost says."""
    named = NETWORKS[name]
    network = chain(named.network())
    assert simulated(network, named.input) == nas.cost(network, named.input).memory
