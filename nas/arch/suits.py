"""Whether a space has networks for certain images and classes, and if not, why."""

import random

from nas.arch.cost import Shape, cost
from nas.arch.nodes import Space
from nas.arch.realize import realize
from nas.errors import HoleError, NasError, PartError, ShapeError


def check_suits(space: Space, input: Shape, classes: int, *, name: str, samples: int = 1000) -> None:
    """Raise unless one of some random networks of a space reads images of shape `input` and tells the classes apart.

    Args:
        space: The space.
        input: (channels, height, width) of an image.
        classes: How many outputs are needed at least.
        name: What the person calls the space.
        samples: Random networks to try.

    Raises:
        ShapeError: not one does; the path is that in the first of them.
        HoleError: the space contradicts itself: two of its holes share one name.
    """
    rng, first = random.Random(0), None
    for _ in range(samples):
        try:
            output = cost(realize(space, rng), input).output
        except HoleError as error:
            raise HoleError(error.rule, path=_below(name, error), hint=error.hint) from None
        except (ShapeError, PartError) as error:
            first = first or error
            continue
        if len(output) == 1 and output[0] >= classes:
            return
        raise ShapeError(
            f"a network ends in an output for each of the {classes} classes, got {'x'.join(map(str, output))}",
            path=name,
            hint="a function from the number of classes to the space suits any data: def space(classes): …",
        )
    assert first is not None
    size = "x".join(map(str, input))
    raise ShapeError(
        f"none of {samples} random networks of the space reads an image of {size}; in the first, {first.rule}",
        path=_below(name, first),
        hint=first.hint,
    )


def _below(name: str, error: NasError) -> str:
    return f"{name}, {error.path}" if error.path else name
