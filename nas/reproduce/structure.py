"""The structure of a named network: our counts beside those of its paper and of a reference implementation."""

from typing import Any

from nas.arch.about import compared, printed
from nas.arch.cost import cost
from nas.arch.named import Named


def structure(named: Named) -> dict[str, Any]:
    """What is counted here and elsewhere, with sources; `agrees` is None where no reference has counts."""
    fact = named.facts()
    made = cost(named.network(fact.classes), named.input)
    reference = {"params": fact.params, "macs": fact.macs}
    known = {name: number for name, number in reference.items() if number is not None}
    counted = {"params": made.params, "macs": made.macs}
    return {
        "input": list(named.input),
        "classes": fact.classes,
        **counted,
        "reference": {**reference, "source": fact.reference, "said": compared(fact, made)},
        "agrees": all(counted[name] == number for name, number in known.items()) if known else None,
        "published": {
            "params": fact.published_params,
            "macs": fact.published_macs,
            "source": fact.published_source,
            "said": printed(fact),
        },
        "difference": fact.difference,
    }
