"""What a named network is, in words: its description, what is published of it, and what is counted here."""

import sys
from inspect import cleandoc
from typing import Any

from nas.arch.cost import Cost, cost
from nas.arch.named import Named
from nas.arch.published import Published


def paper(named: Named) -> str:
    """The first line of the file that a network stands in, which names the paper."""
    home = sys.modules.get(_function(named.make).__module__)
    return (home.__doc__ or "").strip().split("\n")[0] if home else ""


def family(named: Named) -> str:
    """What the paper of a network calls its kind, which is what its file says before a colon."""
    titles = paper(named).split("; ")
    its = next((title for title in titles if named.paper in title), titles[0])
    return its.partition(":")[0].partition(",")[0]


def description(named: Named) -> str:
    """The docstring of a network's function, or of the file it stands in."""
    function = _function(named.make)
    home = sys.modules.get(function.__module__)
    return cleandoc(function.__doc__ or (home.__doc__ if home else None) or "")


def about(named: Named, classes: int | None = None) -> str:
    """The description of a network, and a line each of what is counted, published and measured."""
    made = cost(named.network(classes), named.input)
    counted = f"{made.params:,} parameters, {made.macs:,} FLOPs (multiply-adds)"
    facts = "\n".join(f"{name:12}{said}" for name, said in [("counted", counted), *facts_said(named, classes)])
    return "\n\n".join(filter(None, (description(named), facts)))


def facts_said(named: Named, classes: int | None = None) -> list[tuple[str, str]]:
    """What is published of a network, each fact with its name: "reference", "published", "error"."""
    fact = named.facts(classes)
    other = fact.classes != (named.classes if classes is None else classes)
    rows = [
        ("facts", f"those of the form for {fact.classes} classes" if other else ""),
        ("reference", compared(fact, cost(named.network(fact.classes), named.input))),
        ("published", printed(fact)),
        ("error", errors(fact)),
        ("article", f"{fact.quoted_error:g} % top-5; {fact.quoted_as}" if fact.quoted_error else ""),
        ("difference", fact.difference),
    ]
    return [(name, said) for name, said in rows if said]


def compared(fact: Published, made: Cost) -> str:
    """Whether the reference counts what is counted here."""
    theirs = [
        f"{number:,} {what}, here {ours:,}"
        for what, number, ours in (("parameters", fact.params, made.params), ("FLOPs", fact.macs, made.macs))
        if number not in (None, ours)
    ]
    return f"{', '.join(theirs) or 'the same counts'}; {fact.reference}" if fact.reference else ""


def printed(fact: Published) -> str:
    """What the paper prints, with its source."""
    macs = fact.published_macs
    multiply_adds = "" if " " in macs or not macs else " FLOPs (multiply-adds)"
    params = f"{fact.published_params} parameters" if fact.published_params else ""
    said = ", ".join(filter(None, (params, f"{macs}{multiply_adds}")))
    return f"{said}; {fact.published_source}" if said else ""


def errors(fact: Published) -> str:
    """The errors of one crop, with their source."""
    top1 = f"{fact.top1_error:g} %" if fact.top1_error is not None else ""
    top5 = f"{fact.top5_error:g} % top-5" if fact.top5_error is not None else ""
    said = ", ".join(filter(None, (f"{top1} top-1" if top5 and top1 else top1, top5)))
    return "; ".join(filter(None, (said, fact.error_source)))


def _function(make: Any) -> Any:
    """The function beneath a partial or a wrapper."""
    while inner := getattr(make, "func", None) or getattr(make, "__wrapped__", None):
        make = inner
    return make
