"""Weights moved to other channels: rows and columns chosen, what is new between them, kernels padded or cut.

Which channels of a tensor are which of another's is said by an index: for each of ours the place of the other's, or
`NEW` where there is none.
"""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

NEW = -1


def by_place(count: int, theirs: int, groups: int = 1) -> Tensor:
    """The index of `count` channels that begin with the other's `theirs`, in each of so many groups.

    Where one of the counts is no multiple of the groups there is one group.
    """
    if count % groups or theirs % groups:
        groups = 1
    size, their_size = count // groups, theirs // groups
    places = torch.arange(count)
    within = places % size
    return torch.where(within < their_size, places // size * their_size + within, NEW)


def vector(fresh: Tensor, theirs: Tensor, index: Tensor) -> Tensor:
    """One number a channel; new channels keep the fresh one."""
    return torch.where(index >= 0, theirs[index.clamp(0)], fresh)


def matrix(
    fresh: Tensor, theirs: Tensor, rows: Tensor, columns: Tensor, *, groups: int = 1, their_groups: int = 1
) -> Tensor:
    """Weights (out, in / groups, …) that do to the other's channels what the other's weights do.

    New outputs, and outputs that would read nothing of the other's, keep their fresh weights; what the others would
    read of new inputs is zero.

    Args:
        fresh: Ours, of the kernel that is wanted.
        theirs: The other's, of the same kernel.
        rows: The index of the outputs.
        columns: The index of the inputs, of all groups.
        groups: Of our convolution.
        their_groups: Of the other's.
    """
    is_alike = fresh.shape == theirs.shape and groups == their_groups
    if is_alike and _is_same(rows, len(rows)) and _is_same(columns, len(columns)):
        return theirs
    if groups == their_groups == 1:
        known = columns >= 0
        made = theirs.index_select(0, rows.clamp(0)).index_select(1, columns.clamp(0))
        made = made * _spread(known.to(made.dtype).unsqueeze(0), made)
        read = known.any().expand(len(rows))
    else:
        width, their_width = fresh.shape[1], theirs.shape[1]
        group = torch.arange(len(rows)) // (len(rows) // groups)
        sources = columns[group.unsqueeze(1) * width + torch.arange(width)]
        their_group = rows.clamp(0) // (len(theirs) // their_groups)
        inside = sources - (their_group * their_width).unsqueeze(1)
        covered = (sources >= 0) & (inside >= 0) & (inside < their_width)
        made = theirs[rows.clamp(0).unsqueeze(1), inside.clamp(0, their_width - 1)]
        made = made * _spread(covered.to(made.dtype), made)
        read = covered.any(1)
    return torch.where(_spread((rows >= 0) & read, made), made, fresh)


def kernel(theirs: Tensor, size: tuple[int, ...], before: tuple[int, ...]) -> Tensor:
    """Weights (out, in, …) with zeros around them, or cut, to kernels of `size`; `before` is how many come first."""
    margins = [
        margin
        for wanted, have, first in reversed(list(zip(size, theirs.shape[2:], before, strict=True)))
        for margin in (first, wanted - have - first)
    ]
    return F.pad(theirs, margins) if any(margins) else theirs


def identity(fresh: Tensor, sources: Tensor) -> Tensor:
    """Weights (out, in / groups, height, width) of outputs that pass on a channel, by the middle of the kernel.

    Args:
        fresh: What other outputs keep.
        sources: For each output which of the channels it reads it passes on; `NEW` for none.
    """
    outputs = torch.nonzero(sources >= 0).flatten()
    made = fresh.clone()
    made[outputs] = 0
    high, wide = fresh.shape[2:]
    made[outputs, sources[outputs], high // 2, wide // 2] = 1
    return made


def _is_same(index: Tensor, count: int) -> bool:
    return torch.equal(index, torch.arange(count))


def _spread(values: Tensor, like: Tensor) -> Tensor:
    """With dimensions of one at the end, as many as `like` has."""
    return values.reshape(*values.shape, *[1] * (like.dim() - values.dim()))
