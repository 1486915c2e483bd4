"""What leaves nas: the source computes what the module does, the card says where it comes from."""

from typing import Any

import torch
from hypothesis import given, settings

import nas
from nas.errors import PartError
from nas.export.source import source
from nas.export.weights import renamed
from tests.strategies import Case, networks


def taken_home(text: str) -> Any:
    """The class of the network in the text of a `model.py`."""
    space: dict[str, Any] = {"__name__": "model"}
    exec(compile(text, "model.py", "exec"), space)
    return space["Network"]


def spread(module: torch.nn.Module) -> torch.nn.Module:
    """A module no two of whose layers have the same statistics, ready to classify."""
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if "running" in name:
                tensor.uniform_(0.5, 1.5)
    return module.eval()


def assert_alike(network: nas.Network, image: tuple[int, ...]) -> None:
    text, names = source(network, image, "A network.")
    ours = spread(nas.build(network, input=image))
    theirs = taken_home(text)().eval()
    theirs.load_state_dict(renamed(ours.state_dict(), names))
    x = torch.randn(2, *image)
    with torch.inference_mode():
        expected, made = ours(x), theirs(x)
    torch.testing.assert_close(made, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))


@settings(max_examples=60)
@given(case=networks())
def test_the_source_of_any_network_computes_what_the_module_does(case: Case) -> None:
    try:
        assert_alike(case.network, case.input)
    except PartError as error:
        assert "exit" in error.rule
