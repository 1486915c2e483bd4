"""What a trial can fail of by itself, told apart from a user's mistake and from a bug."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

Reason = Literal["diverged", "out of memory", "dead network"]

# How torch words it: glibc's refusal of host memory, and that of the libraries that take device memory by themselves.
_NO_MEMORY = re.compile(r"DefaultCPUAllocator|not enough memory|out of memory|ALLOC_FAILED")


class TrialFailure(RuntimeError):  # noqa: N818  It is a result of the trial as much as an error.
    """The network could not be trained here: the trial has failed and the run goes on.

    Args:
        reason: In a word or two.
        detail: Where and with what numbers.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(reason, detail)

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


@contextmanager
def out_of_memory_is_failure() -> Iterator[None]:
    """Raises `TrialFailure` where memory runs out, on the host or on the device; other errors pass."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise TrialFailure("out of memory", _first_line(error)) from None
    except RuntimeError as error:
        if not _NO_MEMORY.search(str(error)):
            raise
        raise TrialFailure("out of memory", _first_line(error)) from None


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
