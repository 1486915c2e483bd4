"""What a shell completes after Tab: names of networks, spaces, strategies, data sets and runs."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click
from click.shell_completion import CompletionItem

STRATEGIES = ("front-first", "local", "evolution", "nsga2", "tpe", "gp", "random")
DATA = ("fashion-mnist", "mnist", "cifar10", "cifar100")


class _Completed(click.types.StringParamType):
    """Text for which names are offered."""

    def __init__(self, offered: Callable[[str, click.Context], Iterable[CompletionItem]]) -> None:
        self._offered = offered

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The names that begin like what is typed."""
        return list(self._offered(incomplete, ctx))


def attach(command: click.Command) -> None:
    """Offer names for the parameters of a command that take them; a word means the same in all commands."""
    for parameter in command.params:
        offered = _OFFERED.get(parameter.name or "")
        if offered is not None and type(parameter.type) is click.types.StringParamType:
            parameter.type = _Completed(offered)


def _beginning(typed: str, names: Iterable[str]) -> Iterator[CompletionItem]:
    return (CompletionItem(name) for name in names if name.startswith(typed))


def _networks(typed: str, ctx: click.Context) -> Iterator[CompletionItem]:
    from nas import catalog
    from nas.arch.rules import RULES

    yield CompletionItem(typed, type="file")
    stem, plus, _ = typed.rpartition("+")
    yield from _beginning(typed, (f"{stem}+{rule}" for rule in RULES) if plus else catalog.networks())


def _spaces(typed: str, ctx: click.Context) -> Iterator[CompletionItem]:
    from nas import catalog

    yield CompletionItem(typed, type="file")
    yield from _beginning(typed, catalog.spaces())


def _data(typed: str, ctx: click.Context) -> Iterator[CompletionItem]:
    yield CompletionItem(typed, type="dir")
    yield from _beginning(typed, DATA)


def _strategies(typed: str, ctx: click.Context) -> Iterator[CompletionItem]:
    before, comma, _ = typed.rpartition(",")
    return _beginning(typed, (before + comma + name for name in STRATEGIES))


def _runs(typed: str, ctx: click.Context) -> Iterator[CompletionItem]:
    yield CompletionItem(typed, type="dir")
    yield from _beginning(typed, _run_names(ctx))


def _models(typed: str, ctx: click.Context) -> Iterator[CompletionItem]:
    """What is a network: a name, a file, the best of a run."""
    yield from _networks(typed, ctx)
    yield from _beginning(typed, (f"{run}:best" for run in _run_names(ctx)))


def _run_names(ctx: click.Context) -> list[str]:
    folder = Path(ctx.params.get("runs_dir") or "runs")
    return sorted(str(file.parent) for file in folder.glob("*/run.json"))


_OFFERED: dict[str, Callable[[str, click.Context], Iterable[CompletionItem]]] = {
    "network": _models,
    "a": _models,
    "b": _models,
    "around": _models,
    "words": _models,
    "space": _spaces,
    "data": _data,
    "strategy": _strategies,
    "strategies": _strategies,
    "run": _runs,
    "runs": _runs,
    "what": _models,
}
