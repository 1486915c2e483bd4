"""Networks that were trained several times: mean and spread of what they get right on the test split."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, stdev

from nas.runs.trial import Trial


@dataclass(frozen=True)
class Repeated:
    """A network with the trainings of it that reached their end.

    Args:
        name: What it is called.
        trials: One or more, of different seeds.
    """

    name: str
    trials: tuple[Trial, ...]

    @property
    def macs(self) -> int:
        """Of the network."""
        return self.trials[0].macs

    @property
    def params(self) -> int:
        """Of the network."""
        return self.trials[0].params

    @property
    def fingerprint(self) -> str:
        """Of the network."""
        return self.trials[0].fingerprint

    @property
    def network(self) -> str:
        """Its canonical text."""
        return self.trials[0].network

    @property
    def tests(self) -> tuple[float, ...]:
        """Share of the test split that each training gets right, 0..1."""
        return tuple(trial.test for trial in self.trials if trial.test is not None)

    @property
    def mean(self) -> float:
        """Of the shares."""
        return fmean(self.tests)

    @property
    def validated(self) -> float:
        """The same mean for the validation split, by which one is chosen for use."""
        return fmean(trial.accuracy or 0.0 for trial in self.trials)

    @property
    def best(self) -> Trial:
        """The training whose weights are for use: by the validation split, since the test split chooses nothing."""
        return max(self.trials, key=lambda trial: trial.accuracy or 0.0)

    @property
    def spread(self) -> float | None:
        """Standard deviation of the shares over seeds; None of one training."""
        return stdev(self.tests) if len(self.tests) > 1 else None


def repeated(trials: Iterable[Trial]) -> list[Repeated]:
    """The networks of trials that were scored on the test split, the cheapest first."""
    of: dict[str, list[Trial]] = {}
    for trial in trials:
        if trial.state == "complete" and trial.test is not None:
            of.setdefault(trial.name, []).append(trial)
    return sorted((Repeated(name, tuple(own)) for name, own in of.items()), key=lambda r: (r.macs, -r.mean, r.name))
