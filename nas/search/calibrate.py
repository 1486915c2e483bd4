"""How fast this machine trains: two batches of a middling network, before the plan is made."""

from dataclasses import replace

import torch

from nas.data import Dataset, Split
from nas.data.splits import subset
from nas.lower import build
from nas.search.forecast import images_seen
from nas.search.limits import Candidate
from nas.train.fit import fit, seed_everything
from nas.train.recipe import Recipe

_RATE = 1e-6


def seconds_per_image(
    candidate: Candidate, data: Dataset, recipe: Recipe, *, device: torch.device, seed: int
) -> float | None:
    """Core or device time to train `candidate` on one image, as its second batch takes it: the first warms up.

    The rate is a small one: with that of the recipe it may diverge at once, and takes as long. None where it cannot be
    trained; when it is a trial's, the trial will say why.
    """
    chosen = subset(data.val.labels, recipe.batch, seed=seed)
    small = replace(data, val=Split(data.val.images[chosen], data.val.labels[chosen]))
    seed_everything(seed)
    short = replace(recipe, epochs=2, rungs=(), limit=recipe.batch, lr=_RATE)
    try:
        module = build(candidate.network, input=data.input)
        epoch = fit(module, small, short, device=device, seed=seed).last
    except RuntimeError:
        return None
    return epoch.seconds / images_seen(epoch.images, len(chosen))
