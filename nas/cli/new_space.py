"""`nas new-space`."""

from pathlib import Path

import click

from nas.cli import options
from nas.export import template


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=Path("my_space.py"))
def command(file: Path) -> None:
    """Begin a space file: a commented template, to change and to search.

    FILE is my_space.py unless said. A file that exists is not overwritten.

    \b
    Examples:
      nas new-space my_space.py
      nas search --space my_space.py:space --budget 2trials
    """
    source = Path(template.__file__).read_text(encoding="utf-8")
    options.write_new(file, source.replace("FILE.py", file.name))
    click.echo(
        f"wrote {file}\n\nnext:\n  nas info --space {file}:space\n  nas search --space {file}:space --budget 2trials"
    )
