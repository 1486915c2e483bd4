"""Pictures of networks, each an image of its own: what one SVG names no other can mean."""

import re
from collections.abc import Callable, Iterable
from urllib.parse import quote

from analysis.report.record import network
from nas.arch.cost import Shape
from nas.draw import draw
from nas.runs import Trial

MOST = 80
"""A picture is about 40 kB."""

_TIP = re.compile(r"<title>[^<]*</title>")


def pictures(trials: Iterable[Trial], input: Shape, on_picture: Callable[[int], None]) -> dict[int, str]:
    """The `data:` address of a picture for each trial, by number, as long as there are not more than `MOST`.

    Args:
        trials: The most important first.
        input: Shape of an image.
        on_picture: Told how many are made.
    """
    made: dict[int, str] = {}
    for trial in list(trials)[:MOST]:
        if (drawn := network(trial.network)) is not None:
            made[trial.number] = address(draw(drawn, input, f"trial {trial.number}"))
            on_picture(len(made))
    return made


def address(svg: str) -> str:
    """An SVG as the address of an image, without what only shows when a mouse is on it."""
    plain = _TIP.sub("", svg).replace("\n", "").replace('"', "'")
    return "data:image/svg+xml," + quote(plain, safe=" =:/;,()'")
