"""Steps as CUDA graphs: the same training as without, for every kind of network."""

import pytest
import torch

from nas import build, catalog
from nas.train.fit import seed_everything
from nas.train.recipe import Recipe
from nas.train.step import Step

INPUT, CLASSES, BATCH = (3, 32, 32), 10, 32
PLAIN = ("resnet20", "googlenet_bn", "densenet-40-12", "wrn-16-4", "resnext50_32x4d", "resnet20+se", "mobilenet_v2-0.5")
DRAWN = ("alexnet", "fractalnet20", "stochastic_depth110", "nasnet_a_cifar", "xception", "msdnet_cifar-anytime-7")


def losses(name: str, *, graph: bool, clip: float | None = None) -> list[float]:
    """Of 8 steps on 8 batches; the rate differs from step to step."""
    seed_everything(0)
    device = torch.device("cuda")
    network = catalog.network(name).fitted(CLASSES, INPUT)
    step = Step(build(network, input=INPUT), Recipe(epochs=1, batch=BATCH, clip=clip), device=device, graph=graph)
    images = torch.randn(8, BATCH, *INPUT, device=device)
    labels = torch.randint(0, CLASSES, (8, BATCH), device=device)
    step.module.train()
    told = [
        step(some.contiguous(memory_format=torch.channels_last), of_some, lr=0.004 * (1 + i))
        for i, (some, of_some) in enumerate(zip(images, labels, strict=True))
    ]
    return [float(loss) for loss in told]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("name", PLAIN)
def test_a_graph_trains_as_steps_do(name: str) -> None:
    assert losses(name, graph=True) == pytest.approx(losses(name, graph=False), rel=0.05)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("name", DRAWN)
def test_a_graph_draws_anew_in_every_step(name: str) -> None:
    """Dropout and drop-path draw from torch's generator, whose state a graph reads: so two runs are one."""
    told = losses(name, graph=True, clip=1.0)
    assert told == pytest.approx(losses(name, graph=True, clip=1.0), rel=0.05)
    assert len(set(told)) == len(told)
