"""With the weights of another implementation copied over, ours gives its outputs.

A row of `REFERENCES` names the other network. Layers are matched in the order in which they run, among those of one
shape; where theirs run in another order, the row says which come first in ours. A wrong match shows in the outputs.
"""

import importlib
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import pytest
import torch
from torch import Tensor, nn

import nas
from nas import catalog
from nas.arch.cost import Shape
from nas.arch.nodes import Branches, Chain, Conv, Edge, Graph, LocalResponseNorm, Network, Part, Pool, Step, chain
from nas.arch.rewrite import rewrite, without_exits
from tests import plain
from tests.drawn import filled, undrawn

Layer = tuple[str, nn.Module]


@dataclass(frozen=True)
class Reference:
    """Another implementation of a network.

    Args:
        library: torchvision, timm or pytorchcv, or "plain", for what stands in `tests/plain.py`.
        name: What it is called there; in pytorchcv "file.function", in order not to import all its files.
        options: Arguments of it.
        first: A regular expression: their layers whose names match come before the others of their block, which is
            what stands before the match.
        side: Height and width of the images; those of the paper unless said.
        adapt: A rewrite of ours, where theirs has a structural departure that the docstring explains.
        dtype: Double where a network is so deep that the rounding of single precision grows out of hand.
    """

    library: str
    name: str
    options: dict[str, object] = field(default_factory=dict)
    first: str = r"(?!)"
    side: int | None = None
    adapt: Callable[[Network], Network] = chain
    dtype: torch.dtype = torch.float32


def with_ceil_pool(network: Network) -> Network:
    """The network with its padded max pool rounding up instead."""
    padded, rounding = Pool("max", 3, stride=2, padding=1), Pool("max", 3, stride=2, ceil=True)
    return rewrite(network, lambda part: rounding if part == padded else part)


def norm_before_pool(network: Network) -> Chain:
    """pytorchcv's ZFNet has the order of AlexNet."""
    parts = list(chain(network).parts)
    for at in [at for at, part in enumerate(parts) if isinstance(part, LocalResponseNorm)]:
        parts[at - 1 : at + 1] = parts[at], parts[at - 1]
    return Chain(*parts)


def pools_padded(network: Network) -> Chain:
    """pytorchcv's NiN pads on all sides instead of rounding up, which shifts the windows by a pixel."""
    return rewrite(network, lambda part: replace(part, ceil=False, padding=1) if isinstance(part, Pool) else part)


def unpadded(network: Network) -> Chain:
    """Other libraries' SqueezeNet pads nothing at the end."""

    def rule(part: Part) -> Part:
        return replace(part, padding=0) if isinstance(part, Conv) and part.kernel == 1 else part

    return rewrite(network, rule)


def as_in_timm(network: Network) -> Network:
    """A NASNet without its head, whose cells put out what they keep where it was made; average pools count padding."""

    def rule(part: Part) -> Part:
        match part:
            case Pool(kind="avg", stride=2):
                return replace(part, count_include_pad=True)
            case Graph(steps=(*steps, keeping)):
                kept = keeping.edges[0].source
                at = kept - len(part.inputs) + 1
                later = [Step(*(moved(edge, kept) for edge in step.edges), join=step.join) for step in steps]
                return Graph(part.inputs, (*later[:at], keeping, *later[at:]))
            case _:
                return part

    def moved(edge: Edge, kept: int) -> Edge:
        return replace(edge, source=edge.source + (edge.source > kept))

    return rewrite(without_exits(network), rule)


def body_first(network: Network) -> Network:
    """A ShuffleNet v1 as in pytorchcv, where units of stride 2 put what they pool last."""

    def turned(part: Part) -> Part:
        concat = isinstance(part, Branches) and part.join == "concat"
        return Branches(*reversed(part.branches), join="concat") if concat else part

    return rewrite(network, turned)


IDENTITY = "identity_conv"
WRN = {"num_classes": 10, "blocks": 16, "width_factor": 1}
FRACTALNET_40 = {
    "channels": (16, 32, 64, 128, 128),
    "num_columns": 4,
    "dropout_probs": (0.0,) * 5,
    "loc_drop_prob": 0.15,
    "glob_drop_ratio": 0.5,
    "num_classes": 100,
}
NO_HEADS = {"init_weights": False, "aux_logits": False}
DOWN = "downsample"
CIFAR = {"num_classes": 10, "bottleneck": False}
UNDRAWN = {"init_weights": False}
NO_HEADS = {**UNDRAWN, "aux_logits": False}

