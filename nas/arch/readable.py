"""Numbers as a person reads them."""


def count(number: float) -> str:
    """A count in three figures: 4.09 G, 25.6 M, 570 k."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}" if number < 999.5 * size else f"{number / size:.0f} {unit}"
    return f"{number:g}"


def counted(number: int, word: str) -> str:
    """1 epoch, 2 epochs."""
    return f"{number} {word}{'s' * (number != 1)}"


def duration(seconds: float) -> str:
    """45 s, 12 min, 3.5 h."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.2g} {unit}" if seconds < 10 * size else f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
