"""What the fields of parts may hold: checked and brought to one spelling when a part is made; holes pass unchecked."""

from typing import Any, Literal

from nas.arch.holes import Open
from nas.errors import PartError

Size = int | tuple[int, int]
Padding = Literal["same"] | int | tuple[int, int] | tuple[int, int, int, int]


def is_hole(value: object) -> bool:
    """Whether `value` is a hole among values."""
    return isinstance(value, Open)


def same_padding(kernel: Size, dilation: Size) -> Padding:
    """The padding that keeps the size at stride 1; for even kernels the odd pixel goes to the bottom and right."""
    totals = [d * (k - 1) for k, d in zip(pair(kernel), pair(dilation), strict=True)]
    (top, bottom), (left, right) = ((total // 2, total - total // 2) for total in totals)
    return (top, left) if (top, left) == (bottom, right) else (top, bottom, left, right)


def pair(size: Size) -> tuple[int, int]:
    """(height, width) of a size."""
    return (size, size) if isinstance(size, int) else size


def sides(padding: Padding) -> tuple[int, int, int, int]:
    """(top, bottom, left, right) of a padding."""
    match padding:
        case int():
            return (padding, padding, padding, padding)
        case (top, bottom, left, right):
            return (top, bottom, left, right)
        case (height, width):
            return (height, height, width, width)
        case _:
            raise AssertionError(f"padding {padding!r} was settled when the part was made")


def unsettled(size: Any) -> bool:
    """Whether a size is a hole or holds one."""
    return is_hole(size) or (isinstance(size, tuple) and any(map(is_hole, size)))


def set_field(part: Any, name: str, value: Any) -> None:
    """Give a part that is being made its field."""
    object.__setattr__(part, name, value)


def failure(part: Any, name: str, rule: str) -> PartError:
    """The error of a field that breaks a rule."""
    return PartError(f"{name} of {type(part).__name__} is {rule}, got {getattr(part, name)!r}")


def whole(part: Any, name: str, *, at_least: int, at_most: int | None = None) -> None:
    """Check a whole number."""
    value = getattr(part, name)
    if not is_hole(value) and (type(value) is not int or value < at_least):
        raise failure(part, name, f"a whole number of at least {at_least}")
    if not is_hole(value) and at_most is not None and value > at_most:
        raise failure(part, name, f"at most {at_most:,}")


def number(part: Any, name: str, low: float, high: float) -> None:
    """Check a number, and make it a float."""
    value = getattr(part, name)
    if is_hole(value):
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise failure(part, name, f"a number from {low:g} to {high:g}")
    set_field(part, name, float(value) + 0.0)  # minus zero becomes zero


def flag(part: Any, name: str) -> None:
    """Check a truth value."""
    if not isinstance(getattr(part, name), bool) and not is_hole(getattr(part, name)):
        raise failure(part, name, "True or False")


def word(part: Any, name: str, words: tuple[str, ...]) -> None:
    """Check one of several words."""
    if getattr(part, name) not in words and not is_hole(getattr(part, name)):
        raise failure(part, name, "one of " + ", ".join(words))


def size_field(part: Any, name: str) -> None:
    """Check a size; of two equal numbers it is one."""
    value = getattr(part, name)
    if is_hole(value) or (type(value) is int and value >= 1):
        return
    match value:
        case (height, width) if all(type(side) is int and side >= 1 for side in (height, width)):
            if height == width:
                set_field(part, name, height)
        case (height, width) if is_hole(height) or is_hole(width):
            pass
        case _:
            raise failure(part, name, "a whole number of at least 1 or a pair (height, width) of them")


def padding(part: Any, dilation: Any) -> None:
    """Check a padding and write it with as few numbers as say it; "same" becomes numbers once the kernel is known."""
    value: Any = part.padding
    if value == "same":
        if unsettled(part.kernel) or unsettled(dilation):
            return
        value = same_padding(part.kernel, dilation)
    match value:
        case (top, bottom, left, right) if top == bottom and left == right:
            value = (top, left)
        case _:
            pass
    match value:
        case (height, width) if height == width:
            value = height
        case _:
            pass
    numbers = value if isinstance(value, tuple) else (value, value)
    if len(numbers) not in (2, 4) or not all(is_hole(n) or (type(n) is int and n >= 0) for n in numbers):
        raise failure(part, "padding", '"same", a whole number, (height, width) or (top, bottom, left, right)')
    set_field(part, "padding", value)
