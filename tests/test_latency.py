"""Latency: folding changes no answer, and what is measured is what was asked for."""

import time

import pytest
import torch
from torch import Tensor, nn

import nas
from nas import catalog
from nas.arch.nodes import Act, Branches, Chain, Conv, Exit, Flatten, GlobalPool, Linear, Norm, Shortcut
from nas.lower import NetworkModule, fold
from nas.train import latency as room
from nas.train.latency import latencies, latency

IMAGE = (3, 32, 32)
ONE_OF_EACH_FAMILY = (
    "lenet5", "vgg11_bn", "nin_cifar", "googlenet_bn", "bn_inception", "inception_v3",
    "inception_v4", "inception_resnet_v1", "resnet18", "resnet20", "preact_resnet18", "resnext50_32x4d", "wrn-16-4",
    "fractalnet20_thin", "densenet-bc-40-12", "xception", "se_resnet50", "squeezenet1_1", "nasnet_a_mobile",
    "mobilenet_v1-0.25", "mobilenet_v2-0.5", "shufflenet_v1-0.5-g3", "shufflenet_v2-0.5", "msdnet_cifar-batch-5",
    "stochastic_depth110",
)  # fmt: skip


def trained(network: nas.Network, input: tuple[int, ...]) -> NetworkModule:
    """A module whose norms have statistics and weights, as after a training."""
    torch.manual_seed(0)
    module = nas.build(network, input=input)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(part.running_mean, -0.5, 0.5)
            nn.init.uniform_(part.running_var, 0.5, 2)
            with torch.no_grad():
                part.weight.uniform_(0.5, 1.5)
                part.bias.uniform_(-0.5, 0.5)
    return module.eval()


def norms(module: nn.Module) -> int:
    return sum(isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d) for part in module.modules())


@torch.no_grad()
def agree(module: NetworkModule, images: Tensor) -> None:
    ours, theirs = fold(module)(images), module(images)
    assert torch.linalg.vector_norm(ours - theirs) <= 1e-5 * torch.linalg.vector_norm(theirs)


@pytest.mark.parametrize("name", ONE_OF_EACH_FAMILY)
def test_a_folded_network_answers_as_before(name: str) -> None:
    named = catalog.network(name)
    module = trained(named.fitted(10, IMAGE), IMAGE)
    agree(module, torch.randn(2, *IMAGE))


def test_norms_that_follow_a_layer_go_and_others_stay() -> None:
    head = (GlobalPool(), Flatten(), Linear(7), Norm(), Act(), Linear(10))
    first = (Norm(), Conv(8, 3), Norm(scale=False), Act(), Conv(8, 3))  # nothing stands before the first norm
    shared = Branches(Chain(), Chain(Norm(), Act(), Conv(8, 3)))  # the sum reads what the norm reads
    projected = Branches(Shortcut(), Chain(Conv(16, 3, stride=2, bias=True), Norm()))
    exit = Exit(Chain(GlobalPool(), Flatten(), Linear(10)))
    module = trained(Chain(*first, shared, exit, projected, *head), IMAGE)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    agree(module, torch.randn(3, *IMAGE))
    folded = fold(module)
    assert (norms(module), norms(folded)) == (6, 2)
    assert not folded.exit_weights
    assert [len(made) for made in folded.anytime(torch.randn(3, *IMAGE))] == [3]
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    assert {name.rpartition(".")[0] for name in folded.state_dict()} < {name.rpartition(".")[0] for name in before}


def test_a_norm_of_groups_stays() -> None:
    module = trained(Chain(Conv(8, 3), Norm("group", groups=2), GlobalPool(), Flatten(), Linear(10)), IMAGE)
    agree(module, torch.randn(2, *IMAGE))
    assert any(isinstance(part, nn.GroupNorm) for part in fold(module).modules())


def test_it_is_the_median_of_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter((9.0, *(0.001 * i for i in range(1, 6))))
    monkeypatch.setattr(room, "_runner", lambda *_: lambda: next(times))
    made = latency(Chain(), IMAGE, batch=4, seconds=0.0)
    assert (made.median_s, made.least_s, made.runs, made.batch) == (0.003, 0.001, 5, 4)
    assert made.spread == pytest.approx(0.003)


def test_more_work_takes_longer_and_the_time_is_bounded() -> None:
    small = catalog.network("resnet20").network()
    large = catalog.network("resnet56").network()
    before = torch.get_num_threads(), torch.random.get_rng_state()
    begin = time.perf_counter()
    quick, slow = latencies([small, large], IMAGE, seconds=0.5)
    assert time.perf_counter() - begin < 10
    assert 1.5 < slow.median_s / quick.median_s < 6
    assert 0 < quick.least_s <= quick.median_s
    assert latency(small, IMAGE, batch=8, threads=2, seconds=0.2).median_s > quick.median_s
    assert torch.get_num_threads() == before[0]
    assert torch.equal(torch.random.get_rng_state(), before[1])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is here")
def test_on_a_gpu_it_is_that_of_a_graph() -> None:
    small = catalog.network("resnet20").network()
    one, many = (latency(small, IMAGE, batch=batch, device="cuda", seconds=0.5) for batch in (1, 1024))
    assert 0 < one.median_s < many.median_s < 1024 * one.median_s
