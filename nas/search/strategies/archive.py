"""What a study says so far, kept from one ask to the next: only trials that have changed are looked at again."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from nas.search.objectives import front
from nas.search.strategies.draft import Parameters
from nas.search.strategies.known import Known
from nas.search.strategies.planned import lost


class Archive:
    """The networks of a study.

    Args:
        look: What is known of the network of a trial, from its parameters and what they offered; None where it is not
            to be trained.
    """

    def __init__(self, look: Callable[[Parameters, Mapping[str, BaseDistribution]], Known | None]) -> None:
        self._look = look
        self._study: optuna.Study | None = None
        self._trials: list[FrozenTrial] = []
        self._done: dict[int, Known] = {}
        self._pending: dict[int, Known] = {}
        self.tried: set[Hashable] = set()
        """The keys of all networks."""
        self.front: list[Known] = []
        """Those with values that no other beats, by their first loss."""

    @property
    def done(self) -> list[Known]:
        """Those with values, by the numbers of their trials."""
        return [self._done[number] for number in sorted(self._done)]

    @property
    def pending(self) -> list[Known]:
        """Those under way, by the numbers of their trials."""
        return [self._pending[number] for number in sorted(self._pending)]

    def read(self, study: optuna.Study) -> None:
        """Take in what has happened in a study."""
        trials = study.get_trials(deepcopy=False)
        if study is not self._study or len(trials) < len(self._trials):
            self._study, self._trials, self.front = study, [], []
            for held in (self._done, self._pending, self.tried):
                held.clear()
        before, self._trials = self._trials, trials
        # A trial that changes is a new object; one that had values may have other ones now.
        changed = [trial for i, trial in enumerate(trials) if i >= len(before) or trial is not before[i]]
        left = [self._done.pop(trial.number) for trial in changed if trial.number in self._done]
        came = [known for trial in changed if (known := self._taken(study, trial))]
        among = self.done if left else sorted([*self.front, *came], key=lambda known: known.number or 0)
        self.front = front(among, lambda known: known.losses)

    def _taken(self, study: optuna.Study, trial: FrozenTrial) -> Known | None:
        """The network of a trial that has changed, if it has values."""
        self._pending.pop(trial.number, None)
        known = self._look(trial.params, trial.distributions) if trial.params else None
        if known is None:
            return None
        self.tried.add(known.look.key)
        if trial.state == TrialState.RUNNING:
            self._pending[trial.number] = known
        if trial.state != TrialState.COMPLETE:
            return None
        self._done[trial.number] = replace(known, losses=lost(study, trial), number=trial.number)
        return self._done[trial.number]
