"""Which of another library's layers is which of ours.

Layers are matched among those whose weights have the same shapes, in the order in which they run. Of ours that is the
order of the state dict. Theirs is seen by running their module; where there is none, the order in which the state dict
names its layers stands for it, as it does in most. In one thing the libraries agree against us: what projects a
shortcut, which we do first, they do after the block.
"""

import copy
import re
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nas.arch.cost import Shape
from nas.errors import WeightsError

_FIRST = re.compile(r"downsample|skip")
"""What a layer of a shortcut is called; what stands before is the name of its block."""
_HEAD = re.compile(r"(^|\.)(exit\d|aux)", re.IGNORECASE)
"""What auxiliary heads are called, by us and by the libraries."""
_COUNTER = "num_batches_tracked"
"""No weight: old files lack it."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer that holds weights, and their shapes without ones at the end: a linear layer is a 1×1 convolution."""

    name: str
    shapes: tuple[tuple[str, Shape], ...]

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(f'{what} {_said(shape)}' for what, shape in self.shapes)})"


@dataclass(frozen=True, slots=True)
class Layers:
    """The layers on the way to the output, and those of auxiliary heads."""

    trunk: Sequence[Layer]
    heads: Sequence[Layer]


def layers(state: Mapping[str, Tensor]) -> Layers:
    """The layers of a state dict, in its order; heads are known by their names."""
    found = _of_state(state)
    return Layers(
        [layer for layer in found if not _HEAD.search(layer.name)],
        [layer for layer in found if _HEAD.search(layer.name)],
    )


def layers_run(module: nn.Module, input: Shape) -> Layers:
    """The layers of a module in the order in which they run; those that do not run are of heads.

    Raises:
        WeightsError: it does not run on images of shape `input`.
    """
    shadow = copy.deepcopy(module).to("meta").float().eval()
    ran: dict[str, None] = {}
    for name, layer in shadow.named_modules():
        layer.register_forward_hook(lambda *_, name=name: ran.setdefault(name))
    try:
        with torch.no_grad():
            shadow(torch.empty(2, *input, device="meta"))
    except (RuntimeError, ValueError, AssertionError) as error:
        raise WeightsError(f"{type(module).__name__} has to run on images of {_said(input)}, got: {error}") from None
    held = {layer.name: layer for layer in _of_state(module.state_dict())}
    trunk = [held[name] for name in ran if name in held]
    return Layers(trunk, [layer for name, layer in held.items() if name not in ran])


def pairs(ours: Layers, theirs: Layers) -> dict[str, str]:
    """The names of their layers by the names of ours; heads are left out where only one side has any.

    Raises:
        WeightsError: as `match`.
    """
    found = match(ours.trunk, with_shortcuts_first(theirs.trunk))
    return found | match(ours.heads, theirs.heads) if ours.heads and theirs.heads else found


def match(ours: Sequence[Layer], theirs: Sequence[Layer]) -> dict[str, str]:
    """The names of theirs by the names of ours, both in one order.

    Raises:
        WeightsError: a layer finds no partner; it names the first, of ours if there is one.
    """
    _refuse_others(ours, theirs)
    waiting: dict[object, deque[str]] = defaultdict(deque)
    for layer in theirs:
        waiting[layer.shapes].append(layer.name)
    return {layer.name: waiting[layer.shapes].popleft() for layer in ours}


def keys(matched: Mapping[str, str], ours: Mapping[str, Tensor]) -> dict[str, str]:
    """The keys of their state dict by those of ours, for layers matched by name."""
    named = {key: key.rpartition(".") for key in ours}
    return {key: f"{matched[name]}.{what}" for key, (name, _, what) in named.items() if name in matched}


def renamed(state: Mapping[str, Tensor], names: Mapping[str, str], like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What `like` has, with the numbers that `state` has under `names`; counters of batches it lacks are zero."""
    return {
        key: torch.zeros((), dtype=torch.long)
        if key.endswith(_COUNTER) and names[key] not in state
        else state[names[key]].detach().reshape(shaped.shape)
        for key, shaped in like.items()
        if key in names
    }


def with_shortcuts_first(found: Sequence[Layer]) -> list[Layer]:
    """The layers, those of a shortcut before the others of their block."""
    moved = list(found)
    for late in found:
        if of_shortcut := _FIRST.search(late.name):
            block = late.name[: of_shortcut.start()]
            others = (layer.name.startswith(block) and not _FIRST.search(layer.name, len(block)) for layer in moved)
            moved.remove(late)
            moved.insert(list(others).index(True), late)
    return moved


def _of_state(state: Mapping[str, Tensor]) -> list[Layer]:
    found: dict[str, dict[str, Shape]] = {}
    for key, weight in state.items():
        name, _, what = key.rpartition(".")
        if what != _COUNTER:
            found.setdefault(name, {})[what] = _without_ones(tuple(weight.shape))
    return [Layer(name, tuple(sorted(shapes.items()))) for name, shapes in found.items()]


def _refuse_others(ours: Sequence[Layer], theirs: Sequence[Layer]) -> None:
    without, over = _beyond(ours, theirs), _beyond(theirs, ours)
    if without:
        left = f"; the first that is left over there is {over[0]}" if over else ""
        raise WeightsError(f"each layer needs one of its shape there, {without[0]} finds none{left}")
    if over:
        raise WeightsError(f"each layer there needs one of its shape here, {over[0]} finds none")


def _beyond(some: Sequence[Layer], others: Sequence[Layer]) -> list[Layer]:
    """The layers that are more than the others of their shape."""
    left = Counter(layer.shapes for layer in others)
    beyond = []
    for layer in some:
        left[layer.shapes] -= 1
        if left[layer.shapes] < 0:
            beyond.append(layer)
    return beyond


def _without_ones(shape: Shape) -> Shape:
    while len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def _said(shape: Shape) -> str:
    return "×".join(map(str, shape)) or "1"
