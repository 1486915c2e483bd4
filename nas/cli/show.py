"""`nas show`."""

import json
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from nas import catalog
from nas.arch.cost import Cost, Shape, cost, flow
from nas.arch.nodes import Chain, chain
from nas.arch.realize import realize
from nas.arch.rewrite import with_classes
from nas.arch.text import compact, fingerprint, text
from nas.cli import options
from nas.cli.table import count, shape_text, table


@click.command()
@click.argument("network", required=False)
@click.option("--space", help="Show the network at a point of this space instead.")
@click.option(
    "--point", type=click.Path(path_type=Path), help="JSON file with the point, as `nas locate --json` prints."
)
@options.image
@options.classes
@click.option("--text", "as_text", is_flag=True, help="Print the network's canonical text and nothing else.")
@options.as_json
def command(
    network: str | None,
    space: str | None,
    point: Path | None,
    image: Shape | None,
    classes: int | None,
    as_text: bool,
    as_json: bool,
) -> None:
    """Show a network: what it is made of and what it costs.

    NETWORK is a name, with rewrites after a plus sign if wanted, or a file with a network's text.

    \b
    Examples:
      nas show resnet50
      nas show resnet18+se --classes 10
      nas show --space residual --point point.json --json
    """
    if (network is None) == (space is None) or (space is None) != (point is None):
        raise click.UsageError("give a NETWORK, or --space and --point")
    about = ""
    if space is not None and point is not None:
        named_space = catalog.space(space)
        whole = chain(realize(named_space.make(classes or 10), options.point(point)))
        name, image = f"{space} at {point}", image or named_space.input
    else:
        named = options.named(str(network))
        whole = chain(named.network())
        whole = with_classes(whole, classes) if classes else whole
        name, image = named.name, image or named.input
        about = f"{named.paper}, {named.year}" if named.paper else ""
    made = cost(whole, image)
    if as_text:
        click.echo(text(whole), nl=False)
    elif as_json:
        click.echo(json.dumps(facts(name, whole, image, made)))
    else:
        click.echo(
            "\n".join([f"{name}{'  ' + about if about else ''}", "", *_listing(whole, image), "", *_summary(made)])
        )


def facts(name: str, whole: Chain, image: Shape, made: Cost) -> dict[str, Any]:
    """What `--json` says of a network."""
    return {
        "name": name,
        "fingerprint": fingerprint(whole),
        "input": list(image),
        "output": list(made.output),
        "params": made.params,
        "macs": made.macs,
        "activations": made.activations,
        "memory_bytes": made.memory,
        "exit_params": made.exit_params,
        "exit_macs": made.exit_macs,
        "text": text(whole),
    }


def _listing(whole: Chain, image: Shape) -> list[str]:
    """The main chain part by part, what follows a convolution or join on its line, equal lines folded."""
    rows: list[tuple[str, str, int]] = []
    shape = image
    for part in whole.parts:
        made = flow(part, shape, None)
        shape = made.shape
        said = compact(part)
        if rows and type(part).__name__ in ("Norm", "Act", "Dropout") and rows[-1][1] == shape_text(shape):
            before, _, macs = rows.pop()
            rows.append((f"{before} {said}", shape_text(shape), macs + made.macs))
        else:
            rows.append((said, shape_text(shape), made.macs))
    lines = []
    for row, run in groupby(rows):
        times = sum(1 for _ in run)
        said, output, macs = row
        said = said if len(said) <= 96 else f"{said[:93]}..."
        lines.append((f"{times} x" if times > 1 else "", said, output, count(times * macs) if macs else ""))
    return table(["", f"input {shape_text(image)}", "output", "MACs"], lines)


def _summary(made: Cost) -> list[str]:
    lines = [
        f"parameters   {made.params:,}",
        f"FLOPs (multiply-adds)   {made.macs:,}",
        f"activations  {made.activations:,}",
        f"peak memory  {made.memory / 2**20:.1f} MiB of float32 for one image, weights not counted",
    ]
    if made.exit_params:
        lines.append(
            f"exits        {made.exit_params:,} parameters and {made.exit_macs:,} multiply-adds more, in training"
        )
    return lines
