"""`nas open`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from nas.arch.cost import Shape, cost
from nas.arch.nodes import is_open
from nas.arch.opened import AROUND, KINDS, opened
from nas.cli import meant, options
from nas.cli.table import shape_text
from nas.errors import NasError
from nas.export.space_file import space_source

_ABOUT = {
    "width": "Widths of convolutions, those that are equal as one.",
    "expansion": "Widths that are a multiple of the input's.",
    "kernel": "Kernels.",
    "depth": "How often a block that keeps its shape is repeated.",
    "attention": "Squeeze-and-excitation at the end of residual branches.",
    "groups": "Groups of convolutions.",
}


def _kinds(command: Callable[..., Any]) -> Callable[..., Any]:
    """A flag for each kind of number that can be opened."""
    for kind in reversed(KINDS):
        command = click.option(f"--{kind}", "kinds", flag_value=kind, multiple=True, help=_ABOUT[kind])(command)
    return command


@click.command()
@click.argument("network")
@_kinds
@options.image
@options.classes
@click.option("--out", type=click.Path(path_type=Path), help="A new .py file, instead of printing it.")
@options.as_json
def command(
    network: str,
    kinds: tuple[str, ...],
    image: Shape | None,
    classes: int | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Print a space around a network as a Python file, to change and to search.

    NETWORK is a name, with rewrites after a plus sign if wanted, a trial of a run, RUN:TRIAL or RUN:best, the folder of
    a training, or a file with a network's text. The kinds of its numbers that are named become holes around today's
    values; those of `nas search --around` unless said: all but groups. The network is rewritten for other images and
    classes where asked.

    \b
    Examples:
      nas open resnet18 --input 3x32x32 --classes 10 --out my_space.py
      nas search --space my_space.py:space --data cifar10 --budget 1gpuh
      nas open resnext50_32x4d --groups --width
    """
    named = meant.named(network)
    image = image or named.input
    whole = named.fitted(classes, image)
    asked = kinds or AROUND
    found = [kind for kind in KINDS if kind in asked and is_open(opened(whole, image, (kind,)))]
    if not found:
        raise NasError(
            f"a network is opened where it has numbers to open, got no {' and no '.join(asked)}", path=network
        )
    space = opened(whole, image, found)
    source = space_source(space, cost(whole, image).output[0], _about(named.name, found, image, out))
    if out is not None:
        options.write_new(out, source)
    if as_json:
        told = {"network": named.name, "opened": found, "input": list(image), "file": str(out) if out else None}
        click.echo(json.dumps({**told, "source": source}))
    elif out is None:
        click.echo(source, nl=False)
    else:
        click.echo(
            f"wrote {out}\n\nnext:\n  nas info --space {out}:space\n  nas search --space {out}:space --budget 10cpumin"
        )


def _about(name: str, kinds: list[str], image: Shape, out: Path | None) -> str:
    """What the file says of itself."""
    said = " and ".join(filter(None, (", ".join(kinds[:-1]), kinds[-1])))
    file = out.name if out else "FILE.py"
    return f"""A space around {name}, which lies in it, for images of {shape_text(image)}. Open: {said}.

    nas search --space {file}:space --data path/to/images --budget 30cpumin

A hole is decided anew in each scope and each repetition; one with scope="" once for the whole space.
"""
