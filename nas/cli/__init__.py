"""The command line: arguments to calls, answers to text. The only room that knows every other."""

import importlib
import sys
from typing import Any

import click

from nas.cli import complete, config
from nas.errors import NasError

_COMMANDS = {
    "search": "Search a space for networks with the best accuracy per MAC.",
    "train": "Train one network to keep it, and say its accuracy on the test split.",
    "evaluate": "Measure the errors of trained weights on a folder of images.",
    "reproduce": "Reproduce a network's paper as far as this machine allows, and say how far that is.",
    "claims": "Test a claim of the papers on networks that differ in one part.",
    "bench": "Compare the strategies on a table of trained networks.",
    "resume": "Go on with a search that was interrupted or killed, or give it more budget.",
    "status": "Say how far a run is, while it goes on or afterwards.",
    "watch": "Watch a search from another terminal, until it ends.",
    "pareto": "Draw the front of one or more runs.",
    "report": "Tell all of a run in one HTML file.",
    "runs": "List the runs of a folder.",
    "export": "Take a model home: as torch source, ONNX or weights.",
    "networks": "List the named networks.",
    "show": "Show a network: what it is, what it is made of and what it costs.",
    "draw": "Draw a network: its stages with shapes and MACs, and the inside of each kind of block.",
    "open": "Print a space around a network as a Python file, to change and to search.",
    "new-space": "Begin a space file: a commented template, to change and to search.",
    "locate": "Find the point of a space at which a network lies.",
    "diff": "Show what turns one network into another.",
    "compare": "Train networks under equal conditions, and set their accuracy against what they cost.",
    "import": "Take over weights from torchvision, timm or a file, or give them back.",
    "completion": "Print a script that completes commands, options and names in a shell.",
    "info": "Show how large a space is and what its networks cost.",
}


class _Commands(click.Group):
    """Imports a command only when it is called, so that --help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"nas.cli.{cmd_name.replace('-', '_')}").command
        if config.option not in command.params:
            command.params.append(config.option)
            complete.attach(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and args[0] not in _COMMANDS:
            from difflib import get_close_matches

            near = get_close_matches(args[0], _COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="nas-space", prog_name="nas")
def group() -> None:
    """Search for image classifiers in one space made of the blocks from LeNet to SENet.

    \b
    Examples:
      nas search --budget 8cpumin
      nas search --space mobile --data fashion-mnist --budget 2gpuh --max-macs 20M
      nas show resnet50
    """


def main() -> None:
    """Run the command line; a user's mistake ends with its message and exit code 2."""
    try:
        group(prog_name="nas", standalone_mode=True)
    except NasError as error:
        click.echo(f"error: {_printable(str(error))}", err=True)
        sys.exit(2)


def _printable(said: str) -> str:
    """A message that quotes a file, without what would command the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in said)
