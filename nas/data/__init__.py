"""Labelled images: found, checked, copied once per host, mapped by all its workers, and batched on the device.

`nas.data.batches`, `nas.data.crops` and `nas.data.augment` import torch; nothing here does.
"""

from nas.data.dataset import Dataset, Split
from nas.data.load import load

__all__ = ["Dataset", "Split", "load"]
