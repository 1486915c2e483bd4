"""What the arguments of several commands mean."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nas import catalog
from nas.arch.about import paper
from nas.arch.cost import Shape
from nas.arch.named import Named
from nas.arch.nodes import Chain, chain, is_open
from nas.arch.rewrite import classes_of, with_classes
from nas.arch.text import parse
from nas.errors import NasError, TextError

if TYPE_CHECKING:
    from nas.export.subject import Subject
    from nas.runs import Run

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
address = click.option("--address", help="Train on the Ray cluster at HOST:PORT, or auto for that of this host.")
tensorboard = click.option("--tensorboard", is_flag=True, help="Write event files for TensorBoard too.")
classes = click.option("--classes", type=click.IntRange(1), help="Number of classes, if not the network's own.")


class InputError(NasError):
    """What an argument names cannot be read."""


class _Image(click.ParamType[Shape]):
    name = "CxHxW"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Shape:
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"(\d{1,6})x(\d{1,6})x(\d{1,6})", value)
        if not found or "0" in found.groups():
            raise InputError(f"an input is channels x height x width, got {value!r}", path="--input", hint="3x224x224")
        return tuple(map(int, found.groups()))


class _Share(click.ParamType[float | None]):
    """A share of a GPU, or None, which is said `auto`."""

    name = "SHARE|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        return None if value == "auto" else click.FloatRange(0, 1, min_open=True).convert(value, param, ctx)


gpus_per_trial = click.option(
    "--gpus-per-trial",
    type=_Share(),
    default=1.0,
    show_default=True,
    help="Share of a GPU that a trial holds, and that the budget counts; auto makes it by the memory a trial needs.",
)
image = click.option("--input", "image", type=_Image(), help="Shape of an image, if not the network's own.")


def named(spec: str, runs_dir: Path | None = None) -> Named:
    """The network that an argument means: a name, perhaps with rewrites; a file with a network's text; or one trained.

    That is said as RUN:TRIAL, with the run's folder or its name in `runs_dir`, or as the folder of a training.
    """
    place = _place(spec)
    if run := run_in(spec, runs_dir):
        return _of_trial(run, spec)
    if place.is_dir() and (made := _of_training(place)):
        return made
    return _of_file(place) if place.is_file() else catalog.network(spec)


def run_in(spec: str, runs_dir: Path | None = None) -> "Run | None":
    """The run of an argument RUN:TRIAL, its folder or its name in `runs_dir`; None where the argument is no such one.

    Raises:
        RunError: there is no such run, or it is damaged.
    """
    run, colon, _ = spec.rpartition(":")
    if not colon or _place(spec).is_file():
        return None
    from nas.runs import open_run

    return open_run(run, runs_dir=runs_dir or Path("runs"))


def trained(spec: str, runs_dir: Path | None = None) -> "Subject | None":
    """What an argument means with its weights: RUN:TRIAL, or the folder of a training; None for anything else.

    Raises:
        NasError: it means one that is not there, was not trained to its end, or whose data is gone.
    """
    from nas.export.subject import of_training, of_trial
    from nas.runs.journal import read_trials
    from nas.train.final import is_training

    if is_training(place := _place(spec)):
        return of_training(place)
    run = run_in(spec, runs_dir)
    return of_trial(run, spec.rpartition(":")[2], read_trials(run)) if run else None


def _place(spec: str) -> Path:
    """Where an argument may lie."""
    try:
        Path(spec).exists()
    except OSError as error:
        raise _unreadable(spec, str(error.strerror)) from None
    return Path(spec)


def _unreadable(spec: str, why: str) -> InputError:
    return InputError(f"a network is a name or a readable text file, but: {why}", path=spec[:100])


def _of_file(file: Path) -> Named:
    """The network whose text a file holds."""
    try:
        whole = chain(parse(file.read_text(encoding="utf-8")))
    except TextError as error:
        raise TextError(error.rule, path=f"{file}, {error.path}", hint=error.hint) from None
    except (OSError, UnicodeDecodeError) as error:
        why = str(error.strerror) if isinstance(error, OSError) else "it is no text in UTF-8"
        raise _unreadable(str(file), why) from None
    if is_open(whole):
        raise NasError("a file given as a network holds one, got a space", path=str(file))
    return unpublished(str(file), whole, (3, 224, 224))


def _of_trial(run: "Run", spec: str) -> Named:
    """The network of a trial, for the images of its run."""
    from nas.data.of_run import images_of
    from nas.runs.journal import read_trials
    from nas.runs.meant import meant

    trial = meant(run, spec.rpartition(":")[2], read_trials(run))
    return unpublished(spec, chain(parse(trial.network)), images_of(run).input)


def _of_training(folder: Path) -> Named | None:
    """The network that `nas train` trained in a folder, for its images; None where it trained none."""
    from nas.train.final import images, recorded

    training = recorded(folder)
    if training is None:
        return None
    return unpublished(str(folder), chain(parse(training.network)), images(folder).input)


def network(named: Named, classes: int | None) -> Chain:
    """The network, for so many classes where that is said."""
    return chain(named.network() if classes is None else with_classes(named.network(), classes))


def unpublished(name: str, network: Chain, input: Shape) -> Named:
    """A network that no paper has, for images of shape `input` and as many classes as it tells apart unless said."""
    own = classes_of(network)

    def make(classes: int) -> Chain:
        return network if classes == own else with_classes(network, classes)

    return Named(name, make, input, own, 0, "")


def has_words(named: Named, words: Iterable[str]) -> bool:
    """Whether a network's name, year, title or authors have, or begin with, each of the words."""
    text = f"{named.name} {named.year} {named.paper} {paper(named)}".lower()
    return all(re.search(f"(?<![a-z]){re.escape(word.lower())}", text) for word in words)


def point(file: Path) -> dict[str, Any]:
    """The point that a JSON file holds, as `nas locate --json` prints it."""
    try:
        read = json.loads(file.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise NasError(f"a point is a JSON object, got {error}", path=str(file)) from None
    read = read.get("point", read) if isinstance(read, dict) else read
    if not isinstance(read, dict):
        raise NasError(f"a point is a JSON object, got {type(read).__name__}", path=str(file))
    return read


def write_new(file: Path, content: str) -> None:
    """Write a Python file that is not there yet.

    Raises:
        NasError: it is there, is no .py, or cannot be written.
    """
    if file.suffix != ".py":
        raise NasError(f"a space file is a .py, got {file.name!r}", path=str(file), hint=str(file.with_suffix(".py")))
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(content)
    except FileExistsError:
        raise NasError("a file that exists is not overwritten", path=str(file), hint="name another") from None
    except OSError as error:
        raise NasError(f"the file cannot be written: {error.strerror}", path=str(file)) from None


def one_of(first: str, a: Any, second: str, b: Any) -> tuple[Any, Any]:
    """Two options that exclude each other: of one from a configuration file and one that was typed, what was typed."""
    source = click.get_current_context().get_parameter_source
    configured = click.core.ParameterSource.DEFAULT_MAP
    if a and b and source(first) != source(second):
        return (None if source(first) is configured else a, None if source(second) is configured else b)
    return a, b
