"""How fast this machine trains: one batch of a middling network, before the plan is made."""

from dataclasses import replace

import torch

from nas.data import Dataset, Split
from nas.data.splits import subset
from nas.lower import build
from nas.search.forecast import images_seen
from nas.search.limits import Candidate
from nas.train.fit import fit, seed_everything
from nas.train.recipe import Recipe


def seconds_per_image(candidate: Candidate, data: Dataset, recipe: Recipe, *, device: torch.device, seed: int) -> float:
    """Core or device time to train `candidate` on one image, measured on half a batch, the second time it is trained.

    Raises:
        TrialFailure: the network cannot be trained here.
    """
    half = replace(recipe, epochs=1, batch=max(2, recipe.batch // 2), limit=max(2, recipe.batch // 2))
    _epoch(candidate, data, half, device=device, seed=seed)
    return _epoch(candidate, data, half, device=device, seed=seed)


def _epoch(candidate: Candidate, data: Dataset, recipe: Recipe, *, device: torch.device, seed: int) -> float:
    chosen = subset(data.val.labels, max(1, recipe.batch // 2), seed=seed)
    small = replace(data, val=Split(data.val.images[chosen], data.val.labels[chosen]))
    seed_everything(seed)
    module = build(candidate.network, input=data.input)
    epoch = fit(module, small, recipe, device=device, seed=seed).last
    return epoch.seconds / images_seen(epoch.images, len(chosen))
