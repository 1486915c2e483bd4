"""How long `nas.locate` takes to find a large network in a very general space.

    python benchmarks/locate.py

Claim, on one core of a 2-core machine: NASNet-A large is found in the space of all five-block cell networks (about a
thousand decisions) within 2 s, and realized back; ResNet-1202 in a space of residual networks of up to 1,000 blocks a
stage likewise; NASNet-A large with kernels in its last cell that the space lacks is turned down as fast. In the space
`article` every named network is found within 5 s; the ten that take longest are printed.
Times are of the first call in the process, memories empty, by process time with one thread.
"""

import time
from dataclasses import replace

import nas
from nas import catalog
from nas.arch.holes import shared, span
from nas.arch.nodes import Cells, Chain, Conv, Part, Repeat, Scope, pick
from nas.arch.rewrite import rewrite
from search_spaces.blocks import basic, bottleneck, classifier, conv_norm_act, residual
from search_spaces.spaces.cell import imagenet_cell_space


def main() -> None:
    """Print decisions and seconds, or the seconds until a network is turned down and why."""
    nasnet, resnet = (catalog.network(name).network() for name in ("nasnet_a_large", "resnet1202"))
    cells, blocks = imagenet_cell_space(), residual_space()
    print(f"nasnet_a_large          {_report(nasnet, cells)}")
    print(f"resnet1202              {_report(resnet, blocks)}")
    print(f"nasnet_a_large, altered {_report(_altered(nasnet), cells)}")
    print("In `article`, the slowest ten:")
    for name in sorted(catalog.networks(), key=_seconds_in_article, reverse=True)[:10]:
        print(f"{name:23} {_report(catalog.network(name).network(), _article(name))}")


def residual_space() -> nas.Space:
    """Three stages of up to 1,001 residual blocks, every width of every block up to 4096."""
    stem = conv_norm_act(span("stem", 1, 4096), pick("kernel", 3, 5, 7))
    return Chain(stem, *(_stage(f"stage{i}", stride) for i, stride in ((1, 1), (2, 2), (3, 2))), classifier(10))


def _stage(name: str, stride: int) -> Scope:
    width = shared(name, span("width", 1, 4096))
    following = Repeat("next", _block(width, 1), span("depth", 0, 1000))
    return Scope(name, Chain(Scope("first", _block(width, stride)), following))


def _block(width: int, stride: int) -> Chain:
    kernel, shortcut = pick("kernel", 3, 5, 7), pick("shortcut", "projection", "zero_pad")
    body = pick(
        "block",
        basic=basic(width, kernel=kernel, stride=stride),
        bottleneck=bottleneck(span("inner", 1, 4096), width, kernel=kernel, strides=(1, stride)),
    )
    return residual(body, shortcut=shortcut)


def _article(name: str) -> nas.Space:
    return catalog.space("article").make(catalog.network(name).classes)


def _seconds_in_article(name: str) -> float:
    network, space = catalog.network(name).network(), _article(name)
    start = time.process_time()
    nas.locate(network, space)
    return time.process_time() - start


def _altered(network: nas.Network) -> nas.Network:
    """The network with kernels of 9 where its last cell has 5."""

    def wider(part: Part) -> Part:
        return replace(part, kernel=9, padding="same") if isinstance(part, Conv) and part.kernel == 5 else part

    def last_altered(part: Part) -> Part:
        return Cells(*part.cells[:-1], rewrite(part.cells[-1], wider)) if isinstance(part, Cells) else part

    return rewrite(network, last_altered)


def _report(network: nas.Network, space: nas.Space) -> str:
    start = time.process_time()
    try:
        point = nas.locate(network, space)
    except nas.errors.LocateError as error:
        return f"outside, {time.process_time() - start:.2f} s\n{error}"
    seconds = time.process_time() - start
    assert nas.realize(space, point) == network, "what locate finds realizes to the network"
    return f"{len(point):6,} decisions {seconds:6.2f} s"


if __name__ == "__main__":
    main()
