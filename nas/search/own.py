"""An objective of a person's own: a function in a Python file, from a network to a number."""

import inspect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from nas.arch.cost import Cost
from nas.arch.nodes import Network
from nas.errors import NasError
from nas.own_file import lines_told, run
from nas.runs.journal import Direction

_FORM = re.compile(r"(?P<file>.+\.py)(?::(?P<name>\w+))?(?::(?P<direction>\w+))?")


class ObjectiveError(NasError):
    """An objective's file or function is absent, fails, or gives no number."""


@dataclass(frozen=True)
class Own:
    """A function that was found in a file.

    Args:
        spec: Where, as a person says it.
        direction: Which way is better.
        about: The first line of its docstring.
        exact: Whether it is called for every network that is considered, and shown to strategies; else it is called
            once for each network that is trained.
    """

    spec: str
    direction: Direction
    about: str
    exact: bool
    _file: Path
    _function: Callable[..., Any]
    _takes_cost: bool

    def __call__(self, network: Network, cost: Cost) -> float:
        """Its value of a network.

        Raises:
            ObjectiveError: it fails, or what it gives is no finite number.
        """
        with lines_told(self._file, ObjectiveError):
            value = self._function(network, cost) if self._takes_cost else self._function(network)
        try:
            number = math.nan if isinstance(value, str) else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            got = f"{value!r}, {type(value).__name__}"
            raise ObjectiveError(f"an objective is a finite number, got {got}", path=self.spec)
        return number


def is_own(spec: str) -> bool:
    """Whether an objective's name is that of a function in a file."""
    return ".py" in spec


def own(spec: str) -> Own:
    """The function that `FILE.py:function` or `FILE.py:function:maximize` says; the file is run.

    The function takes a network, or a network and its cost. Its attributes `direction`, "minimize" unless said, and
    `exact`, True unless said, mean what they do in `Own`.

    Raises:
        ObjectiveError: there is none, or the file fails.
    """
    found = _FORM.fullmatch(spec)
    if not found or not found["name"]:
        raise ObjectiveError("an objective in a file is named after a colon", path=spec, hint="FILE.py:function")
    file = Path(found["file"])
    function = _function(file, found["name"])
    direction = found["direction"] or getattr(function, "direction", "minimize")
    if direction not in get_args(Direction):
        raise ObjectiveError(f"a direction is {' or '.join(get_args(Direction))}, got {direction!r}", path=spec)
    return Own(
        spec=spec,
        direction=direction,  # type: ignore[arg-type]
        about=(inspect.getdoc(function) or found["name"]).partition("\n")[0],
        exact=bool(getattr(function, "exact", True)),
        _file=file,
        _function=function,
        _takes_cost=_takes_cost(function, spec),
    )


def resolved(spec: str) -> str:
    """The same with the whole path of its file, so that a run finds it from any folder."""
    file, ending, rest = spec.partition(".py")
    return f"{Path(file + ending).absolute()}{rest}"


def _function(file: Path, name: str) -> Callable[..., Any]:
    if not file.is_file():
        raise ObjectiveError("no such file", path=str(file), hint="--objective FILE.py:function")
    module = run(file, ObjectiveError)
    held = [key for key, value in vars(module).items() if inspect.isfunction(value)]
    if not hasattr(module, name):
        hint = f"it holds {', '.join(held) or 'no function at all'}"
        raise ObjectiveError(f"no {name!r} stands in it", path=str(file), hint=hint)
    function = getattr(module, name)
    if not inspect.isfunction(function):
        kind = type(function).__name__
        raise ObjectiveError(f"an objective is a function of a network, got {kind}", path=f"{file}:{name}")
    return function


def _takes_cost(function: Callable[..., Any], spec: str) -> bool:
    for count in (1, 2):
        try:
            inspect.signature(function).bind(*range(count))
        except TypeError:
            continue
        return count == 2
    rule = f"an objective takes a network, or a network and its cost, got {inspect.signature(function)}"
    raise ObjectiveError(rule, path=spec)
