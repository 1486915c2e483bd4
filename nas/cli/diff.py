"""`nas diff`."""

import json

import click

from nas.arch.diff import diff
from nas.arch.text import compact
from nas.cli import meant, options


@click.command()
@click.argument("a")
@click.argument("b")
@options.as_json
def command(a: str, b: str, as_json: bool) -> None:
    """Show what turns one network into another.

    A and B are names, RUN:TRIAL, RUN:best, folders of trainings, or files with a network's text.

    \b
    Examples:
      nas diff resnet50 resnext50_32x4d
      nas diff runs/NAME:3 runs/NAME:best
    """
    edits = diff(meant.named(a).network(), meant.named(b).network())
    if as_json:
        told = [
            {
                "path": edit.path,
                "before": None if edit.before is None else compact(edit.before),
                "after": None if edit.after is None else compact(edit.after),
            }
            for edit in edits
        ]
        click.echo(json.dumps(told))
    else:
        click.echo("\n".join(map(str, edits)) if edits else f"{a} and {b} are equal")
