"""`nas export`."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nas.arch.cost import Shape
from nas.cli import meant, options

if TYPE_CHECKING:
    from nas.export.subject import Subject

_FORMS = ("python", "onnx", "torch.export", "weights")


@click.command()
@click.argument("what", metavar="RUN:TRIAL|RUN:best|TRAINING|NETWORK|FILE")
@click.option("--format", "form", type=click.Choice(_FORMS), default="python", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="A folder that is absent or empty.  [default: ./NAME]")
@options.image
@options.classes
@click.option("--runs-dir", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@options.as_json
def command(
    what: str, form: str, out: Path | None, image: Shape | None, classes: int | None, runs_dir: Path, as_json: bool
) -> None:
    """Take a model home: as torch source, ONNX or weights.

    A trial of a run is said by its number or as `best`, the highest validation accuracy. A training is the folder that
    `nas train` made. A named network, or a file with a network's text, leaves with random weights. Beside the model
    lies a card that says where it comes from.

    \b
    Examples:
      nas export runs/NAME:best
      nas export runs/NAME:12 --format onnx --out model
      nas export resnet50+se --input 3x64x64 --classes 10
    """
    from nas.export.folder import export

    subject = _subject(what, image, classes, runs_dir)
    folder = out or Path(re.sub(r"[^A-Za-z0-9._+-]+", "-", subject.name).strip("-"))
    files = export(subject, form, folder)
    if as_json:
        card = subject.card()
        told = {"name": card["name"], "weights": card["weights"], "format": form, "folder": str(folder)}
        click.echo(json.dumps({**told, "files": [str(file) for file in files]}))
        return
    click.echo(f"{subject.name}: {subject.card()['weights']}")
    for file in files:
        click.echo(f"  {file}")
    click.echo(f"\nhow to use it: {folder / 'card.md'}")
    if form == "python":
        click.echo(f"  python {folder / 'model.py'} IMAGE")


def _subject(what: str, image: Shape | None, classes: int | None, runs_dir: Path) -> "Subject":
    from nas.export.subject import untrained

    if subject := meant.trained(what, runs_dir):
        if image or classes:
            raise click.UsageError("what was trained has its images and classes: no --input or --classes")
        return subject
    named = meant.named(what)
    return untrained(Path(named.name).stem, meant.network(named, classes), image or named.input)
