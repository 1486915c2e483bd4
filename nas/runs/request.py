"""What was asked of a run: a value that is written before the first trial and never changes."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from nas.arch.nodes import Space
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
        workers: Trials at once; 0 for one, in the process of the driver; None for one per device.
        gpus_per_trial: Share of a GPU that a trial holds, above 0 and at most 1.
        seed: Of the strategy, the splits and the trainings.
        recipe: Fields of a training recipe; None for that of searches, shortened to the budget.
        around: The named network that was opened into the space; None for none.
        storage: URL of the database that holds the study; None for a file of the run.
        study: Name of the study in that database; None for the run's name.
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
    workers: int | None = None
    gpus_per_trial: float = 1.0
    seed: int = 0
    recipe: dict[str, Any] | None = None
    around: str | None = None
    storage: str | None = None
    study: str | None = None

    def __post_init__(self) -> None:
        for name, (rule, holds) in _RULES.items():
            value = getattr(self, name)
            if not holds(value):
                raise RunError(f"{name} is {rule}, got {value!r}", path=f"request.{name}")

    @property
    def data_name(self) -> str:
        """What a person calls the data: its name, or that of its folder."""
        return Path(self.data).name if self.data else "sample"

    def open_space(self) -> Space:
        """The space that is searched."""
        return parse(self.space_text)


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
    "workers": ("at least 0, or None", _absent_or(lambda value: _is_whole(value, 0))),
    "gpus_per_trial": ("above 0 and at most 1", lambda value: type(value) in (int, float) and 0 < value <= 1),
    "seed": ("at least 0", lambda value: _is_whole(value, 0)),
    "recipe": ("the fields of a recipe, or None", _absent_or(lambda value: isinstance(value, dict))),
    "around": ("a name, or None", _absent_or(_is_text)),
    "storage": ("a URL, or None", _absent_or(_is_text)),
    "study": ("a name, or None", _absent_or(_is_text)),
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
        request = Request(**{**told, "objectives": tuple(told["objectives"])})
        request.open_space()
    except (TypeError, KeyError) as error:
        raise RunError(f"a field is absent or of the wrong kind: {error}", path=path, hint=hint) from None
    except NasError as error:
        raise RunError(str(error), path=path, hint=hint) from None
    return request
