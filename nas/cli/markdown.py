"""The page about the named networks: published, reference and counted numbers side by side, differences explained."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from nas.arch.about import paper
from nas.arch.cost import cost
from nas.arch.exits import exits
from nas.arch.named import Named
from nas.arch.published import Published
from nas.cli.table import percent, shape_text

_TOP = """\
# The named networks

Made by `nas networks --markdown > search_spaces/NETWORKS.md`.

What papers print, what a reference implementation counts, and what `nas` counts. MACs are the multiply-accumulates of
convolutions and linear layers for one image, which papers call FLOPs or multiply-adds. Errors are percents of one
centre crop, top-1 and top-5, on the task the network was made for; the article's is top-5. What is called unverified
was not read in the paper itself.
"""

_HEAD = (
    ("network", "input", "classes", "parameters published", "reference", "counted"),
    ("MACs published", "reference", "counted", "top-1", "top-5", "article"),
)
_SOURCES: dict[str, Callable[[Published], str]] = {
    "Published": lambda fact: fact.published_source,
    "Reference": lambda fact: fact.reference,
    "Errors": lambda fact: fact.error_source,
    "The article's error": lambda fact: fact.quoted_as,
}


def page(networks: Iterable[Named]) -> str:
    """The page about `networks`, a section for each paper."""
    lines = [_TOP]
    for title, several in groupby(networks, key=paper):
        lines += _section(title, list(several))
    return "\n".join(lines)


def _section(title: str, networks: list[Named]) -> Iterator[str]:
    name, _, rest = title.partition(": ")
    rows = [(named, fact) for named in networks for fact in named.published or (named.facts(),)]
    yield f"## {name}\n"
    if rest:
        yield f"{rest}\n"
    yield _line([*_HEAD[0], *_HEAD[1]])
    yield _line([*["---"] * 3, *["---:"] * 9])
    yield from (_line(_cells(named, fact)) for named, fact in rows)
    yield ""
    for word, source in _SOURCES.items():
        yield from (f"- {word} ({names}): {text}" for text, names in _by_text(rows, source))
    yield from (f"- {names}: {text}" for text, names in _by_text(rows, lambda fact: fact.difference))
    yield ""


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(named: Named, fact: Published) -> list[str]:
    params, macs = _counted(named, fact)
    return [
        _name(fact),
        shape_text(named.input),
        str(fact.classes),
        *(fact.published_params, _number(fact.params), _number(params)),
        *(fact.published_macs, _number(fact.macs), _number(macs)),
        *map(percent, (fact.top1_error, fact.top5_error, fact.quoted_error)),
    ]


def _counted(named: Named, fact: Published) -> tuple[int, int]:
    network = named.network(fact.classes)
    made = cost(network, named.input)
    if fact.exit == "all":
        return made.params + made.exit_params, made.macs + made.exit_macs
    if fact.exit:
        made = exits(network, named.input)[int(fact.exit) - 1]
    return made.params, made.macs


def _name(fact: Published) -> str:
    ways = {"": "", "all": " and all its exits"}
    return f"`{fact.name}`{ways.get(fact.exit, f' to exit {fact.exit}')}"


def _number(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _by_text(rows: Iterable[tuple[Named, Published]], text: Callable[[Published], str]) -> list[tuple[str, str]]:
    """Each text once, with the networks it is said of."""
    names: dict[str, dict[str, None]] = {}
    for named, fact in rows:
        if said := text(fact):
            other = f" of {fact.classes} classes" if fact.classes != named.classes else ""
            names.setdefault(said, {})[f"{_name(fact)}{other}"] = None
    return [(said, ", ".join(several)) for said, several in names.items()]
