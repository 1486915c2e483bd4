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
    """Core or device time to train `candidate` on one image, measured on a batch and half a batch of validation.

    Raises:
        TrialFailure: the network cannot be trained here.
    """
    _epoch(candidate, data, replace(recipe, batch=2), device=device, seed=seed)  # Starts what a device starts once.
    return _epoch(candidate, data, recipe, device=device, seed=seed)


def _epoch(candidate: Candidate, data: Dataset, recipe: Recipe, *, device: torch.device, seed: int) -> float:
    chosen = subset(data.val.labels, max(1, recipe.batch // 2), seed=seed)
    small = replace(data, val=Split(data.val.images[chosen], data.val.labels[chosen]))
    seed_everything(seed)
    module = build(candidate.network, input=data.input)
    once = replace(recipe, epochs=1, limit=recipe.batch)
    epoch = fit(module, small, once, device=device, seed=seed).last
    return epoch.seconds / images_seen(epoch.images, len(chosen))
