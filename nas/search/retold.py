"""Optuna's storage in memory, where the values of a trial may be told anew: what was expected, then what came of it."""

from collections.abc import Container, Sequence

from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState, create_trial


class RetoldStorage(InMemoryStorage):
    """Holds one study. To samplers a trial of which values are told is one that ended with them."""

    def __init__(self) -> None:
        super().__init__()
        self._retold: dict[int, FrozenTrial] = {}

    def retell(self, trial: FrozenTrial, values: Sequence[float]) -> None:
        """Give a trial of the study these values, whether it has ended or not."""
        told = self._retold.get(trial.number)
        if told is None or told.values != list(values):
            retold = create_trial(
                values=values,
                params=trial.params,
                distributions=trial.distributions,
                user_attrs=trial.user_attrs,
                system_attrs=trial.system_attrs,
            )
            retold.number, retold._trial_id = trial.number, trial._trial_id
            self._retold[trial.number] = retold

    def forget(self, number: int) -> None:
        """Let a trial of the study be what it is."""
        self._retold.pop(number, None)

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """As Optuna asks for them."""
        trials = super().get_all_trials(study_id, deepcopy)
        told = [self._retold.get(trial.number, trial) for trial in trials] if self._retold else trials
        return [trial for trial in told if states is None or trial.state in states]
