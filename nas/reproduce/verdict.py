"""Ours against published: the numbers, what of them may be compared, and what the published one would need."""

from collections.abc import Sequence
from statistics import mean, stdev
from typing import Any

from nas.arch.about import errors
from nas.arch.cost import cost
from nas.arch.named import Named
from nas.arch.readable import counted
from nas.reproduce.plan import Plan
from nas.train.final import Trained
from nas.train.recipes import of_paper

_IMAGES = {"imagenet": 1_281_167, "cifar10": 50_000, "cifar100": 50_000, "mnist": 60_000}
_BACKWARD = 3
"""A training step is as much work as three forward passes."""
_GPU_FLOPS = 1e14
"""What a third of the peak of an A100 in bfloat16 is, and an estimate."""


def measured(results: Sequence[Trained]) -> dict[str, Any]:
    """Test errors in percent, their spread over seeds where there are several, and what the choice of images leaves."""
    top1, top5 = ([100 * (1 - score) for score in scores] for scores in _scores(results))
    return {
        "top1_error": mean(top1),
        "top5_error": mean(top5),
        "top1_errors": top1,
        "spread": stdev(top1) if len(top1) > 1 else None,
        "sampling": 100 * (mean(top1) / 100 * (1 - mean(top1) / 100) / results[0].test.count) ** 0.5,
        "seeds": len(results),
        "test_images": results[0].test.count,
        "seconds": sum(result.seconds for result in results),
    }


def verdict(named: Named, plan: Plan, ours: dict[str, Any]) -> dict[str, Any]:
    """What the numbers say, and what they do not."""
    fact = named.facts(plan.classes if plan.is_papers_data else None)
    reasons = _reasons(named, plan)
    comparable = not reasons and fact.top1_error is not None
    return {
        "comparable": comparable,
        "reasons": reasons,
        "departures": of_paper(named.name).departures if plan.recipe == "paper" else "",
        "published_top1_error": fact.top1_error,
        "published_said": errors(fact),
        "difference": ours["top1_error"] - fact.top1_error if comparable and fact.top1_error is not None else None,
        "chance_error": 100 * (1 - 1 / plan.classes),
        "needs": needs(named, plan),
    }


def needs(named: Named, plan: Plan) -> dict[str, Any]:
    """An estimate of one training by the paper's recipe on the paper's data."""
    paper = of_paper(named.name)
    data = plan.data if plan.data in paper.data else paper.data[0]
    seen = paper.recipe.epochs * _IMAGES[data]
    macs = cost(named.network(), named.input).macs
    here_s = None if plan.per_image_s is None else plan.per_image_s * macs / plan.macs * seen
    return {
        "data": data,
        "epochs": paper.recipe.epochs,
        "images_seen": seen,
        "gpu_hours": 2 * _BACKWARD * macs * seen / _GPU_FLOPS / 3600,
        "hours_here": None if here_s is None else here_s / 3600,
        "estimate": "one GPU at 100 TFLOP/s, a third of an A100's peak; here by MACs from the pace that was measured",
    }


def page(told: dict[str, Any]) -> str:
    """A reproduction as Markdown."""
    counted, plan, ours, said = (told[name] for name in ("structure", "plan", "measured", "verdict"))
    lines = [
        f"# {told['name']}, reproduced",
        "",
        "## Structure",
        "",
        f"- Counted: {counted['params']:,} parameters, {counted['macs']:,} FLOPs (multiply-adds).",
        f"- Images of {'×'.join(map(str, counted['input']))}, {counted['classes']} classes.",
        f"- Reference: {counted['reference']['said'] or 'none that has counts'}.",
        f"- Published: {counted['published']['said'] or 'no counts'}.",
        *([f"- Why they differ: {counted['difference']}"] if counted["difference"] else []),
        "",
        "## Training",
        "",
        f"- {planned(plan)}.",
        *[f"- Changed for these images: {edit}" for edit in plan["changed"][:3]],
        *([f"- … and {len(plan['changed']) - 3} more changes"] if len(plan["changed"]) > 3 else []),
        f"- Test error: {error_said(ours)}, of {ours['test_images']:,} images; top-5 {ours['top5_error']:.2f} %.",
        f"- Other {ours['test_images']:,} test images would change it by {ours['sampling']:.2f}, a standard error.",
        f"- It took {ours['seconds']:.0f} s of {told['device']}.",
        "",
        "## Verdict",
        "",
        *concluded(said),
        "",
    ]
    return "\n".join(lines)


def planned(plan: dict[str, Any]) -> str:
    """What is trained, in a sentence."""
    part = "all" if plan["train"] == plan["all_train"] else f"{plan['train']:,} of {plan['all_train']:,}"
    return (
        f"{counted(plan['seeds'], 'training')} on {plan['data']} by the recipe `{plan['recipe']}`, "
        f"{plan['epochs']} of its {plan['full']['epochs']} epochs on {part} images"
    )


def error_said(ours: dict[str, Any]) -> str:
    """The test error with its spread."""
    spread = f" ± {ours['spread']:.2f} over {ours['seeds']} seeds" if ours["spread"] is not None else ", one seed"
    return f"{ours['top1_error']:.2f} %{spread}"


def concluded(said: dict[str, Any]) -> list[str]:
    """The verdict, a line each."""
    need = said["needs"]
    here = f", {need['hours_here']:,.3g} h on this device" if need["hours_here"] is not None else ""
    lines = [f"- Published: {said['published_said'] or 'no error'}."]
    if said["comparable"]:
        lines.append(f"- Ours minus published: {said['difference']:+.2f} points.")
        if said["departures"]:
            lines.append(
                f"- What this recipe does otherwise than the paper, and may be part of it: {said['departures']}."
            )
    elif said["reasons"]:
        lines += ["- Ours is not comparable with it:", *[f"  - {reason}" for reason in said["reasons"]]]
    return [
        *lines,
        f"- Guessing would have an error of {said['chance_error']:.1f} %.",
        f"- The published number needs {need['epochs']} epochs of {need['data']} a training.",
        f"- Estimated at {need['gpu_hours']:.2g} GPU-hours{here}: {need['estimate']}.",
    ]


def _reasons(named: Named, plan: Plan) -> list[str]:
    """Why our number and the published one are not of the same experiment; empty where they are."""
    paper = of_paper(named.name)
    found = []
    if not plan.is_papers_data:
        found.append(f"the paper trains on {' or '.join(paper.data)}, here it is {plan.data}")
    if plan.changed and plan.macs != cost(named.network(plan.classes), named.input).macs:
        found.append(f"the network was changed for these images: {plan.macs:,} FLOPs (multiply-adds)")
    if plan.recipe != "paper":
        found.append(f"the recipe is `{plan.recipe}`, not the paper's")
    if plan.epochs != plan.full.epochs:
        found.append(f"the budget allows {plan.epochs} of {plan.full.epochs} epochs")
    if plan.train < plan.all_train:
        found.append(f"the budget allows {plan.train:,} of {plan.all_train:,} training images")
    return found


def _scores(results: Sequence[Trained]) -> tuple[list[float], list[float]]:
    return [result.test.accuracy for result in results], [result.test.top5 for result in results]
