"""A trial under way, or at rest at the end of a rung."""

from dataclasses import dataclass, field

from nas.arch.cost import Cost
from nas.search.proposer import Proposal
from nas.search.relatives import Relative
from nas.train.fit import Epoch


@dataclass
class Running:
    """What a driver knows of a trial that has not ended.

    Args:
        proposal: What is trained.
        epochs: Done.
        until: Epochs at whose end it rests, or those of its recipe.
        before: Device time of workers that have left it.
        seconds: Device time of the worker that has it.
        tries: Workers of this process that were given it since its last epoch.
        relative: The trial whose weights it begins with; None for none, and once it is on record what they gave.
    """

    proposal: Proposal
    until: int
    epochs: list[Epoch] = field(default_factory=list)
    before: float = 0.0
    seconds: float = 0.0
    tries: int = 0
    relative: Relative | None = None

    @property
    def cost(self) -> Cost:
        """Of its network."""
        return self.proposal.candidate.cost

    @property
    def spent(self) -> float:
        """Device time in all, in seconds."""
        return self.before + self.seconds

    def leave(self, lost: float) -> None:
        """Its worker is gone, with so many seconds that were not told of."""
        self.before, self.seconds = self.spent + lost, 0.0
