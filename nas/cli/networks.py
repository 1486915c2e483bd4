"""`nas networks`."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby
from typing import Any

import click

from nas import catalog
from nas.arch.about import paper
from nas.arch.cost import Cost, cost
from nas.arch.named import Named
from nas.cli import options
from nas.cli.table import count, percent, shape_text, table
from nas.errors import NameUnknownError

Row = tuple[Named, Cost]

_FOOT = (
    "Errors are percents, of one centre crop on the task the network was made for; the article's is top-5 and mostly",
    "of several networks together. `nas show NETWORK` says where each number is from and why some differ.",
)


@click.command()
@click.argument("words", nargs=-1)
@options.as_json
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values, for spreadsheets.")
@click.option("--markdown", is_flag=True, help="Print published, reference and counted numbers side by side.")
def command(words: tuple[str, ...], as_json: bool, as_csv: bool, markdown: bool) -> None:
    """List the named networks.

    WORDS narrow the list: words that the name, year, title or authors of a network have, or begin with.

    \b
    Examples:
      nas networks
      nas networks resnet 2015
      nas networks --json
    """
    named = [network for network in catalog.networks().values() if options.has_words(network, words)]
    if not named:
        raise NameUnknownError(f"no network has the words {' '.join(words)!r}", hint="`nas networks` lists all")
    if markdown:
        from nas.cli.markdown import page

        click.echo(page(named), nl=False)
        return
    rows = [(network, cost(network.network(), network.input)) for network in named]
    if as_json:
        click.echo(json.dumps([{**_counts(*row), "published": list(map(asdict, row[0].published))} for row in rows]))
    elif as_csv:
        click.echo(_csv(rows), nl=False)
    else:
        click.echo("\n".join([*_listing(rows), "", *_FOOT]))


def _listing(rows: list[Row]) -> Iterator[str]:
    """A table whose rows stand under their papers."""
    head = ["network", "year", "input", "classes", "params", "MACs", "top-1", "top-5", "article"]
    first, *lines = table(head, map(_cells, rows))
    yield f"  {first}"
    for title, several in groupby(zip(rows, lines, strict=True), key=lambda row: paper(row[0][0])):
        yield ""
        yield title
        yield from (f"  {line}" for _, line in several)


def _cells(row: Row) -> list[str]:
    named, made = row
    fact = named.facts(named.classes)
    return [
        named.name,
        str(named.year),
        shape_text(named.input),
        str(named.classes),
        count(made.params),
        count(made.macs),
        *(percent(error) for error in (fact.top1_error, fact.top5_error, fact.quoted_error)),
    ]


def _counts(named: Named, made: Cost) -> dict[str, Any]:
    return {
        "name": named.name,
        "year": named.year,
        "paper": named.paper,
        "title": paper(named),
        "input": list(named.input),
        "classes": named.classes,
        "params": made.params,
        "macs": made.macs,
        "exit_params": made.exit_params,
        "exit_macs": made.exit_macs,
    }


def _csv(rows: Iterable[Row]) -> str:
    """A line a network; what others have counted is called `reference_params` and `reference_macs`."""
    renamed = {"params": "reference_params", "macs": "reference_macs"}
    lines = []
    for named, made in rows:
        facts = {
            renamed.get(name, name): value
            for name, value in asdict(named.facts(named.classes)).items()
            if name != "exit"
        }
        lines.append({**_counts(named, made), "input": shape_text(named.input), **facts})
    text = io.StringIO()
    writer = csv.DictWriter(text, lines[0])
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()
