"""Whether a claim is shown: the difference of test errors over seeds, with its interval."""

from collections.abc import Sequence
from statistics import mean, stdev
from typing import Any

from scipy.stats import t as student

from nas.arch.readable import counted
from nas.claims.claims import Claim, Contrast
from nas.claims.plan import Plan
from nas.claims.run import Measured

_SURE = 0.95
_FOOT = (
    "- Points are percents of the test images; above zero is as claimed. The intervals are of the seeds: of weights,",
    "  order and choice of images. Data, widths and length of training are not the paper's, so the size of an effect",
    "  cannot be set beside the published one.",
)


def verdict(claim: Claim, plan: Plan, found: Sequence[Sequence[Measured]]) -> dict[str, Any]:
    """What was measured of each network, and what each contrast of the claim comes to."""
    errors = [{one.label: one.error for one in of_seed} for of_seed in found]
    return {
        "networks": [_network(arm.label, plan, found) for arm in claim.arms],
        "contrasts": [contrasted(contrast, errors) for contrast in claim.contrasts],
        "seeds": len(found),
        "test_images": max(one.test_images for of_seed in found for one in of_seed),
        "seconds": sum(one.seconds for of_seed in found for one in of_seed),
    }


def contrasted(contrast: Contrast, errors: Sequence[dict[str, float]]) -> dict[str, Any]:
    """The effect of a contrast, in points of error, above 0 where it holds, with an interval of 95 %.

    Networks of one seed have seen the same images in the same order, so each seed gives a difference; the interval
    and p, two-sided, are of Student's t of these differences. There is none with one seed.

    Args:
        contrast: What is looked at.
        errors: Of each seed, by label, in percent.
    """
    differences = [
        sum(found[label] for label in contrast.worse) - sum(found[label] for label in contrast.better)
        for found in errors
    ]
    effect, count = mean(differences), len(differences)
    told: dict[str, Any] = {"says": contrast.says, "effect": effect, "differences": differences}
    if count == 1:
        return {**told, "interval": None, "p": None, "shown": "unknown"}
    error = stdev(differences) / count**0.5
    half = float(student.ppf((1 + _SURE) / 2, count - 1)) * error
    p = float(2 * student.sf(abs(effect) / error, count - 1)) if error else float(effect == 0)
    shown = "yes" if effect - half > 0 else "opposite" if effect + half < 0 else "no"
    return {**told, "interval": [effect - half, effect + half], "p": p, "shown": shown}


def page(told: dict[str, Any]) -> str:
    """A claim as it came out, as Markdown."""
    plan, made = told["plan"], told["verdict"]
    seeds = counted(made["seeds"], "seed")
    rows = [
        f"| {one['label']} | {one['params']:,} | {one['macs']:,} | {one['error']:.2f} | {_spread(one)} |"
        for one in made["networks"]
    ]
    return "\n".join(
        [
            f"# {told['name']}: {told['says']}",
            "",
            f"- Source: {told['source']}.",
            f"- Published: {told['published']}.",
            f"- Compared: {told['compared']}.",
            f"- Trained: {trained(plan)}, {seeds}.",
            f"- Tested: {made['test_images']:,} images, looked at once by each training.",
            f"- It took {made['seconds']:.0f} s of {told['device']}.",
            "",
            "| network | parameters | FLOPs (multiply-adds) | test error, % | ± over seeds |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "## Verdict",
            "",
            *(f"- {concluded(contrast, made['seeds'])}" for contrast in made["contrasts"]),
            *_diverged(made["networks"]),
            *_FOOT,
            "",
        ]
    )


def trained(plan: dict[str, Any]) -> str:
    """What each network is trained on and how, in words."""
    part = "all" if plan["train"] == plan["all_train"] else f"{plan['train']:,} of {plan['all_train']:,}"
    shape = "×".join(map(str, plan["input"]))
    epochs = counted(plan["epochs"], "epoch")
    return f"{len(plan['costs'])} networks on {plan['data']}, {part} images of {shape}, {epochs} of `fast`"


def concluded(contrast: dict[str, Any], seeds: int) -> str:
    """What a contrast came to, in a sentence."""
    effect = f"by {contrast['effect']:+.2f} points"
    if contrast["shown"] == "unknown":
        return f"One seed shows nothing: {contrast['says']}? Here {effect}."
    low, high = contrast["interval"]
    numbers = f"{effect}, 95 % interval {low:+.2f} to {high:+.2f}, p = {contrast['p']:.2g}, paired t of {seeds} seeds"
    match contrast["shown"]:
        case "yes":
            return f"**Shown here**: {contrast['says']}, {numbers}."
        case "opposite":
            return f"**Here it is the other way round**, not that {contrast['says']}: {numbers}."
        case _:
            return f"**Not shown with these seeds**: {contrast['says']}, {numbers}. That is no proof of the contrary."


def _network(label: str, plan: Plan, found: Sequence[Sequence[Measured]]) -> dict[str, Any]:
    own = [one for of_seed in found for one in of_seed if one.label == label]
    errors = [one.error for one in own]
    return {
        "label": label,
        **plan.costs[label],
        "error": mean(errors),
        "errors": errors,
        "spread": stdev(errors) if len(errors) > 1 else None,
        "diverged": sum(one.diverged for one in own),
        "seconds": sum(one.seconds for one in own),
    }


def _spread(network: dict[str, Any]) -> str:
    return "one seed" if network["spread"] is None else f"{network['spread']:.2f}"


def _diverged(networks: Sequence[dict[str, Any]]) -> list[str]:
    return [
        f"- {counted(network['diverged'], 'training')} of {network['label']} diverged, and count as guessing."
        for network in networks
        if network["diverged"]
    ]
