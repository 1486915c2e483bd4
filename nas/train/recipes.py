"""How the papers trained, and one short recipe for all: read from `recipes.toml`, or from a person's file."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from nas.arch.nodes import Network, Norm, Part
from nas.arch.paths import subchains
from nas.data.augment import Augment
from nas.errors import NameUnknownError, NasError
from nas.train.recipe import SEARCH, Recipe, recipe_of

_PLAIN = {
    "nesterov": False,
    "warmup": 0.0,
    "schedule": "steps",
    "decay_all": True,
    "label_smoothing": 0.0,
}
_FAST_EPOCHS = 16


@dataclass(frozen=True)
class PaperRecipe:
    """How the networks of a paper were trained.

    Args:
        family: What the recipe is called.
        networks: Patterns of their names.
        data: What the paper trains on.
        source: Where it was read.
        recalled: What of it stands here from memory; empty for nothing.
        departures: What is done otherwise here.
        recipe: As far as it can be said.
    """

    family: str
    networks: tuple[str, ...]
    data: tuple[str, ...]
    source: str
    recalled: str
    departures: str
    recipe: Recipe


@cache
def papers() -> tuple[PaperRecipe, ...]:
    """The recipes of all papers, in the order of the file."""
    with Path(__file__).with_name("recipes.toml").open("rb") as file:
        return tuple(_paper(family, told) for family, told in tomllib.load(file).items())


def of_paper(name: str) -> PaperRecipe:
    """The recipe of the paper that a network is of; rewrites in its name change nothing.

    Raises:
        NameUnknownError: no paper's recipe is known for it.
    """
    stem = name.partition("+")[0]
    for paper in papers():
        if any(fnmatchcase(stem, pattern) for pattern in paper.networks):
            return paper
    raise NameUnknownError(f"no paper's recipe is known for {name!r}", path="--recipe", hint="say --recipe fast")


def fast(network: Network) -> Recipe:
    """A short recipe for any network: SGD with Nesterov momentum, one cycle of the rate, smoothed labels.

    A network without norms learns at a third of the rate, with gradients that are clipped.

    Measured on Fashion-MNIST, 3,000 images for two epochs: LeNet-5 has a validation accuracy of 77 % at a rate of 0.1
    with a clip at 1, 73 % at 0.03, 71 % at 0.01, and at most 41 % at any rate without the clip; SqueezeNet 1.1 has 64 %
    at 0.1 and 60 % at 0.03.
    """
    whole = replace(SEARCH, epochs=_FAST_EPOCHS)
    return whole if _is_normed(network) else replace(whole, lr=whole.lr / 3, clip=1.0)


def from_file(file: Path) -> Recipe:
    """The recipe whose fields a .toml or .json file holds; what it leaves out is the default.

    Raises:
        NasError: it cannot be read, or a field is unknown or breaks its rule.
    """
    try:
        content = file.read_text(encoding="utf-8")
        fields = json.loads(content) if file.suffix == ".json" else tomllib.loads(content)
    except (OSError, ValueError, RecursionError) as error:
        hint = "paper, fast, or a .toml or .json file"
        raise NasError(f"a recipe's file cannot be read: {error}", path=str(file), hint=hint) from None
    if not isinstance(fields, dict):
        raise NasError(f"a recipe's file holds fields, got {type(fields).__name__}", path=str(file))
    return recipe_of(fields)


def markdown() -> list[str]:
    """The recipes of all papers as a table, and then their sources and departures, in Markdown."""
    rows = [
        "| family | optimizer | rate | batch | epochs | decay | smoothing | average | clip | begins | augmentation |"
    ]
    rows.append("|---" * 11 + "|")
    for paper in papers():
        made = paper.recipe
        momentum = "Nesterov" if made.nesterov else "momentum"
        cells = (
            paper.family,
            "RMSprop" if made.optimizer == "rmsprop" else f"SGD, {momentum} {made.momentum:g}",
            _rate_said(made),
            str(made.batch),
            str(made.epochs),
            f"{made.weight_decay:g}{'' if made.decay_all else ', weights only'}",
            f"{made.label_smoothing:g}",
            f"{made.average:g}",
            "" if made.clip is None else f"{made.clip:g}",
            made.init,
            ", ".join(_augment_said(made.augment)),
        )
        rows.append(f"| {' | '.join(cells)} |".replace("|  |", "| |"))
    rows.append("")
    for paper in papers():
        recalled = f" Recalled: {paper.recalled}." if paper.recalled else ""
        otherwise = f" Otherwise here: {paper.departures}." if paper.departures else ""
        rows.append(f"- **{paper.family}**, on {', '.join(paper.data)}: {paper.source}.{recalled}{otherwise}")
    return rows


def _augment_said(augment: Augment) -> Iterator[str]:
    if augment.crop:
        yield f"shifts by {augment.crop}"
    if augment.area < 1:
        yield f"crops of {augment.area:.0%} and more"
    if augment.flip:
        yield "flips"
    if augment.jitter:
        yield f"jitter {augment.jitter:g}"
    if augment.lighting:
        yield f"lighting {augment.lighting:g}"


def _rate_said(recipe: Recipe) -> str:
    warmed = f", warmed up for {recipe.warmup:.2%}" if recipe.warmup else ""
    match recipe.schedule:
        case "steps":
            return f"{recipe.lr:g}, ×{recipe.gamma:g} at {', '.join(f'{m:.0%}' for m in recipe.milestones)}{warmed}"
        case "exponential":
            return f"{recipe.lr:g}, by steps to ×{recipe.gamma:g}{warmed}"
        case _:
            return f"{recipe.lr:g}, {recipe.schedule} to 0{warmed}"


def _paper(family: str, told: dict[str, Any]) -> PaperRecipe:
    lists = {name: tuple(told[name]) for name in ("networks", "data")}
    return PaperRecipe(**{**told, **lists, "family": family, "recipe": recipe_of({**_PLAIN, **told["recipe"]})})


def _is_normed(part: Part) -> bool:
    """Whether it normalizes anything."""
    return isinstance(part, Norm) or any(_is_normed(inner) for _, whole in subchains(part) for inner in whole.parts)
