"""Axes of a chart and the panel between them, as SVG."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from analysis.report.html import Child, Html, tag
from nas.arch.readable import count

_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 18.0, 14.0, 46.0
_WIDTH = 880.0
_TICKS = 6


@dataclass(frozen=True)
class Axis:
    """One axis.

    Args:
        label: What is measured, with its unit.
        low: Where it begins.
        high: Where it ends.
        told: How a tick reads.
        log: Whether equal ratios are equal lengths.
    """

    label: str
    low: float
    high: float
    told: Callable[[float], str]
    log: bool = False

    def share(self, value: float) -> float:
        """How far along the axis a value lies, 0..1."""
        if not self.log:
            return (value - self.low) / (self.high - self.low)
        return math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)

    def ticks(self) -> list[float]:
        """Round values within the axis, not too many."""
        if not self.log or self.high < 3 * self.low:
            return _round_steps(self.low, self.high)
        subs = (1, 2, 5) if self.high < 300 * self.low else (1,)
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        return [sub * 10.0**d for d in decades for sub in subs if self.low <= sub * 10.0**d <= self.high]


def of_shares(label: str, values: Iterable[float]) -> Axis:
    """A linear axis of shares, in percent, with some room around the values."""
    low, high = _extent(values)
    room = 0.06 * (high - low) or 0.02
    return Axis(label, max(0.0, low - room), min(1.0, high + room), lambda v: f"{100 * v:.4g} %")


def of_counts(label: str, values: Iterable[float]) -> Axis:
    """A logarithmic axis of counts, with some room around the values; nothing counts as one."""
    low, high = _extent(max(1.0, value) for value in values)
    room = max(1.12, (high / low) ** 0.05)
    return Axis(label, low / room, high * room, count, log=True)


def from_zero(label: str, values: Iterable[float], told: Callable[[float], str]) -> Axis:
    """A linear axis from zero to the largest value."""
    return Axis(label, 0.0, max(values, default=0.0) or 1.0, told)


def _extent(values: Iterable[float]) -> tuple[float, float]:
    found = list(values)
    return min(found), max(found)


def _round_steps(low: float, high: float) -> list[float]:
    rough = (high - low) / _TICKS
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(m * size for m in (1, 2, 2.5, 5, 10) if m * size >= rough)
    return [i * step for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


@dataclass(frozen=True)
class Panel:
    """The room between two axes."""

    across: Axis
    up: Axis
    height: float = 420.0

    def x(self, value: float) -> float:
        """Pixels from the left."""
        return _LEFT + self.across.share(value) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        """Pixels from the top."""
        return self.height - _BOTTOM - self.up.share(value) * (self.height - _TOP - _BOTTOM)

    def line(self, points: Iterable[tuple[float, float]], *, steps: bool = False) -> str:
        """The path through points; `steps` goes across before it goes up."""
        at = [(self.x(x), self.y(y)) for x, y in points]
        if not at:
            return ""
        moves = [f"H{x:.1f}V{y:.1f}" if steps else f"L{x:.1f},{y:.1f}" for x, y in at[1:]]
        return f"M{at[0][0]:.1f},{at[0][1]:.1f}{''.join(moves)}"

    def drawn(self, *inside: Child, title: str, about: str) -> Html:
        """The chart.

        Args:
            inside: What is drawn between the axes.
            title: Read aloud first.
            about: Read aloud then: what there is to see.
        """
        return tag(
            "svg",
            tag("title", title),
            tag("desc", about),
            tag("g", self._across(), self._up(), class_="axes", aria_hidden="true"),
            inside,
            class_="chart",
            viewBox=f"0 0 {_WIDTH:g} {self.height:g}",
            role="group",
            aria_label=f"{title}. {about}",
        )

    def _across(self) -> list[Html]:
        bottom = self.height - _BOTTOM
        made = [_tick(self.x(v), _TOP, self.x(v), bottom) for v in self.across.ticks()]
        made += [
            tag("text", self.across.told(v), x=self.x(v), y=bottom + 17, text_anchor="middle")
            for v in self.across.ticks()
        ]
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        return [
            *made,
            tag("text", self.across.label, class_="label", x=middle, y=self.height - 8, text_anchor="middle"),
        ]

    def _up(self) -> list[Html]:
        made = [_tick(_LEFT, self.y(v), _WIDTH - _RIGHT, self.y(v)) for v in self.up.ticks()]
        made += [tag("text", self.up.told(v), x=_LEFT - 7, y=self.y(v) + 4, text_anchor="end") for v in self.up.ticks()]
        return [*made, tag("text", self.up.label, class_="label", x=_LEFT + 6, y=_TOP + 12)]


def _tick(x1: float, y1: float, x2: float, y2: float) -> Html:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2)
