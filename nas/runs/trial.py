"""One trial as it is read back from the study, and the names of what the study holds beside parameters and values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from optuna.trial import FrozenTrial

State = Literal["running", "complete", "pruned", "fail", "waiting"]

_KINDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("fingerprint", "network", "reason", "detail", "name", "origin", "inherited"), str),
    **dict.fromkeys(("params", "macs", "activations", "memory", "seed", "micro_batch", "until", "inherits"), int),
    "seconds": (int, float),
    "epochs": list,
    "parents": list,
    "test": dict,
    "measures": dict,
}


@dataclass(frozen=True)
class Trial:
    """One evaluation of a network.

    Args:
        number: In the run, from 0.
        state: Optuna's word: `pruned` was stopped before its end, for `reason`.
        values: One for each objective; empty unless complete.
        point: Optuna's parameters: what was decided for each hole.
        fingerprint: Of the network.
        network: Its canonical text.
        params: Learned numbers.
        macs: Multiply-accumulates for one image.
        activations: Elements written by convolutions and linear layers.
        memory: Bytes of activations that live at once in inference.
        accuracies: Share of the validation split that is right after each epoch, 0..1.
        seconds: Core or device time so far, building included, over all processes that worked on it.
        seed: Of the training.
        reason: Why it failed or was stopped; empty for a complete one.
        detail: What to know for repairing it: a traceback, or numbers.
        micro_batch: Images in each part of a batch where memory had no room for a whole one; None where it had.
        name: What a person calls the network; empty where nobody named it.
        test: Share of the test split that is right at the end, 0..1; None where it was not looked at.
        origin: Where the strategy has it from: start, named, child, crossing, random, or control: random search to
            compare with. Empty where it does not say.
        parents: Fingerprints of the networks it was made of.
        inherited: What it began with of another trial's weights, in words; empty where it began from scratch unasked.
        measures: Zero-cost measures, by name; empty where none were taken.
    """

    number: int
    state: State
    values: tuple[float, ...]
    point: dict[str, Any]
    fingerprint: str
    network: str
    params: int
    macs: int
    activations: int
    memory: int
    accuracies: tuple[float, ...]
    seconds: float
    seed: int
    reason: str
    detail: str
    micro_batch: int | None
    name: str = ""
    test: float | None = None
    origin: str = ""
    parents: tuple[str, ...] = ()
    inherited: str = ""
    measures: Mapping[str, float] = field(default_factory=dict)

    @property
    def accuracy(self) -> float | None:
        """After the last epoch so far; None before the first."""
        return self.accuracies[-1] if self.accuracies else None


def trial_of(frozen: FrozenTrial) -> Trial:
    """The trial that Optuna holds as `frozen`.

    Raises:
        KeyError: it is not one of ours.
        TypeError: it holds something else than ours do.
    """
    attrs = frozen.user_attrs
    for name, kind in _KINDS.items():
        if name in attrs and not isinstance(attrs[name], kind):
            raise TypeError(f"trial {frozen.number} has {attrs[name]!r:.80} for its {name}")
    return Trial(
        number=frozen.number,
        state=frozen.state.name.lower(),  # type: ignore[arg-type]
        values=tuple(frozen.values or ()),
        point=dict(frozen.params),
        fingerprint=attrs["fingerprint"],
        network=attrs["network"],
        params=attrs["params"],
        macs=attrs["macs"],
        activations=attrs["activations"],
        memory=attrs["memory"],
        accuracies=tuple(float(epoch["val_accuracy"]) for epoch in attrs.get("epochs", ())),
        seconds=attrs.get("seconds", 0.0),
        seed=attrs["seed"],
        reason=attrs.get("reason", ""),
        detail=attrs.get("detail", ""),
        micro_batch=attrs.get("micro_batch"),
        name=attrs.get("name", ""),
        test=attrs["test"]["accuracy"] if "test" in attrs else None,
        origin=attrs.get("origin", ""),
        parents=tuple(attrs.get("parents", ())),
        inherited=attrs.get("inherited", ""),
        measures={str(name): float(value) for name, value in attrs.get("measures", {}).items()},
    )
