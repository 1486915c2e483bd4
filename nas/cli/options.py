"""What the arguments of several commands mean."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from nas.arch.about import paper
from nas.arch.cost import Shape
from nas.arch.named import Named
from nas.errors import NasError

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
