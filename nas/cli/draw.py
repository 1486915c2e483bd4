"""`nas draw`."""

from pathlib import Path

import click

from nas.arch.cost import Shape
from nas.cli import meant, options
from nas.errors import NasError


@click.command()
@click.argument("network")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The picture's file, an .svg.")
@options.image
@options.classes
def command(network: str, out: Path, image: Shape | None, classes: int | None) -> None:
    """Draw a network: its stages with shapes and MACs, and the inside of each kind of block.

    NETWORK is a name, with rewrites after a plus sign if wanted, a trial of a run, RUN:TRIAL or RUN:best, the folder of
    a training, or a file with a network's text, as `nas show --text` prints that of any network or point of a space.
    The picture is an SVG, which browsers show.

    \b
    Examples:
      nas draw googlenet --out googlenet.svg
      nas draw resnet18+se --out resnet18.svg --input 3x32x32 --classes 10
      nas draw runs/NAME:best --out best.svg
    """
    from nas.draw import draw

    if out.suffix != ".svg":
        raise NasError(
            f"a picture of a network is an .svg, got {out.name!r}",
            path="--out",
            hint=f"--out {out.with_suffix('.svg')}",
        )
    named = meant.named(network)
    whole = meant.network(named, classes)
    about = f"{named.paper}, {named.year}" if named.paper else ""
    picture = draw(whole, image or named.input, named.name, about)
    try:
        out.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise NasError(f"the picture cannot be written: {error.strerror}", path=str(out)) from None
    click.echo(f"wrote {out}")
