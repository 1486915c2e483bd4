"""Zero-cost measures: what a network tells of itself on one batch, before it is trained; and whether it is dead.

All leave the module as it was, with its running statistics, its gradients and the generators that it draws from.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from nas.data.batches import Batches
from nas.data.dataset import Dataset, Split
from nas.data.splits import subset
from nas.lower import layers
from nas.train.failure import TrialFailure, out_of_memory_is_failure
from nas.train.step import training_loss

IMAGES = 32
"""Of the training split, for all measures of a network."""

_ACTIVATIONS = (
    nn.ReLU,
    nn.Sigmoid,
    nn.Tanh,
    nn.SiLU,
    nn.GELU,
    nn.Hardsigmoid,
    nn.Hardswish,
    layers.ReLU6,
    layers.LecunTanh,
)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.GroupNorm)


def measured(module: nn.Module, data: Dataset, *, device: torch.device, seed: int) -> dict[str, float]:
    """The measures of an untrained network that are finite, by name; moves it to the device.

    Args:
        module: As built and initialized.
        data: A few images of its training split are looked at, every class in its share.
        device: Where to measure.
        seed: Of the images.

    Raises:
        TrialFailure: the network is dead, or memory ran out.
    """
    chosen = subset(data.train.labels, min(IMAGES, len(data.train)), seed=seed)
    few = Split(data.train.images[chosen], data.train.labels[chosen])
    with out_of_memory_is_failure():
        module.to(device)
        images, labels = next(Batches(few, data, device=device, batch=len(few)).once())
        norm = gradient_norm(module, images, labels)
        if not (math.isfinite(norm) and norm > 0):
            raise TrialFailure("dead network", f"before training its gradient has the norm {norm} on {len(few)} images")
        found = {"gradient_norm": norm, "naswot": naswot(module, images), "synflow": synflow(module, data.input)}
    return {name: value for name, value in found.items() if math.isfinite(value)}


def gradient_norm(module: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The Euclidean norm of the gradient of the training loss over all parameters.

    Args:
        module: Computes as in training.
        images: (n, channels, height, width).
        labels: int64 (n,).
    """
    parameters = {name: value.detach().requires_grad_() for name, value in module.named_parameters()}
    with _as_it_was(module, training=True):
        output = functional_call(module, {**parameters, **_copies(module)}, (images,))
        loss = training_loss(output, labels, exit_weights=getattr(module, "exit_weights", ()))
        gradients = _gradients(loss, parameters)
    return math.hypot(*(float(gradient.double().norm()) for gradient in gradients.values()))


def naswot(module: nn.Module, images: Tensor) -> float:
    """How differently a network sees images: log |det K|, where K counts the units that agree on two of them.

    A unit is on for an image where what comes into its activation is above zero. Mellor et al. 2021, "Neural
    architecture search without training", arXiv:2006.04647, for ReLU; here for every kind of activation.

    Args:
        module: Computes as in training.
        images: (n, channels, height, width).

    Returns:
        Minus infinity where two images look the same.
    """
    kernel = torch.zeros(len(images), len(images), dtype=torch.float64, device=images.device)

    def count(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        on = (inputs[0] > 0).flatten(1).float()
        off = 1 - on
        kernel.add_(on @ on.T + off @ off.T)

    hooks = [part.register_forward_pre_hook(count) for part in module.modules() if isinstance(part, _ACTIVATIONS)]
    with _as_it_was(module, training=True, hooks=hooks), torch.no_grad():
        functional_call(module, _copies(module), (images,))
    return float(torch.linalg.slogdet(kernel).logabsdet)


def synflow(module: nn.Module, input: Sequence[int]) -> float:
    """The logarithm of synaptic flow: the sum over parameters of |w| · ∂R/∂|w|.

    R is the sum of what comes out for an image of ones, all weights made positive and norms left out. Tanaka et al.
    2020, "Pruning neural networks without any data by iteratively conserving synaptic flow", arXiv:2006.05467.

    Args:
        module: Computes as in evaluation.
        input: (channels, height, width).
    """
    weights = {name: value.detach().abs().double().requires_grad_() for name, value in module.named_parameters()}
    if not weights:
        return -math.inf
    buffers = {name: value.double() if value.is_floating_point() else value for name, value in _copies(module).items()}
    ones = torch.ones(1, *input, dtype=torch.float64, device=next(iter(weights.values())).device)
    hooks = [part.register_forward_hook(_passed) for part in module.modules() if isinstance(part, _NORMS)]
    with _as_it_was(module, training=False, hooks=hooks):
        flow = functional_call(module, {**weights, **buffers}, (ones,)).sum()
        gradients = _gradients(flow, weights)
    total = sum(float((weights[name].detach() * gradients[name]).abs().sum()) for name in weights)
    return math.log(total) if total > 0 else -math.inf


def _passed(_: nn.Module, inputs: tuple[Tensor, ...], __: Any) -> Tensor:
    """What came in, as a copy: what follows may write over it."""
    return inputs[0].clone()


def _copies(module: nn.Module) -> dict[str, Tensor]:
    """The buffers, for a pass that may change them."""
    return {name: value.clone() for name, value in module.named_buffers()}


def _gradients(of: Tensor, by: dict[str, Tensor]) -> dict[str, Tensor]:
    """One for each, zero where nothing depends on it."""
    if not of.requires_grad:
        return {name: torch.zeros_like(value) for name, value in by.items()}
    return dict(
        zip(by, torch.autograd.grad(of, list(by.values()), allow_unused=True, materialize_grads=True), strict=True)
    )


@contextmanager
def _as_it_was(
    module: nn.Module, *, training: bool, hooks: Sequence[torch.utils.hooks.RemovableHandle] = ()
) -> Iterator[None]:
    """Lets a module compute so, and takes back what it was told and what it has drawn."""
    before = {part: part.training for part in module.modules()}
    devices = sorted({value.device.index or 0 for value in module.parameters() if value.is_cuda})
    try:
        with torch.random.fork_rng(devices):
            module.train(training)
            yield
    finally:
        for hook in hooks:
            hook.remove()
        for part, was in before.items():
            part.training = was
