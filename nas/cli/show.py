"""`nas show`."""

import json
import re
from pathlib import Path
from textwrap import wrap
from typing import Any

import click

from nas import catalog
from nas.arch.about import description, facts_said, paper
from nas.arch.cost import Cost, Shape, cost
from nas.arch.named import Named
from nas.arch.nodes import Chain, chain
from nas.arch.realize import realize
from nas.arch.text import fingerprint, text
from nas.arch.told import between, told
from nas.cli import meant, options
from nas.cli.table import count, shape_text, table

_WIDTH = 100
_WORDS = 82
_INDENT = " " * 13


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
    """Show a network: what it is, what it is made of and what it costs.

    NETWORK is a name, with rewrites after a plus sign if wanted, a trial of a run, RUN:TRIAL or RUN:best, the folder of
    a training, or a file with a network's text.

    \b
    Examples:
      nas show resnet50
      nas show resnet18+se --classes 10
      nas show runs/NAME:best
      nas show --space residual --point point.json --json
    """
    if (network is None) == (space is None) or (space is None) != (point is None):
        raise click.UsageError("give a NETWORK, or --space and --point")
    named = None
    if space is not None and point is not None:
        named_space = catalog.space(space)
        whole = chain(realize(named_space.make(classes or 10), options.point(point)))
        name, image = f"{space} at {point}", image or named_space.input
    else:
        named = meant.named(str(network))
        whole = meant.network(named, classes)
        name, image = named.name, image or named.input
    made = cost(whole, image)
    if as_text:
        click.echo(text(whole), nl=False)
    elif as_json:
        click.echo(json.dumps(facts(name, whole, image, made)))
    else:
        stages = [*_stages(whole, image), "", *_summary(whole, made)]
        click.echo(
            "\n".join([name, "", *stages] if named is None or not named.paper else _page(named, classes, image, stages))
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


def _page(named: Named, classes: int | None, image: Shape, stages: list[str]) -> list[str]:
    """What is to be said of a published network around its stages."""
    lines = [f"{named.name}, {named.year}", *_filled(paper(named))]
    for paragraph in description(named).split("\n\n"):
        lines += ["", *_filled(paragraph)]
    lines += ["", *stages, ""]
    if facts := facts_said(named, classes):
        if image != named.input:
            facts = [("facts", f"those of the form on images of {shape_text(named.input)}"), *facts]
        lines += [line for word, said in facts for line in _filled(said, word)] + [""]
    return lines + _hints(named.name)


def _filled(paragraph: str, word: str = "") -> list[str]:
    """A paragraph in lines of a readable length, to the right of a word if there is one."""
    indent = _INDENT if word else ""
    return wrap(paragraph, _WIDTH, initial_indent=f"{word:{len(indent)}}", subsequent_indent=indent)


def _stages(whole: Chain, image: Shape) -> list[str]:
    rows = []
    for line in told(whole, image):
        first, *others = _broken(line.words)
        counts = [count(number) if number else "" for number in (line.params, line.macs)]
        rows.append((line.stage, first, shape_text(line.output), *counts))
        rows += [("", other, "", "", "") for other in others]
    return table(["", f"input {shape_text(image)}", "output", "params", "MACs"], rows)


def _broken(words: str) -> list[str]:
    """Words in lines that break after a comma or a bar only."""
    first, *pieces = re.split(r"(?<=[,|:+;]) | (?=\()", words)
    lines = [first]
    for piece in pieces:
        if len(lines[-1]) + 1 + len(piece) <= _WORDS:
            lines[-1] += f" {piece}"
        else:
            lines.append(f"  {piece}")
    return lines


def _summary(whole: Chain, made: Cost) -> list[str]:
    exits = f"{made.exit_params:,} parameters and {made.exit_macs:,} multiply-adds more, in training"
    rows = [
        ("between", between(whole)),
        ("parameters", f"{made.params:,}"),
        ("FLOPs", f"{made.macs:,} multiply-adds"),
        ("exits", exits if made.exit_params else ""),
        ("activations", f"{made.activations:,}"),
        ("peak memory", f"{made.memory / 2**20:.1f} MiB of float32 for one image, weights not counted"),
    ]
    return [f"{word:{len(_INDENT)}}{said}" for word, said in rows if said]


def _hints(name: str) -> list[str]:
    return table(
        ["more:", ""],
        [
            (f"  nas show {name} --text", "the same as text, which `nas show FILE` reads back"),
            (f"  nas diff {name} OTHER", "what turns it into another network"),
            (f"  nas search --around {name}", "search with its numbers as a space"),
        ],
    )
