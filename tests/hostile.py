"""Inputs that nearly are what a reader expects, and what a reader owes to them: soon a value or a clear error."""

import random
import resource
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from nas.errors import NasError

COUNT = 10_000
_ROOM_BYTES = 2**30
_NUMBERS = [b"\x00" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"\x00\x00\x00\x80", b"\x00" * 64]

T = TypeVar("T", str, bytes)


def damaged(whole: T, rng: random.Random, pieces: Sequence[T]) -> T:
    """A copy in which one to three stretches are lost, doubled, moved, cut off or replaced by one of `pieces`."""
    for _ in range(rng.randint(1, 3)):
        start = rng.randint(0, len(whole))
        end = min(len(whole), start + rng.choice((0, 1, 1, 2, 4, 20, 200)))
        match rng.randrange(6):
            case 0:
                whole = whole[:start]
            case 1:
                whole = whole[:start] + whole[end:]
            case 2:
                whole = whole[:end] + whole[start:]
            case 3:
                at = rng.randint(0, len(whole))
                whole = whole[:at] + whole[start:end] + whole[at:]
            case _:
                whole = whole[:start] + rng.choice(pieces) + whole[end:]
    return whole


def damaged_bytes(whole: bytes, rng: random.Random) -> bytes:
    """A copy with damage, in half of all cases nothing but flipped bits."""
    if rng.random() < 0.5:
        flipped = bytearray(whole)
        for _ in range(rng.choice((1, 1, 2, 8))):
            # The beginning is where the sizes stand.
            at = rng.randrange(len(whole) if rng.random() < 0.5 else min(len(whole), 64))
            flipped[at] ^= 1 << rng.randrange(8)
        return bytes(flipped)
    return damaged(whole, rng, [*_NUMBERS, rng.randbytes(4)])


def survives(
    read: Callable[[Any], object], inputs: Iterable[Any], *, errors: type[Exception] = NasError, most_s: float = 1.0
) -> int:
    """Reads each input, and returns how many had a value; each takes less than 1 GiB and a second of core time.

    Args:
        read: Returns a value or raises one of `errors`.
        inputs: Whatever it is given; printed where it fails.
        errors: What it may raise.
        most_s: How long each may take.
    """
    values = 0
    with _memory(_ROOM_BYTES):
        for index, given in enumerate(inputs):
            began = time.process_time()
            try:
                read(given)
                values += 1
            except errors:
                pass
            except Exception as error:
                raise AssertionError(f"input {index}: {type(error).__name__}: {error}\n{given!r:.5000}") from error
            took = time.process_time() - began
            assert took < most_s, f"input {index} took {took:.1f} s\n{given!r:.5000}"
    return values


@contextmanager
def _memory(most_bytes: int) -> Iterator[None]:
    """Lets this process have so much memory more, where that can be said."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    most = int(statm.read_text().split()[0]) * resource.getpagesize() + most_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
