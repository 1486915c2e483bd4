"""A line on stderr that says how far a long step is, for steps of more than two seconds."""

import sys
import time
from types import TracebackType
from typing import Self

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
        self._next_s = time.monotonic() + _SILENT_S
        self._shown = False

    def advance(self, count: int) -> None:
        """Count `count` more."""
        self._done += count
        if time.monotonic() >= self._next_s:
            self._show()
            self._next_s = time.monotonic() + _BETWEEN_S

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._show()
            sys.stderr.write("\n")

    def _show(self) -> None:
        of = f" of {self._total:,} ({self._done / self._total:.0%})" if self._total else ""
        sys.stderr.write(f"\r{self._what}: {self._done:,}{of}")
        sys.stderr.flush()
        self._shown = True
