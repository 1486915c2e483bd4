"""`nas locate`."""

import json
import sys

import click

from nas import catalog
from nas.arch.locate import locate
from nas.arch.realize import plain
from nas.cli import meant, options
from nas.cli.table import table
from nas.errors import LocateError


@click.command()
@click.argument("network")
@click.option("--space", required=True, help="A space's name, or FILE.py:NAME.")
@options.classes
@options.as_json
def command(network: str, space: str, classes: int | None, as_json: bool) -> None:
    """Find the point of a space at which a network lies.

    NETWORK is a name, RUN:TRIAL, RUN:best, the folder of a training, or a file with a network's text. Exit code 1 says
    that it lies outside; the message says where the two part.

    \b
    Example:
      nas locate resnet18 --space my_spaces.py:wide
    """
    named = meant.named(network)
    whole = meant.network(named, classes)
    made = catalog.space(space).make(classes or named.classes)
    try:
        point = locate(whole, made)
    except LocateError as error:
        if as_json:
            click.echo(json.dumps({"network": network, "space": space, "path": error.path, "reason": error.rule}))
        else:
            click.echo(f"{network} lies outside of {space}\n{error}", err=True)
        sys.exit(1)
    if as_json:
        decided = {name: plain(option) for name, option in point.items()}
        click.echo(json.dumps({"network": network, "space": space, "point": decided}))
    else:
        rows = [(name, str(option)) for name, option in point.items()]
        click.echo("\n".join(table([f"{network} lies in {space} at", ""], rows)))
