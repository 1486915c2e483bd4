"""What it costs to leave a network at each of its exits."""

from nas.arch.cost import Shape
from nas.arch.nodes import Network
from nas.arch.outline import outline


def exits(network: Network, input: Shape) -> list[tuple[int, int]]:
    """Parameters and MACs of the way from the input through each exit, the heads of earlier exits left out.

    Exits of the main chain and of the cells in it are seen, in order.
    """
    ways, params, macs = [], 0, 0
    for stage in outline(network, input):
        for block in stage.blocks:
            params, macs = params + block.params, macs + block.macs
            if block.kind == "exit":
                ways.append((params + block.exit_params, macs + block.exit_macs))
    return ways
