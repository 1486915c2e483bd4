"""A list of trainings to be made, whatever comes of them: the other chooser beside the proposer."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from optuna.trial import FrozenTrial, TrialState, create_trial

from nas.search.errors import SearchError
from nas.search.limits import Candidate
from nas.search.proposer import Proposal
from nas.train.recipe import Recipe


@dataclass(frozen=True)
class Entry:
    """A network of a list.

    Args:
        name: What it is called; no other of the list is.
        candidate: The network.
        recipe: How it is trained.
    """

    name: str
    candidate: Candidate
    recipe: Recipe


class Roster:
    """Goes through networks and seeds: all networks with the first seed, then all with the next.

    So an early end leaves each network with as many trainings as any other, or one fewer. For that a training that does
    not fit any more is not passed over. Within a seed the dearest come first, so that workers end together.

    Where time is left after that, and a worker with nothing to do, whatever fits is trained with one seed more.

    Args:
        entries: The networks, each with its recipe; all are trained for as many epochs on as many images.
        seeds: Of the trainings of each.
        spare: Seeds of more trainings, for the time that is left.
    """

    def __init__(self, entries: Iterable[Entry], seeds: Iterable[int], spare: Iterable[int] = ()) -> None:
        dearest = sorted(entries, key=lambda entry: -entry.candidate.cost.macs)
        self._left = {(entry.name, seed): entry for seed in seeds for entry in dearest}
        self._spare = {(entry.name, seed): entry for seed in spare for entry in dearest}

    @property
    def exhausted(self) -> bool:
        """Whether all trainings of the list have begun."""
        return not self._left and not self._spare

    def propose(self, fits: Callable[[Candidate], bool]) -> Proposal | None:
        """The next training of the list, or None where it does not fit, or none is left."""
        for key, entry in self._left.items():
            return self._made(*key) if fits(entry.candidate) else None
        spare = next((key for key, entry in self._spare.items() if fits(entry.candidate)), None)
        return self._made(*spare) if spare else None

    def recall(self, recorded: FrozenTrial, candidate: Candidate) -> Proposal:
        """The training of the list that a trial on record is; it counts as begun.

        Raises:
            SearchError: the trial is of no training of the list.
        """
        name, seed = recorded.user_attrs.get("name", ""), recorded.user_attrs["seed"]
        if (name, seed) not in self._left and (name, seed) not in self._spare:
            raise SearchError(f"the list has no training of {name!r} with seed {seed}", hint="was the study changed?")
        return self._made(name, seed)

    def expect(self, proposal: Proposal, values: Sequence[float]) -> None:
        """Nothing, as nothing rests."""

    def tell(self, proposal: Proposal, values: Sequence[float] | None) -> None:
        """Nothing: the list stays what it is."""

    def _made(self, name: str, seed: int) -> Proposal:
        entry = self._left.pop((name, seed), None) or self._spare.pop((name, seed))
        asked = create_trial(state=TrialState.RUNNING)
        return Proposal(entry.candidate, asked, seed, entry.name, entry.recipe)
