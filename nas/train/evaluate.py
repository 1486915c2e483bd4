"""What a trained network gets right."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from nas.data.batches import Batches
from nas.data.crops import Crops
from nas.data.dataset import Dataset, Split
from nas.train.failure import out_of_memory_is_failure
from nas.train.step import computing

_TOP = 5


@dataclass(frozen=True)
class Score:
    """How well a network does on a split.

    Args:
        accuracy: Share of images whose likeliest class is theirs, 0..1.
        top5: Share of images whose class is among the five likeliest, 0..1.
        loss: Mean cross-entropy in nats, without label smoothing.
        count: Images.
    """

    accuracy: float
    top5: float
    loss: float
    count: int


def evaluate(module: nn.Module, split: Split, data: Dataset, *, device: torch.device, batch: int = 256) -> Score:
    """The score of `module` on a split of `data`, images plain and each seen once; of exits, only the last counts.

    Leaves the module in evaluation mode.

    Raises:
        TrialFailure: memory ran out.
    """
    with out_of_memory_is_failure():
        module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return score(module, Batches(split, data, device=device, batch=batch), device=device)


@torch.no_grad()
def score(module: nn.Module, batches: Batches | Crops, *, device: torch.device) -> Score:
    """As `evaluate`, for a module that is on `device` and batches that are made."""
    module.eval()
    loss = torch.zeros((), device=device)
    right, among = (torch.zeros((), dtype=torch.int64, device=device) for _ in range(2))
    count = 0
    for images, labels in batches.once():
        with computing(device):
            output = module(images)
        logits = (output[0] if isinstance(output, tuple) else output).float()
        loss += F.cross_entropy(logits, labels, reduction="sum")
        right += (logits.argmax(1) == labels).sum()
        among += (logits.topk(min(_TOP, logits.shape[1])).indices == labels[:, None]).sum()
        count += len(labels)
    return Score(accuracy=int(right) / count, top5=int(among) / count, loss=float(loss) / count, count=count)
