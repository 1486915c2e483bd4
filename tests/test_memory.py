"""What a training is said to keep in memory, against the blocks of memory that a real step holds."""

import weakref
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from nas import build, catalog
from nas.train.memory import training_bytes
from nas.train.recipe import Recipe
from nas.train.step import Step


class Watch(TorchDispatchMode):
    """Counts the bytes of all blocks of memory that live, as operators make them and nobody reads them any more."""

    def __init__(self) -> None:
        super().__init__()
        self.living: dict[int, int] = {}
        self.peak = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for tensor in made if isinstance(made, tuple | list) else (made,):
            if isinstance(tensor, torch.Tensor):
                self.see(tensor.untyped_storage())
        return made

    def see(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata
        if key not in self.living:
            self.living[key] = storage.nbytes()
            weakref.finalize(storage, self.living.pop, key, None)
            self.peak = max(self.peak, sum(self.living.values()))


NAMES = ["resnet20", "mobilenet_v2-0.5", "densenet-40-12", "googlenet", "shufflenet_v1-0.5-g3"]
INPUT, BATCH = (3, 32, 32), 32


@pytest.mark.parametrize("name", NAMES)
def test_no_step_takes_more_memory_than_was_foretold_nor_much_less(name: str) -> None:
    network = catalog.network(name).fitted(10, INPUT)
    step = Step(build(network, input=INPUT), Recipe(epochs=1, average=0.9), device=torch.device("cpu"))
    images, labels = torch.randn(BATCH, *INPUT), torch.arange(BATCH) % 10
    step(images, labels, lr=0.1)  # The optimizer makes its momenta.
    with Watch() as watch:
        momenta = [made for state in step.optimizer.state.values() for made in state.values()]
        for tensor in (*step.module.parameters(), *step.module.buffers(), *momenta):
            if isinstance(tensor, torch.Tensor):
                watch.see(tensor.untyped_storage())
        step(images, labels, lr=0.1)
    assert watch.peak <= training_bytes(network, INPUT, batch=BATCH) <= 1.6 * watch.peak


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_grows_with_the_batch(name: str) -> None:
    network = catalog.network(name).fitted(10, INPUT)
    at = [training_bytes(network, INPUT, batch=batch) for batch in (8, 16, 24)]
    assert at[1] - at[0] == pytest.approx(at[2] - at[1], rel=0.01)
