"""With torchvision's weights copied over, our modules give torchvision's outputs."""

import re
from collections.abc import Callable
from types import ModuleType

import pytest
import torch
from torch import nn

import nas
from nas import catalog


def build(name: str) -> nn.Module:
    named = catalog.network(name)
    return nas.build(named.network(), input=named.input).eval()


def randomized(module: nn.Module) -> nn.Module:
    """The module with running statistics that matter."""
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 1.5)
    return module.eval()


def resnet_names(theirs: nn.Module) -> dict[str, str]:
    """torchvision's layer names of a ResNet, by ours."""
    names = {"conv1": "conv1", "norm1": "bn1", "linear1": "fc"}
    blocks = [name for name, _ in theirs.named_modules() if re.fullmatch(r"layer\d\.\d+", name)]
    for i, block in enumerate(blocks, 1):
        for k in (1, 2, 3):
            names[f"add{i}.branch2.conv{k}"] = f"{block}.conv{k}"
            names[f"add{i}.branch2.norm{k}"] = f"{block}.bn{k}"
        names[f"add{i}.branch1.shortcut1.conv1"] = f"{block}.downsample.0"
        names[f"add{i}.branch1.shortcut1.norm1"] = f"{block}.downsample.1"
    return names


def in_order(module: nn.Module) -> list[nn.Module]:
    """The layers that hold weights, in the order in which they run."""
    layers: list[nn.Module] = []

    def note(layer: nn.Module, *_: object) -> None:
        layers.append(layer)

    weighty = [m for m in module.modules() if not list(m.children()) and list(m.parameters(recurse=False))]
    hooks = [layer.register_forward_hook(note) for layer in weighty]
    with torch.no_grad():
        module(torch.zeros(1, 3, 224, 224))
    for hook in hooks:
        hook.remove()
    return layers


def copy_by_name(ours: nn.Module, theirs: nn.Module) -> None:
    there, copied = dict(theirs.named_modules()), 0
    names = resnet_names(theirs)
    for name, layer in ours.named_modules():
        if list(layer.parameters(recurse=False)):
            layer.load_state_dict(there[names[name]].state_dict())
            copied += 1
    assert copied == sum(1 for layer in there.values() if list(layer.parameters(recurse=False)))


def copy_in_order(ours: nn.Module, theirs: nn.Module) -> None:
    for mine, other in zip(in_order(ours), in_order(theirs), strict=True):
        mine.load_state_dict(other.state_dict())


CASES: dict[str, tuple[str, Callable[[nn.Module, nn.Module], None], dict[str, object]]] = {
    "resnet18": ("resnet18", copy_by_name, {}),
    "resnet50": ("resnet50", copy_by_name, {}),
    "resnext50_32x4d": ("resnext50_32x4d", copy_by_name, {}),
    "densenet121": ("densenet121", copy_in_order, {}),
    "mobilenet_v2": ("mobilenet_v2", copy_in_order, {}),
    "googlenet_bn": ("googlenet", copy_in_order, {"init_weights": False, "aux_logits": False}),
    "vgg11_bn": ("vgg11_bn", copy_in_order, {}),
    "alexnet_one_tower": ("alexnet", copy_in_order, {}),
}


@pytest.mark.parametrize("name", CASES)
def test_outputs_equal_torchvision(name: str, torchvision: ModuleType) -> None:
    other, copy, options = CASES[name]
    torch.manual_seed(0)
    theirs = randomized(getattr(torchvision.models, other)(weights=None, **options))
    ours = build(name)
    copy(ours, theirs)
    images = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        a, b = ours(images), theirs(images)
    assert (a - b).abs().max() <= 1e-4 * b.abs().max()
