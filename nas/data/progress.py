"""A line on stderr that says how far a long step is, for steps of more than two seconds."""

import sys
import time
from types import TracebackType
from typing import Self

from nas.arch.readable import duration

_SILENT_S = 2.0
_BETWEEN_S = 0.5


class Progress:
    """Counts towards `total`, and shows the count once the step has taken two seconds.

    Args:
        what: The step, as in "reading images".
        total: Where the count ends; 0 where that is not known.
    """

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._done = what, total, 0
        self._began_s = time.monotonic()
        self._next_s = self._began_s + _SILENT_S
        self._width = 0

    def advance(self, count: int) -> None:
        """Count `count` more."""
        self.reach(self._done + count)

    def reach(self, done: int) -> None:
        """Count up to `done`."""
        self._done = done
        if time.monotonic() >= self._next_s:
            self._show()
            self._next_s = time.monotonic() + _BETWEEN_S

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._width:
            self._show()
            sys.stderr.write("\n")

    def clear(self) -> None:
        """Take the line away."""
        if self._width:
            sys.stderr.write(f"\r{'':{self._width}}\r")

    def _show(self) -> None:
        of = f" of {self._total:,} ({self._done / self._total:.0%}){self._left()}" if self._total else ""
        line = f"{self._what}: {self._done:,}{of}"
        sys.stderr.write(f"\r{line:{self._width}}")
        sys.stderr.flush()
        self._width = len(line)

    def _left(self) -> str:
        if not 0 < self._done < self._total:
            return ""
        return f", {duration((time.monotonic() - self._began_s) * (self._total / self._done - 1))} to go"
