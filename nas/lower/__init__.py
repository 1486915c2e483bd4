"""From a network to a torch module: a flat program over registers, and the layers that torch lacks."""

from nas.lower.fold import fold as fold
from nas.lower.module import NetworkModule as NetworkModule
from nas.lower.module import build as build
