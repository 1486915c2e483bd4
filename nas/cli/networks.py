"""`nas networks`."""

import json

import click

from nas import catalog
from nas.arch.cost import cost
from nas.cli import options
from nas.cli.table import count, shape_text, table


@click.command()
@options.as_json
def command(as_json: bool) -> None:
    """List the named networks.

    \b
    Example:
      nas networks
    """
    rows = [(named, cost(named.network(), named.input)) for named in catalog.networks().values()]
    if as_json:
        listed = [
            {
                "name": named.name,
                "year": named.year,
                "paper": named.paper,
                "input": list(named.input),
                "classes": named.classes,
                "params": made.params,
                "macs": made.macs,
                "exit_params": made.exit_params,
                "exit_macs": made.exit_macs,
            }
            for named, made in rows
        ]
        click.echo(json.dumps(listed))
        return
    cells = [
        (n.name, str(n.year), shape_text(n.input), str(n.classes), count(made.params), count(made.macs), n.paper)
        for n, made in rows
    ]
    click.echo("\n".join(table(["network", "year", "input", "classes", "params", "MACs", "paper"], cells)))
