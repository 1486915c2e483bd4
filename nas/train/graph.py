"""A training step as a CUDA graph: run a few times, then recorded once and from there on played."""

from collections.abc import Callable

import torch
from torch import Tensor

_RUN_FIRST = 3
"""Before anything is recorded, the optimizer makes its momenta, and libraries choose and load their kernels."""


class Recorded:
    """A step that costs the host one launch, where it took one for each kernel.

    The kernels of a small network are done before the host has launched the next, so that its steps take several times
    as long as the device needs for them.

    Args:
        run: A step on images and labels, which returns a loss. Runs the same kernels whenever it is called, and reads
            nothing from the device.
        device: A CUDA device.
    """

    def __init__(self, run: Callable[[Tensor, Tensor], Tensor], device: torch.device) -> None:
        self._run, self._stream = run, torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._graph: torch.cuda.CUDAGraph | None = None
        self._images = self._labels = self._loss = torch.empty(0)
        """What the graph reads and writes."""
        self._runs = 0

    def __call__(self, images: Tensor, labels: Tensor) -> Tensor:
        """As `run`; a batch of another shape than that which was recorded is run."""
        if self._graph is None and self._runs == _RUN_FIRST:
            self._record(images, labels)
        if self._graph is None or images.shape != self._images.shape:
            self._runs += 1
            return self._aside(images, labels)
        self._images.copy_(images)
        self._labels.copy_(labels)
        self._graph.replay()
        return self._loss.clone()

    def _aside(self, images: Tensor, labels: Tensor) -> Tensor:
        """Run on the stream of the recording, since what is recorded must not wait for work on another."""
        current = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            loss = self._run(images, labels)
        current.wait_stream(self._stream)
        return loss

    def _record(self, images: Tensor, labels: Tensor) -> None:
        """Record without running."""
        self._images, self._labels = images.clone(), labels.clone()
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, stream=self._stream):
            self._loss = self._run(self._images, self._labels)
