"""What was asked of a run: a value that is written before the first trial and never changes."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from nas.arch.nodes import Choice, Network, Space, chain
from nas.arch.text import parse
from nas.errors import NasError, RunError

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Request:
    """One search, as it was asked for.

    Args:
        space: What the person called the space.
        space_text: The space itself, as canonical text.
        budget: As typed: `10cpumin`, `2gpuh`, `40trials`.
        data: Name or path of the data; None for the sample.
        size: Side of the images, in pixels; None keeps them.
        strategy: Its name.
        objectives: Their names.
        max_macs: No network above it is trained; None for no limit.
        max_params: No network above it is trained; None for no limit.
        max_latency: Seconds. No network that takes longer to answer on the device is trained; None for no limit.
        workers: Trials at once; 0 for one, in the process of the driver; None for one per device.
        gpus_per_trial: Share of a GPU that a trial holds, above 0 and at most 1; None for one by the memory it needs.
        seed: Of the strategy, the splits and the trainings.
        recipe: Fields of a training recipe; None for that of searches, shortened to the budget.
        around: The named network that was opened into the space; None for none.
        around_text: That network for the images, as canonical text, which is trained first; None for none.
        storage: URL of the database that holds the study; None for a file of the run.
        rungs: Whether trainings are stopped early where others promise more, if the budget has room for that.
        study: Name of the study in that database; None for the run's name.
        networks: The name and the recipe's fields of each network of a comparison, in the order of the one choice that
            is its space; empty for a search.
        seeds: Trainings of each network of a comparison, with the seeds from `seed` on.
        finalists: Share of a search's device time, 0 to below 1, in which the front is trained again from scratch, with
            several seeds; 0 for none.
        tensorboard: Whether event files for TensorBoard are written.
        inherit: Whether a child begins with the weights of a parent; finalists begin from scratch all the same.
        zero_cost: Whether each network of a search is measured before it is trained.
    """

    space: str
    space_text: str
    budget: str
    data: str | None = None
    size: int | None = None
    strategy: str = "front-first"
    objectives: tuple[str, ...] = ("accuracy", "macs")
    max_macs: int | None = None
    max_params: int | None = None
    max_latency: float | None = None
    workers: int | None = None
    gpus_per_trial: float | None = 1.0
    seed: int = 0
    recipe: dict[str, Any] | None = None
    around: str | None = None
    around_text: str | None = None
    storage: str | None = None
    rungs: bool = False
    study: str | None = None
    networks: tuple[dict[str, Any], ...] = ()
    seeds: int = 1
    finalists: float = 0.0
    tensorboard: bool = False
    inherit: bool = False
    zero_cost: bool = False

    def __post_init__(self) -> None:
        for name, (rule, holds) in _RULES.items():
            value = getattr(self, name)
            if not holds(value):
                raise RunError(f"{name} is {rule}, got {value!r}", path=f"request.{name}")

    @property
    def data_name(self) -> str:
        """What a person calls the data: its name, or that of its folder."""
        return Path(self.data).name if self.data else "sample"

    @property
    def data_said(self) -> str:
        """The same in a sentence."""
        return self.data_name if self.data else "Fashion-MNIST sample"

    def open_space(self) -> Space:
        """The space that is searched."""
        return parse(self.space_text)

    def network_around(self) -> Network | None:
        """The network that is searched around."""
        return None if self.around_text is None else parse(self.around_text)

    def listed(self) -> list[tuple[str, Network, dict[str, Any]]]:
        """The networks of a comparison, each with its name and the fields of its recipe; none for a search."""
        options = [part for hole in chain(self.open_space()).parts if isinstance(hole, Choice) for part in hole.parts]
        told = [(entry["name"], entry["recipe"]) for entry in self.networks]
        return [(name, network, recipe) for (name, recipe), network in zip(told, options, strict=True)] if told else []


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_whole(value: Any, least: int) -> bool:
    return type(value) is int and value >= least


def _differ(values: tuple[str, ...]) -> bool:
    return len(set(values)) == len(values)


def _absent_or(holds: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or holds(value)


_RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "space": ("a name", _is_text),
    "space_text": ("the text of a space", _is_text),
    "budget": ("a text", _is_text),
    "data": ("a name or a path, or None", _absent_or(_is_text)),
    "size": ("at least 1, or None", _absent_or(lambda value: _is_whole(value, 1))),
    "strategy": ("a name", _is_text),
    "objectives": (
        "one or more different names",
        lambda value: isinstance(value, tuple) and bool(value) and all(map(_is_text, value)) and _differ(value),
    ),
    "max_macs": ("at least 1, or None", _absent_or(lambda value: _is_whole(value, 1))),
    "max_params": ("at least 1, or None", _absent_or(lambda value: _is_whole(value, 1))),
    "max_latency": ("above 0, or None", _absent_or(lambda value: type(value) in (int, float) and value > 0)),
    "workers": ("at least 0, or None", _absent_or(lambda value: _is_whole(value, 0))),
    "gpus_per_trial": (
        "above 0 and at most 1, or None",
        _absent_or(lambda value: type(value) in (int, float) and 0 < value <= 1),
    ),
    "seed": ("at least 0", lambda value: _is_whole(value, 0)),
    "recipe": ("the fields of a recipe, or None", _absent_or(lambda value: isinstance(value, dict))),
    "around": ("a name, or None", _absent_or(_is_text)),
    "around_text": ("the text of a network, or None", _absent_or(_is_text)),
    "storage": ("a URL, or None", _absent_or(_is_text)),
    "rungs": ("true or false", lambda value: isinstance(value, bool)),
    "tensorboard": ("true or false", lambda value: isinstance(value, bool)),
    "zero_cost": ("true or false", lambda value: isinstance(value, bool)),
    "study": ("a name, or None", _absent_or(_is_text)),
    "networks": (
        "names and recipes, no name twice",
        lambda value: (
            isinstance(value, tuple)
            and all(isinstance(entry, dict) and entry.keys() == {"name", "recipe"} for entry in value)
            and _differ(tuple(entry["name"] for entry in value))
        ),
    ),
    "seeds": ("at least 1", lambda value: _is_whole(value, 1)),
    "finalists": ("a share from 0 to below 1", lambda value: type(value) in (int, float) and 0 <= value < 1),
    "inherit": ("true or false", lambda value: isinstance(value, bool)),
}


def to_json(request: Request) -> str:
    """The content of `run.json`."""
    return json.dumps({"version": VERSION, **asdict(request)}, indent=2) + "\n"


def from_json(content: str, *, path: str) -> Request:
    """The request that `to_json` wrote.

    Args:
        content: Of the file.
        path: Of the file, for messages.

    Raises:
        RunError: the content is damaged, or of a newer version.
    """
    hint = "the run cannot be read without it"
    try:
        told = json.loads(content)
        version = told.pop("version")
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        raise RunError("this should be the JSON object that a run begins with", path=path, hint=hint) from None
    if version != VERSION:
        raise RunError(
            f"this version of nas reads runs of version {VERSION}, got {version!r}", path=path, hint="update nas"
        )
    names = {field.name for field in fields(Request)}
    if unknown := sorted(told.keys() - names):
        raise RunError(f"a run has no field {unknown[0]!r}", path=path, hint=f"it has {', '.join(sorted(names))}")
    try:
        lists = {"objectives": tuple(told["objectives"]), "networks": tuple(told.get("networks", ()))}
        request = Request(**{**told, **lists})
        request.open_space()
        request.network_around()
        request.listed()
    except (TypeError, KeyError, ValueError) as error:
        raise RunError(f"a field is absent or of the wrong kind: {error}", path=path, hint=hint) from None
    except NasError as error:
        raise RunError(str(error), path=path, hint=hint) from None
    return request
