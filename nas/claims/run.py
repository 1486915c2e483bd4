"""The trainings of a claim, one after the other, and the test error of each."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nas.claims.plan import Plan
from nas.train import final
from nas.train.failure import TrialFailure
from nas.train.final import Trained, Training

_FEWEST_SEEDS = 2


@dataclass(frozen=True)
class Measured:
    """A network that was trained with a seed.

    Args:
        label: Of the network.
        seed: Of its training.
        error: Of the test split, in percent; that of guessing where the training diverged.
        diverged: Whether its loss was no longer finite.
        seconds: Device time; 0 where it diverged.
        test_images: How many; 0 where it diverged.
    """

    label: str
    seed: int
    error: float
    diverged: bool
    seconds: float
    test_images: int


def run(plan: Plan, folder: Path, *, train: Callable[[Training, Path], Trained] = final.train) -> list[list[Measured]]:
    """Train what a plan says, each in a folder of its own, and go on with what lies there.

    Args:
        plan: What to train.
        folder: Of the claim.
        train: As `final.train`, and perhaps shows it.

    Returns:
        For each seed its networks; fewer seeds than planned, but two at least, where another would exceed the budget
        at the pace so far.

    Raises:
        RunError: as `final.train`.
        TrialFailure: memory ran out.
    """
    found: list[list[Measured]] = []
    for seed in range(plan.seeds):
        spent = sum(one.seconds for of_seed in found for one in of_seed)
        if len(found) >= _FEWEST_SEEDS and spent * (seed + 1) / seed > plan.budget_s:
            break
        of_seed = [training for training in plan.trainings if training.seed == seed]
        found.append([_measured(plan, training, folder, train) for training in of_seed])
    return found


def _measured(plan: Plan, training: Training, folder: Path, train: Callable[[Training, Path], Trained]) -> Measured:
    try:
        ended = train(training, folder / f"{training.name}-seed{training.seed}")
    except TrialFailure as failure:
        if failure.reason != "diverged":
            raise
        return Measured(training.name, training.seed, 100 * (1 - 1 / plan.classes), True, 0.0, 0)
    return Measured(
        training.name, training.seed, 100 * (1 - ended.test.accuracy), False, ended.seconds, ended.test.count
    )
