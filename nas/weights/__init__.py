"""Weights of other libraries under our names, and back.

match      which of their layers is which of ours
libraries  the networks of torchvision and timm
files      state dicts on disk, and the card beside ours
convert    all of it together
"""

from nas.weights.convert import Imported as Imported
from nas.weights.convert import exported as exported
from nas.weights.convert import imported as imported