REFERENCES = {
    "lenet5": Reference("plain", "lenet5"),
    "lenet_caffe": Reference("plain", "lenet_caffe"),
    "alexnet": Reference("plain", "alexnet"),
    "alexnet_ungrouped": Reference("pytorchcv", "alexnet.alexnet"),
    "alexnet_one_tower": Reference("torchvision", "alexnet"),
    "zfnet": Reference("pytorchcv", "zfnet.zfnet", adapt=norm_before_pool),
    "zfnet_b": Reference("pytorchcv", "zfnet.zfnetb", adapt=norm_before_pool),
    "nin_cifar": Reference("plain", "nin_cifar"),
    "nin_cifar padded": Reference("pytorchcv", "nin_cifar.nin_cifar10", adapt=pools_padded),
    "nin_imagenet": Reference("plain", "nin_imagenet"),
    "vgg11": Reference("torchvision", "vgg11", UNDRAWN),
    "vgg13": Reference("torchvision", "vgg13", UNDRAWN),
    "vgg16": Reference("torchvision", "vgg16", UNDRAWN),
    "vgg19": Reference("torchvision", "vgg19", UNDRAWN),
    "vgg11_bn": Reference("torchvision", "vgg11_bn", UNDRAWN),
    "vgg13_bn": Reference("torchvision", "vgg13_bn", UNDRAWN),
    "vgg16_bn": Reference("torchvision", "vgg16_bn", UNDRAWN),
    "vgg19_bn": Reference("torchvision", "vgg19_bn", UNDRAWN),
    "googlenet": Reference("plain", "googlenet"),
    "googlenet_bn": Reference("torchvision", "googlenet", NO_HEADS, side=96),
    "bn_inception": Reference("pytorchcv", "bninception.bninception"),
    "inception_v2_slim": Reference("plain", "inception_v2_slim"),
    "inception_v3": Reference("torchvision", "inception_v3", NO_HEADS),
    "resnet18": Reference("torchvision", "resnet18", first=DOWN, side=96),
    "resnet34": Reference("torchvision", "resnet34", first=DOWN, side=96),
    "resnet50": Reference("torchvision", "resnet50", first=DOWN, side=96),
    "resnet101": Reference("torchvision", "resnet101", first=DOWN, side=96),
    "resnet152": Reference("torchvision", "resnet152", first=DOWN, side=96),
    "resnet50_v1": Reference("pytorchcv", "resnet.resnet50"),
    "resnet101_v1": Reference("pytorchcv", "resnet.resnet101"),
    "resnet152_v1": Reference("pytorchcv", "resnet.resnet152"),
    "resnet20": Reference("plain", "cifar_resnet", {"depth": 20}),
    "resnet32": Reference("plain", "cifar_resnet", {"depth": 32}),
    "resnet44": Reference("plain", "cifar_resnet", {"depth": 44}),
    "resnet56": Reference("plain", "cifar_resnet", {"depth": 56}),
    "resnet110": Reference("plain", "cifar_resnet", {"depth": 110}),
    "resnet1202": Reference("plain", "cifar_resnet", {"depth": 1202}),
    "resnet20_b": Reference("pytorchcv", "resnet_cifar.get_resnet_cifar", {**CIFAR, "blocks": 20}),
    "resnet32_b": Reference("pytorchcv", "resnet_cifar.get_resnet_cifar", {**CIFAR, "blocks": 32}),
    "resnet44_b": Reference("pytorchcv", "resnet_cifar.get_resnet_cifar", {**CIFAR, "blocks": 44}),
    "resnet56_b": Reference("pytorchcv", "resnet_cifar.get_resnet_cifar", {**CIFAR, "blocks": 56}),
    "resnet110_b": Reference("pytorchcv", "resnet_cifar.get_resnet_cifar", {**CIFAR, "blocks": 110}),
    "resnet1202_b": Reference("pytorchcv", "resnet_cifar.get_resnet_cifar", {**CIFAR, "blocks": 1202}),
    "preact_resnet20": Reference("pytorchcv", "preresnet_cifar.preresnet20_cifar10", first=IDENTITY),
    "preact_resnet164": Reference("pytorchcv", "preresnet_cifar.preresnet164bn_cifar10", first=IDENTITY),
    "preact_resnet50": Reference("pytorchcv", "preresnet.preresnet50b", first=IDENTITY),
    "wrn-10-1": Reference("pytorchcv", "wrn_cifar.get_wrn_cifar", WRN | {"blocks": 10}, first=IDENTITY),
    "wrn-16-4": Reference("pytorchcv", "wrn_cifar.get_wrn_cifar", WRN | {"width_factor": 4}, first=IDENTITY),
    "wrn50_2": Reference("torchvision", "wide_resnet50_2", first=DOWN, side=96),
    "fractalnet20": Reference("pytorchcv", "fractalnet_cifar.fractalnet_cifar10"),
    "fractalnet40": Reference("pytorchcv", "fractalnet_cifar.CIFARFractalNet", FRACTALNET_40),
    "densenet121": Reference("torchvision", "densenet121", side=96),
    "densenet-bc-40-12": Reference("pytorchcv", "densenet_cifar.densenet40_k12_bc_cifar10"),
    "resnext50_32x4d": Reference("torchvision", "resnext50_32x4d", first=DOWN, side=96),
    "xception": Reference("timm", "legacy_xception", first="skip", side=107),
    "mobilenet_v1": Reference("pytorchcv", "mobilenet.mobilenet_w1"),
    "mobilenet_v1-0.25": Reference("pytorchcv", "mobilenet.mobilenet_wd4"),
    "inception_v4": Reference("timm", "inception_v4", side=107),
    "inception_resnet_v1": Reference("plain", "inception_resnet_v1", side=107),
    "inception_resnet_v1_facenet": Reference("pytorchcv", "inceptionresnetv1.inceptionresnetv1"),
    "inception_resnet_v2": Reference("timm", "inception_resnet_v2", side=107),
    "se_bn_inception": Reference("plain", "se_bn_inception"),
    "squeezenet1_0": Reference("plain", "squeezenet1_0"),
    "squeezenet1_0 unpadded": Reference("torchvision", "squeezenet1_0", side=224, adapt=unpadded),
    "squeezenet1_1": Reference("torchvision", "squeezenet1_1"),
    "resnext20_16x4d": Reference("pytorchcv", "resnext_cifar.resnext20_16x4d_cifar10", first=IDENTITY),
    "se_resnet50": Reference("timm", "legacy_seresnet50", first=DOWN, side=96, adapt=with_ceil_pool),
    "se_resnext50_32x4d": Reference("timm", "legacy_seresnext50_32x4d", first=DOWN, side=96, adapt=with_ceil_pool),
    "senet154": Reference("timm", "legacy_senet154", first=DOWN, side=64, adapt=with_ceil_pool, dtype=torch.float64),
    "nasnet_a_large": Reference("timm", "nasnetalarge", first="conv_1x1", side=35, adapt=as_in_timm),
    "mobilenet_v2": Reference("torchvision", "mobilenet_v2", side=96),
    "mobilenet_v2-1.4": Reference("torchvision", "mobilenet_v2", {"width_mult": 1.4}, side=96),
    "shufflenet_v1-1.0-g1": Reference("pytorchcv", "shufflenet.shufflenet_g1_w1", adapt=body_first),
    "shufflenet_v1-1.0-g3": Reference("pytorchcv", "shufflenet.shufflenet_g3_w1", adapt=body_first),
    "shufflenet_v1-1.0-g8": Reference("pytorchcv", "shufflenet.shufflenet_g8_w1", adapt=body_first),
    "shufflenet_v1-0.5-g3": Reference("pytorchcv", "shufflenet.shufflenet_g3_wd2", adapt=body_first),
    "shufflenet_v1-0.25-g1": Reference("pytorchcv", "shufflenet.shufflenet_g1_wd4", adapt=body_first),
    "shufflenet_v2-0.5": Reference("torchvision", "shufflenet_v2_x0_5", side=96),
    "shufflenet_v2-1.0": Reference("torchvision", "shufflenet_v2_x1_0", side=96),
    "shufflenet_v2-1.5": Reference("torchvision", "shufflenet_v2_x1_5", side=96),
    "shufflenet_v2-2.0": Reference("torchvision", "shufflenet_v2_x2_0", side=96),
}
"""By our name, in the order of the networks' story; a second row for a network has a word more."""


