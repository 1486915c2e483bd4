"""ShuffleNet 0.5× against AlexNet in multiply-accumulates and in time on one core."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

import torch

from nas.arch.cost import cost
from nas.arch.named import Named
from nas.lower import build, fold
from nas.runs.environment import processor
from nas.train.latency import latencies

SECONDS = 60.0
"""Of measuring in all, at most; where nothing else runs it takes a few."""

_INPUT = (3, 224, 224)
_PUBLISHED = 13
_LARGE, _SMALL = "alexnet", ("shufflenet_v1-0.5-g4", "shufflenet_v1-0.5-g3")
"""The paper names 4 groups; of 3 there is a reference implementation whose counts are ours."""


def speed(named: Callable[[str], Named], *, seconds: float) -> dict[str, Any]:
    """What both cost and how long one image takes, measured by turns.

    Args:
        named: The network of a name.
        seconds: How long to measure at most, about.
    """
    names = (_LARGE, *_SMALL)
    networks = [named(name).network() for name in names]
    times = latencies(networks, _INPUT, seconds=seconds / len(names))
    rows = []
    for name, network, time in zip(names, networks, times, strict=True):
        made = cost(network, _INPUT)
        rows.append(
            {
                "network": name,
                "params": made.params,
                "macs": made.macs,
                "calls": len(fold(build(network, input=_INPUT)).trunk),
                **asdict(time),
            }
        )
    large, *small = rows
    ratios = [
        {
            "network": row["network"],
            "macs": large["macs"] / row["macs"],
            "median": large["median_s"] / row["median_s"],
            "least": large["least_s"] / row["least_s"],
        }
        for row in small
    ]
    return {"rows": rows, "ratios": ratios, "torch": torch.__version__, "processor": processor()}


def page(told: dict[str, Any]) -> str:
    """The comparison as Markdown."""
    made = told["measured"]
    return f"""# speed: {told["says"]}

- Source: {told["source"]}.
- Published: {told["published"]}.
- Measured: one image of 224 pixels, one thread, {made["rows"][0]["runs"]} runs of each by turns after a warm-up; torch
  {made["torch"]} in single precision, batch norms folded, channels_last, nothing compiled; core time.
- On: {made["processor"]}.

| network | parameters | FLOPs (multiply-adds) | calls | median, ms | quartiles apart, ms | least, ms | GMACs a s |
|---|---|---|---|---|---|---|---|
{_lines(map(_row, made["rows"]))}

## Verdict

{_lines(map(_ratio, made["ratios"]))}
{_why(*made["rows"][:2])}
- Accuracy is not measured here: the paper has top-1 errors of 41.6 % (ShuffleNet 0.5×, 4 groups) and 42.8 % (AlexNet).
"""


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)


def _row(row: dict[str, Any]) -> str:
    times = " | ".join(f"{1000 * row[name]:.1f}" for name in ("median_s", "spread", "least_s"))
    return f"| {row['network']} | {row['params']:,} | {row['macs']:,} | {row['calls']} | {times} | {_rate(row):.1f} |"


def _ratio(ratio: dict[str, Any]) -> str:
    reached = ratio["median"] >= _PUBLISHED
    return (
        f"- AlexNet against {ratio['network']}: {ratio['macs']:.1f} times the FLOPs; {ratio['median']:.1f} times the "
        f"time by medians, {ratio['least']:.1f} by the quickest runs. The published {_PUBLISHED} "
        f"{'are' if reached else 'are not'} reached on this machine."
    )


def _why(large: dict[str, Any], small: dict[str, Any]) -> str:
    return f"""- Why time and FLOPs differ: AlexNet's work is {large["calls"]} calls, at {_rate(large):.1f} GMACs a
  second; ShuffleNet's is {small["calls"]} small ones, at {_rate(small):.1f}. Depthwise and grouped convolutions and
  shuffles move more than they multiply, and each call has a price of its own.
- AlexNet reads {4 * large["params"] / 1e6:.0f} MB of weights for one image, which hides a part of that. A phone's core
  multiplies more slowly, so all this weighs less there; that is not measured here."""


def _rate(row: dict[str, Any]) -> float:
    """Thousand million MACs a second."""
    return float(row["macs"] / row["median_s"] / 1e9)
