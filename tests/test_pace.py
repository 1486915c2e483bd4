"""How long trainings are expected to take, where they cannot all be measured."""

from dataclasses import replace

import pytest
import torch

from nas.arch.cost import cost
from nas.arch.nodes import Act, Chain, Conv, Flatten, GlobalPool, Linear
from nas.data import load
from nas.search.calibrate import seconds_per_image
from nas.search.limits import Candidate
from nas.search.pace import Pace, together
from nas.train.recipe import Recipe

PACE = Pace(Recipe(epochs=4), train=1000, val=100, test=100, per_image_s=0.5, step_s=0.1)


def test_a_network_that_diverges_at_once_has_a_pace() -> None:
    data = load(None)
    network = Chain(Conv(4, 3), Act(), Conv(4, 3), GlobalPool(), Flatten(), Linear(10))
    recipe = Recipe(epochs=1, batch=16, lr=1e30)
    measured = seconds_per_image(
        Candidate(network, cost(network, data.input)), data, recipe, device=torch.device("cpu"), seed=0
    )
    assert measured is not None
    assert 0 < measured < 1


@pytest.mark.parametrize(("paces", "expected"), [((0.5, 2.0), 2.5), ((0.5, None, 2.0), 4.5), ((None, None), None)])
def test_what_is_unknown_takes_as_long_as_the_longest(paces: tuple[float | None, ...], expected: float | None) -> None:
    made = together([replace(PACE, per_image_s=each) for each in paces])
    assert made.per_image_s == expected
    assert made.step_s == pytest.approx(0.1 * len(paces))
