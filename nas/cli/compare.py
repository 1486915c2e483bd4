"""`nas compare`."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import click

from nas import catalog
from nas.arch.cost import Shape
from nas.arch.named import Named
from nas.arch.nodes import Choice, Network
from nas.arch.text import text
from nas.cli import meant, options
from nas.errors import NameUnknownError, NasError

_TRAINED_ONLY = ("data", "size", "epochs", "budget", "recipe", "seeds", "workers", "name")


@click.command()
@click.argument("words", nargs=-1, metavar="[NETWORK]...")
@click.option("--published", is_flag=True, help="Compare what is published; nothing is trained.")
@click.option("--data", help="fashion-mnist, mnist, cifar10, cifar100, or a folder.  [default: an embedded sample]")
@click.option("--size", type=click.IntRange(8, 1024), help="Resize images to this side, in pixels.")
@click.option("--epochs", type=click.IntRange(1), help="Epochs of each training, whatever time that takes.")
@click.option("--budget", help="Device time of all trainings: 30cpumin, 2gpuh.  [default: 10cpumin]")
@click.option(
    "--recipe", type=click.Choice(["fast", "paper"]), help="One for all, or each by its paper.  [default: fast]"
)
@click.option("--seeds", type=click.IntRange(1), help="Trainings of each network.  [default: 3]")
@click.option("--workers", type=click.IntRange(0), help="Trainings at once; 0 trains in this process, without Ray.")
@click.option("--name", help='The run\'s name; the time and "compare" unless said.')
@click.option("--runs-dir", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Where to draw; the run's folder unless said.")
@options.as_json
def command(
    words: tuple[str, ...],
    published: bool,
    data: str | None,
    size: int | None,
    epochs: int | None,
    budget: str | None,
    recipe: str | None,
    seeds: int | None,
    workers: int | None,
    name: str | None,
    runs_dir: Path,
    out: Path | None,
    as_json: bool,
) -> None:
    """Train networks under equal conditions, and set their accuracy against what they cost.

    A NETWORK is a name, a pattern such as "resnet*", a trial of a run, RUN:TRIAL or RUN:best, the folder of a training,
    a file with a network's text, or "all". Each is rewritten for the data's images and classes and trained with several
    seeds, all for as many epochs: those of --epochs, or what --budget allows, where all then have fewer images too if
    need be. The test split is looked at once in each training, at its end. The run's folder holds everything; `nas
    resume` goes on with it where it was interrupted or killed.

    With --published, what is published is compared, and nothing is trained: errors on ImageNet against costs, with the
    front of top-1 error against MACs marked. WORDS narrow the networks to those that have one of them in name, year,
    title or authors. With --out FILE there are two pictures and the table with all sources, FILE.csv.

    \b
    Examples:
      nas compare lenet5 resnet20 mobilenet_v2-0.5 --data fashion-mnist --budget 30cpumin
      nas compare "resnet*" --data cifar10 --epochs 30 --seeds 5
      nas compare runs/NAME:best lenet5 resnet20 --data path/to/images
      nas compare --published mobilenet shufflenet resnet --out small
    """
    if published:
        context = click.get_current_context()
        if set_too := [word for word in _TRAINED_ONLY if context.params[word] is not None]:
            raise click.UsageError(f"with --published nothing is trained, so --{set_too[0]} says nothing")
        from nas.cli.published import show

        show(words, out, as_json=as_json)
        return
    if not words:
        raise click.UsageError('say which networks to train, or "all"; or --published to compare what is published')
    if epochs and budget:
        raise click.UsageError("--epochs and --budget exclude each other")
    from nas.data import load
    from nas.runs import Request
    from nas.search.budget import Budget
    from nas.search.run import search

    from nas.cli.compared import report  # isort: skip
    from nas.cli.progress import Display  # isort: skip

    if budget and not Budget.parse(budget).is_time:
        raise click.UsageError("the budget of a comparison is device time; its trainings are counted by --seeds")
    images = load(data, size=size, seed=0)
    listed = dict(_fitted(words, len(images.classes), images.input, runs_dir))
    recipes = _recipes(listed, recipe or "fast", epochs)
    count = seeds or 3
    labels = tuple(f"network{number}" for number in range(1, len(listed) + 1))
    request = Request(
        space="compare",
        space_text=text(Choice("network", labels, tuple(listed.values()))),
        budget=budget or (f"{count * len(listed)}trials" if epochs else "10cpumin"),
        data=data,
        size=size,
        workers=workers,
        networks=tuple({"name": each, "recipe": recipes[each]} for each in listed),
        seeds=count,
    )
    with Display(quiet=as_json) as display:
        result = search(request, runs_dir=runs_dir, name=name, on_event=display.show)
    report(result, out, as_json=as_json)


def _fitted(words: tuple[str, ...], classes: int, image: Shape, runs_dir: Path) -> Iterator[tuple[str, Network]]:
    """The networks that are meant, by name; of a pattern's, those that can be made for these images."""
    for word in words:
        networks, is_pattern = _of_word(word, runs_dir)
        left_out = []
        for named in networks:
            try:
                yield named.name, named.fitted(classes, image)
            except NasError:
                if not is_pattern:
                    raise
                left_out.append(named.name)
        if left_out:
            click.echo(f"left out of {word}, not made for these images: {', '.join(left_out)}", err=True)


def _of_word(word: str, runs_dir: Path) -> tuple[list[Named], bool]:
    """The networks of a word, and whether it is a pattern."""
    if word != "all" and not any(sign in word for sign in "*?["):
        return [meant.named(word, runs_dir)], False
    found = [n for name, n in catalog.networks().items() if word == "all" or fnmatchcase(name, word)]
    if not found:
        raise NameUnknownError(f"no network's name is like {word!r}", hint="`nas networks` lists all")
    return found, True


def _recipes(networks: dict[str, Network], which: str, epochs: int | None) -> dict[str, dict[str, Any]]:
    """The fields of each network's recipe, all with one number of epochs."""
    from nas.train import recipes

    chosen = {
        name: recipes.fast(network) if which == "fast" else recipes.of_paper(name).recipe
        for name, network in networks.items()
    }
    least = epochs or min(recipe.epochs for recipe in chosen.values())
    return {name: asdict(replace(recipe, epochs=least)) for name, recipe in chosen.items()}
