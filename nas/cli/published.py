"""What is published of networks set against their costs, as `nas compare --published` prints it."""

import json
from collections.abc import Mapping
from math import isnan
from pathlib import Path
from typing import Any

import click

from nas import catalog
from nas.arch.named import Named
from nas.cli import options
from nas.cli.table import count, percent, table
from nas.errors import NameUnknownError

_IMAGENET = 1000

_FOOT = (
    "Errors are percents on ImageNet, of one centre crop: top-1 and top-5 as published; measured, top-1 of weights",
    "that timm or torchvision publishes, trained as the paper's were; later, the same of a later recipe. A star marks",
    "the front of what is published: nothing has a smaller top-1 error for as few MACs. Costs are counted here.",
)


def show(words: tuple[str, ...], out: Path | None, *, as_json: bool) -> None:
    """Print the networks that are meant, and draw them where `out` says."""
    from analysis import published

    rows = published.published(_chosen(words))
    files = [str(path) for path in published.draw(rows, out)] if out else []
    if as_json:
        click.echo(json.dumps({"networks": json.loads(rows.to_json(orient="records")), "files": files}))
        return
    head = ["", "network", "year", "params", "MACs", "top-1", "top-5", "measured", "later"]
    lines = table(head, map(_cells, rows.to_dict(orient="records")))
    click.echo("\n".join([*lines, "", *_FOOT, *(f"wrote {file}" for file in files)]))


def _chosen(words: tuple[str, ...]) -> list[Named]:
    """The networks for ImageNet that are meant by any of the words: by their name, or by a word that they have."""
    of_imagenet = [named for named in catalog.networks().values() if named.classes == _IMAGENET]
    if not words or "all" in words:
        return of_imagenet
    found: set[str] = set()
    for word in words:
        meant = {word} & catalog.networks().keys() or {n.name for n in of_imagenet if options.has_words(n, [word])}
        if not meant & {named.name for named in of_imagenet}:
            raise NameUnknownError(f"no network for ImageNet has the word {word!r}", hint="`nas networks` lists all")
        found |= meant
    return [named for named in of_imagenet if named.name in found]


def _cells(row: Mapping[Any, Any]) -> list[str]:
    errors = (row[name] for name in ("top1_error", "top5_error", "measured_top1_error", "modern_top1_error"))
    return [
        "*" if row["front"] else "",
        row["name"],
        str(row["year"]),
        count(row["params"]),
        count(row["macs"]),
        *("" if isnan(error) else percent(error) for error in errors),
    ]
