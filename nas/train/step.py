"""One training step: what `fit` repeats, and what the benchmark of the training step measures."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from nas.train.average import Average
from nas.train.graph import Recorded
from nas.train.recipe import Recipe

_RMS_DECAY, _RMS_EPSILON = 0.9, 1.0
"""Those of the Inception networks and of TF-slim."""


class Step:
    """Trains `module` on one batch at a time.

    The module is moved to `device` with its weights in channels_last, so that gradients and momenta follow: on a CPU
    depthwise convolutions and max pooling are several times as fast. CUDA computes in bfloat16; a CPU never does,
    since without units for it a step takes ten times as long.

    Args:
        module: Moved.
        recipe: How to train it.
        device: Where to.
        parts: Of a batch, whose gradients are added up: in parts it needs less memory and takes longer.
        graph: Whether, on CUDA, steps of SGD become a graph. Not the default before a GPU has shown that it pays.
    """

    def __init__(
        self, module: nn.Module, recipe: Recipe, *, device: torch.device, parts: int = 1, graph: bool = False
    ) -> None:
        self.module = module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = _optimizer(module, recipe)
        self.average = Average(self.module, recipe.average) if recipe.average else None
        self._clip = recipe.clip
        self._device, self._label_smoothing, self._parts = device, recipe.label_smoothing, parts
        self._exit_weights: tuple[float, ...] = getattr(module, "exit_weights", ())
        self._lr: Tensor | None = None
        """The rate, where a graph reads it."""
        self._update: Callable[[Tensor, Tensor], Tensor] = self._run
        if graph and device.type == "cuda" and recipe.optimizer == "sgd":
            self._lr, self._update = torch.zeros((), device=device), Recorded(self._run, device)

    def __call__(self, images: Tensor, labels: Tensor, *, lr: float) -> Tensor:
        """The loss before the step, a detached scalar that is still on the device: to read it is to wait for it."""
        rate = lr if self._lr is None else self._lr.fill_(lr)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self._update(images, labels)
        if self.average is not None:
            self.average.update()
        return loss

    def _run(self, images: Tensor, labels: Tensor) -> Tensor:
        """All of a step but its rate and the average."""
        self.optimizer.zero_grad()
        loss = torch.zeros((), device=self._device)
        for some, of_some in zip(images.chunk(self._parts), labels.chunk(self._parts), strict=True):
            loss += self._backward(some, of_some, share=len(of_some) / len(labels))
        if self._clip is not None:
            nn.utils.clip_grad_norm_(self.module.parameters(), self._clip)
        self.optimizer.step()
        return loss

    def _backward(self, images: Tensor, labels: Tensor, *, share: float) -> Tensor:
        """Add the gradients of a part of a batch, and return its share of the batch's loss."""
        with computing(self._device):
            loss = share * training_loss(
                self.module(images), labels, exit_weights=self._exit_weights, label_smoothing=self._label_smoothing
            )
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()


def computing(device: torch.device) -> torch.autocast:
    """The precision of a forward pass: bfloat16 where it pays on CUDA, float32 everywhere on a CPU."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")


def training_loss(
    output: Any, labels: Tensor, *, exit_weights: tuple[float, ...] = (), label_smoothing: float = 0.0
) -> Tensor:
    """The cross-entropy of the logits, plus that of each exit times its weight.

    Args:
        output: Logits (n, classes), or (logits, [logits of each exit]).
        labels: int64 (n,).
        exit_weights: One for each exit.
        label_smoothing: Share of a label spread over all classes.
    """
    logits, exits = output if isinstance(output, tuple) else (output, [])
    loss = F.cross_entropy(logits, labels, label_smoothing=label_smoothing)
    for weight, early in zip(exit_weights, exits, strict=True):
        loss = loss + weight * F.cross_entropy(early, labels, label_smoothing=label_smoothing)
    return loss


def _optimizer(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    groups = _decayed_or_not(module, recipe.weight_decay, all_too=recipe.decay_all)
    if recipe.optimizer == "rmsprop":
        return torch.optim.RMSprop(groups, lr=recipe.lr, alpha=_RMS_DECAY, eps=_RMS_EPSILON, momentum=recipe.momentum)
    return torch.optim.SGD(groups, lr=recipe.lr, momentum=recipe.momentum, nesterov=recipe.nesterov, fused=True)


def _decayed_or_not(module: nn.Module, weight_decay: float, *, all_too: bool) -> list[dict[str, Any]]:
    """Two groups: weights, and what has one number a channel (scales, shifts, biases) and need not decay."""
    groups: dict[bool, list[nn.Parameter]] = {True: [], False: []}
    for parameter in module.parameters():
        groups[parameter.numel() > parameter.shape[:1].numel()].append(parameter)
    return [
        {"params": groups[True], "weight_decay": weight_decay},
        {"params": groups[False], "weight_decay": weight_decay if all_too else 0.0},
    ]
