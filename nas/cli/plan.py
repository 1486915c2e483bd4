"""A plan, as a person and as a program reads it."""

from collections.abc import Sequence
from typing import Any

from nas.arch.readable import counted
from nas.arch.readable import duration as duration
from nas.search.plan import Plan

_SOME = 6


def said(plan: Plan) -> str:
    """In two lines."""
    if plan.entries:
        return _said_of_list(plan)
    workers = counted(plan.workers, "worker") if plan.workers else "this process"
    trials = (
        f"about {counted(plan.trials, 'training')}" if plan.trials is not None else "an unknown number of trainings"
    )
    each = f", {_short(plan.trial_s)} for one of middling size" if plan.trial_s is not None else ""
    wall = f"; {duration(plan.wall_s)} if the machine has nothing else to do" if plan.wall_s is not None else ""
    ends = plan.length.recipe.rungs
    most = f", most of which stop after {' or '.join(map(str, ends))}" if ends else ""
    return (
        f"plan: {plan.budget} on {workers} ({plan.device}){wall}\n"
        f"{trials} of {counted(plan.length.recipe.epochs, 'epoch')} on {plan.length.train} images{most}{each}"
        f"{_begins(plan)}{_kept(plan)}"
    )


def _short(seconds: float) -> str:
    return duration(seconds) if seconds >= 10 else f"{seconds:.2g} s"


def _begins(plan: Plan) -> str:
    names = " and ".join(one.name for one in plan.named)
    return f"\nfirst {names}, which lie{'s' * (len(plan.named) == 1)} in the space" if names else ""


def _kept(plan: Plan) -> str:
    if not plan.finals_s:
        return ""
    share = plan.finals_s / plan.budget.amount
    return f"\nthen {share:.0%} of it, {duration(plan.finals_s)}, for the front again, from scratch with several seeds"


def said_of_finalists(plan: Plan) -> str:
    """Who they are, for how long they are trained, and who is left out."""
    names = ", ".join(entry.name for entry in plan.entries) or "none"
    time = f", about {duration(plan.trials * plan.trial_s)} of {plan.device}" if plan.trials and plan.trial_s else ""
    left_out = f"\nno room for trials {some(plan.left_out)}" if plan.left_out else ""
    return (
        f"finalists: trials {names}; {plan.trials} trainings from scratch with {len(plan.seeds)} seeds each, "
        f"{counted(plan.length.recipe.epochs, 'epoch')} on {plan.length.train} images{time}; more seeds "
        f"in time that is left{left_out}"
    )


def _said_of_list(plan: Plan) -> str:
    workers = counted(plan.workers, "worker") if plan.workers else "this process"
    seconds = plan.trials * plan.trial_s if plan.trials and plan.trial_s else None
    time = f", about {duration(seconds)} of {plan.device}" if seconds is not None else ""
    length, networks, seeds = plan.length, len(plan.entries), len(plan.seeds)
    allowed = f": what {plan.budget} allows for all" if plan.budget.is_time else ""
    return (
        f"plan: {counted(plan.trials or 0, 'training')} on {workers} ({plan.device}){time}\n"
        f"{networks} networks, each with {counted(seeds, 'seed')} for {counted(length.recipe.epochs, 'epoch')} on "
        f"{length.train} images{allowed}; tested on {length.test}"
    )


def some(numbers: Sequence[int]) -> str:
    """The first of them, and how many there are beside."""
    more = f" and {len(numbers) - _SOME} more" if len(numbers) > _SOME else ""
    return f"{', '.join(map(str, numbers[:_SOME]))}{more}"


def told(plan: Plan) -> dict[str, Any]:
    """What `--json` says."""
    return {
        "budget": str(plan.budget),
        "workers": plan.workers,
        "device": plan.device,
        "strategy": plan.strategy.name if plan.strategy else None,
        "trials": plan.trials,
        "epochs": plan.length.recipe.epochs,
        "rungs": list(plan.length.recipe.rungs),
        "train_images": plan.length.train,
        "val_images": plan.length.val,
        "trial_s": plan.trial_s,
        "wall_s": plan.wall_s,
        "finalists_s": plan.finals_s,
        "named": [one.name for one in plan.named],
    }
