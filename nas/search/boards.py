"""The trials of a study for TensorBoard: a listener that writes what the record has of each, in a folder a trial."""

from collections.abc import Mapping
from pathlib import Path

from optuna.trial import FrozenTrial

from nas.runs.journal import Journal
from nas.runs.trial import trial_of
from nas.search.events import Ended, EpochDone, Event, Planned, Rested
from nas.search.plan import Plan
from nas.train.board import Board
from nas.train.fit import Epoch
from nas.train.recipe import Recipe


class Boards:
    """Writes the events of all trials of a study, those on record first.

    Args:
        folder: Holds one folder a trial.
        journal: The record.
        plan: Says by which recipes trials are trained.
    """

    def __init__(self, folder: Path, journal: Journal, plan: Plan) -> None:
        self._folder, self._journal, self._recipe = folder, journal, plan.length.recipe
        self._recipes: Mapping[str, Recipe] = {entry.name: entry.recipe for entry in plan.entries}
        self._boards: dict[int, Board] = {}

    def tell(self, event: Event) -> None:
        """Write what has happened to a trial.

        Raises:
            RunError: a file cannot be written.
        """
        match event:
            case Planned():
                for frozen in self._journal.frozen():
                    self._write(frozen)
            case EpochDone(number=number):
                self._write(self._journal.frozen_trial(number))
            case Rested(trial=trial) | Ended(trial=trial):
                self._write(self._journal.frozen_trial(trial.number))

    def _write(self, frozen: FrozenTrial) -> None:
        trial = trial_of(frozen)
        if trial.number not in self._boards:
            self._boards[trial.number] = Board(
                self._folder / f"trial{trial.number}",
                self._recipes.get(trial.name, self._recipe),
                told={**({"network": trial.name} if trial.name else trial.point), "seed": trial.seed},
                costs={"macs": trial.macs, "params": trial.params},
            )
        epochs = [Epoch(**told) for told in frozen.user_attrs.get("epochs", ())]
        self._boards[trial.number].write(epochs, test=trial.test, complete=trial.state == "complete")