def made(reference: Reference) -> nn.Module:
    match reference.library:
        case "torchvision":
            make = getattr(importlib.import_module("torchvision.models"), reference.name)
        case "timm":
            make = partial(importlib.import_module("timm").create_model, reference.name)
        case "plain":
            make = getattr(plain, reference.name)
        case _:
            file, function = reference.name.split(".")
            make = getattr(importlib.import_module(f"pytorchcv.models.{file}"), function)
    module = make(**reference.options)
    assert isinstance(module, nn.Module)
    return module.eval()


@torch.no_grad()
def enliven(module: nn.Module, images: Tensor) -> None:
    """Set weights and running statistics under which what comes out depends on every number and on the images.

    As the libraries draw them, many networks give nearly the same output whatever they see.
    """

    def scale(layer: nn.Module, _: object, output: Tensor) -> Tensor:
        assert isinstance(layer.weight, Tensor)
        layer.weight /= output.std()
        return output / output.std()

    norms = [layer for layer in module.modules() if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)]
    for norm in norms:
        norm.weight.uniform_(0.5, 1.5)
        norm.bias.normal_(0, 0.1)
        norm.momentum = 1.0
        norm.train()
    others = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    biases = [layer.bias.zero_() for layer in others if layer.bias is not None]
    hooks = [layer.register_forward_hook(scale) for layer in others]
    module(images)
    for hook in hooks:
        hook.remove()
    for bias in biases:
        bias.normal_(0, 0.1)
    module.eval()


