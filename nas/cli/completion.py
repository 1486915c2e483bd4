"""`nas completion`."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print a script that completes commands, options and names in a shell.

    \b
    Examples:
      eval "$(nas completion bash)"                                  # in ~/.bashrc
      eval "$(nas completion zsh)"                                   # in ~/.zshrc
      nas completion fish > ~/.config/fish/completions/nas.fish      # once
    """
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(context.find_root().command, {}, "nas", "_NAS_COMPLETE").source())
