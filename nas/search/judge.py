"""The values that trials are judged by, each found out as soon as it can be known, and once for each network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nas.search.limits import Candidate
from nas.search.objectives import Objective, Seen, losses


@dataclass(frozen=True)
class Bound:
    """What must be measured of a network to know whether it is to be trained.

    Args:
        objective: Its measure, by which trials may be judged too.
        most: The largest value.
    """

    objective: Objective
    most: float


class Judge:
    """Knows what objectives come to.

    Args:
        objectives: In their order.
        bound: None where nothing has to be measured.
    """

    def __init__(self, objectives: Sequence[Objective], bound: Bound | None = None) -> None:
        self._objectives, self._bound = objectives, bound
        self._before = [objective for objective in objectives if objective.known != "trained"]
        if bound and bound.objective.name not in [objective.name for objective in self._before]:
            self._before.append(bound.objective)
        self._known: dict[str, dict[str, float]] = {}
        """What is known of networks before training, by fingerprint: the values of objectives, by name."""

    def know(self, candidate: Candidate, recorded: Mapping[str, float] | None = None) -> dict[str, float]:
        """Find out what can be known of a network before training, and return what of it was measured.

        Args:
            candidate: The network.
            recorded: What was measured of it before.

        Raises:
            ObjectiveError: an objective of a person's own fails.
        """
        self._known.setdefault(candidate.fingerprint, dict(recorded or {}))
        found = {objective: self._found(objective, candidate) for objective in self._before}
        return {objective.name: value for objective, value in found.items() if objective.known == "measured"}

    def admits(self, candidate: Candidate) -> bool:
        """Whether a network keeps to the bound; that is measured once for each, and of none beside the bound."""
        return self._bound is None or self._found(self._bound.objective, candidate) <= self._bound.most

    def _found(self, objective: Objective, candidate: Candidate) -> float:
        known = self._known.setdefault(candidate.fingerprint, {})
        if objective.name not in known:
            known[objective.name] = objective.value(Seen(candidate.network, candidate.cost))
        return known[objective.name]

    def values(self, candidate: Candidate, accuracy: float) -> list[float]:
        """One number for each objective, of a network that was made known and has this accuracy."""
        known, seen = self._known[candidate.fingerprint], Seen(candidate.network, candidate.cost, accuracy)
        return [
            known[objective.name] if objective.name in known else objective.value(seen)
            for objective in self._objectives
        ]

    def losses(self, candidate: Candidate, accuracy: float) -> tuple[float, ...]:
        """The same, turned so that less is better."""
        return losses(self.values(candidate, accuracy), [objective.direction for objective in self._objectives])