def layers_run(network: nn.Module, run: Callable[[], object]) -> list[Layer]:
    """The layers that hold weights, in the order in which a run runs them."""
    ran: list[Layer] = []
    hooks = [
        layer.register_forward_hook(lambda layer, *_, name=name: ran.append((name, layer)))
        for name, layer in network.named_modules()
        if any("." not in key for key in layer.state_dict())
    ]
    with torch.no_grad():
        run()
    for hook in hooks:
        hook.remove()
    return ran


def layers_of(network: Network, input: Shape, module: nn.Module) -> list[Layer]:
    """The layers of `module`, which is built of `network`, in the order in which they run: nothing is computed."""
    with torch.device("meta"):
        same = nas.build(network, input=input).eval()
        order = layers_run(same, lambda: same(torch.empty(1, *input)))
    return [(name, module.get_submodule(name)) for name, _ in order]


def with_first(layers: list[Layer], pattern: str) -> list[Layer]:
    """The layers, those whose names match before the others of their block."""
    moved = list(layers)
    for late in layers:
        if found := re.search(pattern, late[0]):
            block = late[0][: found.start()]
            others = (name.startswith(block) and not re.search(pattern, name) for name, _ in moved)
            moved.remove(late)
            moved.insert(list(others).index(True), late)
    return moved


def by_shape(layers: list[Layer]) -> dict[str, list[nn.Module]]:
    """The layers of each shape; a linear layer and a 1×1 convolution are of one."""
    alike = defaultdict(list)
    for _, layer in layers:
        alike[str([(key, *weight.squeeze().shape) for key, weight in layer.state_dict().items()])].append(layer)
    return alike


def copy(ours: list[Layer], theirs: list[Layer]) -> None:
    mine, others = by_shape(ours), by_shape(theirs)
    assert {shape: len(layers) for shape, layers in mine.items()} == {s: len(layers) for s, layers in others.items()}
    for shape, layers in mine.items():
        for layer, other in zip(layers, others[shape], strict=True):
            weights = layer.state_dict()
            layer.load_state_dict({key: w.view(weights[key].shape) for key, w in other.state_dict().items()})


@pytest.mark.parametrize("name", REFERENCES)
def test_outputs_equal_the_reference(name: str, request: pytest.FixtureRequest) -> None:
    reference, named = REFERENCES[name], catalog.network(name.split()[0])
    if reference.library != "plain":
        request.getfixturevalue(reference.library)
    channels, height, width = named.input
    shape = (channels, reference.side or height, reference.side or width)
    torch.manual_seed(0)
    images = torch.randn(2, *shape, dtype=reference.dtype)
    network = reference.adapt(named.network())
    with undrawn():
        theirs, ours = made(reference), nas.build(network, input=shape).eval().to(reference.dtype)
    theirs = filled(theirs).to(reference.dtype)
    run = layers_run(theirs, lambda: enliven(theirs, images))
    copy(layers_of(network, shape, ours), with_first(run, reference.first))
    with torch.no_grad():
        a, b = ours(images), theirs(images)
    assert (a - b).abs().max() < 1e-4 * (b[0] - b[1]).abs().max()
