"""`nas info`."""

import json
from math import log10, modf

import click

from nas import catalog
from nas.arch.cost import Cost, Shape
from nas.arch.info import info
from nas.arch.suits import check_suits
from nas.cli import options
from nas.cli.table import count, shape_text


@click.command()
@click.option("--space", required=True, help="A space's name, or FILE.py:NAME.")
@options.image
@options.classes
@options.as_json
def command(space: str, image: Shape | None, classes: int | None, as_json: bool) -> None:
    """Show how large a space is and what its networks cost.

    The number of points is exact; the range of costs is searched for, not proven.

    \b
    Example:
      nas info --space residual --input 3x32x32
    """
    named = catalog.space(space)
    image = image or named.input
    made = named.make(classes or 10)
    check_suits(made, image, 1, name=space)
    found = info(made, image)
    ends = {"cheapest": found.cheapest, "dearest": found.dearest}
    if as_json:
        costs = {name: {"macs": end[1].macs, "params": end[1].params} for name, end in ends.items() if end}
        told = {
            "space": space,
            "input": list(image),
            "points": found.points if found.points.bit_length() < 10_000 else _power(found.points),
            "valid": found.valid,
            **costs,
        }
        click.echo(json.dumps(told))
        return
    click.echo(f"{named.name}: {named.about}")
    click.echo(f"points    {_power(found.points)}")
    click.echo(f"valid     {found.valid:.0%} of 200 random points read an image of {shape_text(image)}")
    for name, end in ends.items():
        if end:
            click.echo(f"{name:9} {_said(end[1])}")


def _said(made: Cost) -> str:
    return f"{count(made.macs)} MACs, {count(made.params)} parameters (found by sampling and climbing)"


def _power(number: int) -> str:
    """A whole number of any size: in full while a person reads it so, else as a power of ten."""
    if number < 10**9:
        return f"{number:,}"
    digits, power = modf(log10(number))
    return f"{10**digits:.1f}e{power:.0f}"
