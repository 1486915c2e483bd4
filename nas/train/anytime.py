"""Answers at the exits of a network: as soon as an exit is sure enough, within a budget of MACs on average.

After Huang et al. 2017, "Multi-scale dense networks for resource efficient image classification", arXiv:1703.09844.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nas.data.batches import Batches
from nas.data.dataset import Dataset, Split
from nas.errors import NasError
from nas.lower import NetworkModule
from nas.train.failure import out_of_memory_is_failure
from nas.train.step import computing

_BISECTIONS = 40


@dataclass(frozen=True)
class Answers:
    """What a network says of a batch.

    Args:
        logits: (n, classes), each row from the exit that answered.
        exits: int64 (n,), which exit that was, from 0; the output comes after the exits.
    """

    logits: Tensor
    exits: Tensor


@torch.no_grad()
def answer(module: NetworkModule, images: Tensor, thresholds: Sequence[float]) -> Answers:
    """Classify each image at the first exit as confident as its threshold; later exits see only the other images.

    Args:
        module: In evaluation mode, on the device of the images.
        images: (n, channels, height, width).
        thresholds: One for each exit, see `thresholds_for`; what no exit answers the output does.
    """
    left = torch.arange(len(images), device=images.device)
    logits, exits, gone = [], [], []
    with computing(images.device):
        walk = module.anytime(images)
        made = next(walk)
        for exit, threshold in enumerate((*thresholds, 0.0)):
            sure = ~(_confidence(made) < threshold)
            logits.append(made[sure].float())
            gone.append(left[sure])
            exits.append(torch.full_like(gone[-1], exit))
            left = left[~sure]
            if not len(left):
                break
            made = walk.send(~sure)
    order = torch.cat(gone).argsort()
    return Answers(torch.cat(logits)[order], torch.cat(exits)[order])


@torch.no_grad()
def confidences(
    module: NetworkModule, split: Split, data: Dataset, *, device: torch.device, batch: int = 256
) -> Tensor:
    """How sure each exit, and last the output, is of each image of a split: (exits, n), on the CPU.

    Leaves the module in evaluation mode.

    Raises:
        TrialFailure: memory ran out.
    """
    with out_of_memory_is_failure(), computing(device):
        module.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        batches = Batches(split, data, device=device, batch=batch).once()
        return torch.cat([torch.stack([_confidence(y) for y in module.anytime(x)]).cpu() for x, _ in batches], 1)


def _confidence(logits: Tensor) -> Tensor:
    """The probability of the likeliest class, of each image."""
    return logits.float().softmax(1).amax(1)


def thresholds_for(confidences: Tensor, macs: Sequence[int], budget: float) -> tuple[float, ...]:
    """The confidence from which each exit answers, so that an image costs no more than `budget` on average.

    From exit to exit the share of images that leave changes by one factor, which is as large as the budget allows; at
    each exit the surest leave.

    Args:
        confidences: (exits, n) of images that were not trained on.
        macs: What an answer at each exit costs, the heads before it included; the output last.
        budget: MACs for an image.

    Raises:
        NasError: not even the first exit is within the budget.
    """
    if budget < macs[0]:
        raise NasError(f"the budget is at least the MACs of the first exit, {macs[0]:,}, got {budget:,}")
    costs = torch.tensor(macs, dtype=torch.float64)
    low, high = -12.0, 12.0  # the logarithm of the factor; at the lowest all leave at the first exit
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        _, leaving = _for_factor(confidences, middle)
        low, high = (middle, high) if (leaving * costs).sum() <= budget * leaving.sum() else (low, middle)
    return _for_factor(confidences, low)[0]


def _for_factor(confidences: Tensor, logarithm: float) -> tuple[tuple[float, ...], Tensor]:
    """The thresholds for a factor, and how many images leave at each exit under them."""
    exits, count = confidences.shape
    shares = (logarithm * torch.arange(exits, dtype=torch.float64)).softmax(0)
    gone = (shares.cumsum(0) * count).ceil().long().clamp(max=count)
    left = torch.arange(count)
    thresholds, leaving = [], []
    for exit in range(exits - 1):
        sure = confidences[exit, left].sort(descending=True).values
        wanted = int(gone[exit]) - (count - len(left))
        thresholds.append(_between(sure, wanted))
        staying = confidences[exit, left] < thresholds[-1]
        leaving.append(len(left) - int(staying.sum()))
        left = left[staying]
    return tuple(thresholds), torch.tensor([*leaving, len(left)], dtype=torch.float64)


def _between(sure: Tensor, wanted: int) -> float:
    """A threshold that so many of the confidences, the highest first, reach."""
    if wanted <= 0:
        return 2.0
    return 0.0 if wanted >= len(sure) else float(sure[wanted - 1] + sure[wanted]) / 2
