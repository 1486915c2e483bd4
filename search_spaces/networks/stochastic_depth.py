"""Stochastic depth: Huang, Sun, Liu, Sedra, Weinberger, "Deep networks with stochastic depth", arXiv:1603.09382."""

from collections.abc import Iterator
from functools import partial

from nas.arch.named import Family, Named
from nas.arch.nodes import Act, Chain, Conv, DropPath, Network, Norm
from nas.errors import PartError
from search_spaces.blocks import classifier, residual


def stochastic_depth(
    depth: int, classes: int = 10, *, biases: bool = True, shortcut: str = "pooled_zero_pad"
) -> Network:
    """ResNet for CIFAR, on 3×32×32, whose block l of L is dropped for a mini-batch with probability l/L (1 - 0.5).

    From the authors' code and not the paper: convolutions keep their biases, and a shortcut that changes the shape
    takes the average of 2×2 pixels, padding new channels with zeros. `stochastic_depth1202`, which the authors built on
    fb.resnet.torch, has neither: its shortcuts take every other pixel.
    A dropped block runs all the same, so training takes no less time, and its norms go on with their statistics.
    """

    def conv(width: int, stride: int = 1) -> Chain:
        return Chain(Conv(width, 3, stride=stride, bias=biases), Norm())

    def blocks() -> Iterator[Chain]:
        for i in range(count):
            width, stride = 16 << (3 * i // count), 2 if i in (count // 3, 2 * count // 3) else 1
            body = Chain(conv(width, stride), Act(), conv(width), DropPath((i + 1) / count * 0.5, by="batch"))
            yield residual(body, shortcut=shortcut)

    count = (depth - 2) // 2
    return Chain(conv(16), Act(), *blocks(), classifier(classes))


def _member(depth: str) -> Named:
    name, number = f"stochastic_depth{depth}", int(depth)
    if number < 8 or number % 6 != 2:
        raise PartError(f"the depth of a ResNet with stochastic depth is 6n+2, and at least 8, got {depth}", path=name)
    made = partial(stochastic_depth, number)
    if number == 1202:
        made = partial(made, biases=False, shortcut="zero_pad")
    return Named(name, made, (3, 32, 32), 10, 2016, "arXiv:1603.09382")


NETWORKS = tuple(map(_member, ("110", "1202")))
FAMILIES = (Family("stochastic_depthDEPTH", r"stochastic_depth([1-9]\d{0,3})", _member),)
