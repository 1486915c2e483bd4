"""Neural architecture search in one space made of the building blocks from LeNet to SENet.

    nas.arch    what a network and a space are, and every interpreter that needs no torch
    nas.lower   a network as a torch module
    nas.data    images to batches
    nas.weights published weights under our names, and back
    nas.train   a module and batches to a trained module and its numbers
    nas.search  strategies, ledger, workers
    nas.runs    what a run leaves behind
    nas.cli     the command line

A network is a value, a space is a network with holes, everything else is an interpreter. What a person needs of the
language and of `build` stands right here; torch is loaded with the first name that needs it.
"""

from typing import TYPE_CHECKING, Any

from nas import errors as errors
from nas.arch.cost import Cost as Cost
from nas.arch.cost import cost as cost
from nas.arch.exits import exits as exits
from nas.arch.locate import locate as locate
from nas.arch.nodes import Network as Network
from nas.arch.nodes import Space as Space
from nas.arch.points import crossover as crossover
from nas.arch.points import mutate as mutate
from nas.arch.points import neighbours as neighbours
from nas.arch.realize import realize as realize
from nas.arch.realize import sample as sample
from nas.arch.text import fingerprint as fingerprint
from nas.arch.text import parse as parse
from nas.arch.text import text as text

if TYPE_CHECKING:
    from nas.lower import build as build


def __getattr__(name: str) -> Any:
    if name == "build":
        from nas.lower import build

        return build
    raise AttributeError(f"module 'nas' has no attribute {name!r}")
