"""A training as TensorBoard reads it: a folder with one file of events, which is written from the record."""

import struct
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.errors import RunError
from nas.train.fit import Epoch
from nas.train.recipe import Recipe, learning_rate

if TYPE_CHECKING:
    from tensorboardX.proto.event_pb2 import Event

_NAME = "events.out.tfevents"


class Board:
    """Writes the events of a training: at each call those of the epochs that it has not written yet.

    The first call begins the file anew. So a training that goes on after a kill has each point once; and since its
    record is the same as far as it was written, a TensorBoard that reads the file meanwhile does not notice.

    Args:
        folder: Of this training alone; made if absent.
        recipe: Says the learning rate.
        told: What tells this training from others: words, numbers, true or false.
        costs: Of the network, by name.
    """

    def __init__(self, folder: Path, recipe: Recipe, *, told: Mapping[str, Any], costs: Mapping[str, float]) -> None:
        self._file, self._recipe, self._told, self._costs = folder / _NAME, recipe, told, costs
        self._written, self._has_begun = 0, False
        """Epochs in the file, and whether it is this object's."""

    def write(self, epochs: Sequence[Epoch], *, test: float | None = None, complete: bool = False) -> None:
        """Write what is new.

        Args:
            epochs: All so far; a point lies at the training images seen.
            test: Share of the test split that is right, 0..1; None where it was not looked at.
            complete: Whether this is the end; nothing is written after it.

        Raises:
            RunError: the file cannot be written.
        """
        events = [] if self._has_begun else self._head()
        seen = sum(epoch.images for epoch in epochs[: self._written])
        for epoch in epochs[self._written :]:
            seen += epoch.images
            events += [_event(scalar, seen) for scalar in _scalars(self._points(epoch))]
        if complete:
            events += [_event(scalar, seen) for scalar in _scalars({} if test is None else {"test/accuracy": test})]
            events.append(_event(self._decisions()[2]))
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("ab" if self._has_begun else "wb") as file:
                file.write(b"".join(map(_record, events)))
        except OSError as error:
            raise RunError(f"the file cannot be written: {error.strerror}", path=str(self._file)) from None
        self._written, self._has_begun = len(epochs), True

    def _points(self, epoch: Epoch) -> dict[str, float]:
        """What is drawn of an epoch; the rate is that of its last step."""
        steps = max(1, epoch.images // self._recipe.batch)
        return {
            "train/loss": epoch.train_loss,
            "validation/loss": epoch.val_loss,
            "validation/accuracy": epoch.val_accuracy,
            "lr": learning_rate(self._recipe, (epoch.epoch - 0.5 / steps) / self._recipe.epochs),
        }

    def _head(self) -> "list[Event]":
        """What a file begins with: its version, what tells this training from others, and costs."""
        from tensorboardX.proto.event_pb2 import Event

        version = Event(wall_time=time.time(), file_version="brain.Event:2")
        return [version, *map(_event, [*self._decisions()[:2], *_scalars(self._costs)])]

    def _decisions(self) -> tuple[Any, Any, Any]:
        """Summaries that say what is compared, that this training begins, and that it ends well."""
        from tensorboardX.summary import hparams

        compared: tuple[Any, Any, Any] = hparams(dict(self._told), {"validation/accuracy": 0.0, **self._costs})
        return compared


def _scalars(values: Mapping[str, float]) -> list[Any]:
    from tensorboardX.summary import scalar

    return [scalar(name, value) for name, value in values.items()]


def _event(summary: Any, step: int = 0) -> "Event":
    from tensorboardX.proto.event_pb2 import Event

    return Event(wall_time=time.time(), step=step, summary=summary)


def _record(event: "Event") -> bytes:
    """An event as a TFRecord: length, its checksum, content, its checksum."""
    from tensorboardX.record_writer import masked_crc32c

    content = event.SerializeToString()
    length = struct.pack("<Q", len(content))
    return b"".join((length, _checksum(masked_crc32c(length)), content, _checksum(masked_crc32c(content))))


def _checksum(number: int) -> bytes:
    return struct.pack("<I", number)
