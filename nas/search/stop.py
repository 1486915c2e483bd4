"""Ctrl-C, and the polite signal to end: the first ends a search gracefully, a second at once."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def graceful() -> Iterator[None]:
    """The first signal raises `KeyboardInterrupt`, whichever it is; the next ends the process, and what it started."""
    if threading.current_thread() is not threading.main_thread():  # Only that one may set handlers.
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        os._exit(128 + number)

    def interrupt(number: int, frame: FrameType | None) -> None:
        for other in _SIGNALS:
            signal.signal(other, end)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
