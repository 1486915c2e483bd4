"""What is published of the named networks, and what this project counts, agree or the difference is explained."""

import re
from pathlib import Path

import pytest

from nas.arch.cost import cost
from nas.arch.exits import exits
from nas.arch.published import Published
from nas.cli.markdown import page
from search_spaces.networks import NETWORKS
from search_spaces.networks.published import facts

FACTS = [fact for several in facts().values() for fact in several]
WHOLE = [fact for fact in FACTS if fact.name in NETWORKS and not fact.exit]


def said(fact: Published) -> str:
    return f"{fact.name}-of-{fact.classes}{f'-exit-{fact.exit}' if fact.exit else ''}"


def test_every_fact_is_of_a_network() -> None:
    assert facts().keys() == NETWORKS.keys()


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_facts(name: str) -> None:
    named = NETWORKS[name]
    assert named.published == facts()[name]
    assert named.facts(7) == Published(name, 7)


def test_no_two_facts_are_of_the_same() -> None:
    assert len({(fact.name, fact.classes, fact.exit) for fact in FACTS}) == len(FACTS)


@pytest.mark.parametrize("fact", WHOLE, ids=said)
def test_counts_are_the_references(fact: Published) -> None:
    made = cost(NETWORKS[fact.name].network(fact.classes), NETWORKS[fact.name].input)
    assert fact.params in (None, made.params), fact.reference
    assert fact.macs in (None, made.macs), fact.reference


@pytest.mark.parametrize("fact", [f for f in FACTS if f.name in NETWORKS and f.exit == "all"], ids=said)
def test_counts_with_all_exits_are_the_references(fact: Published) -> None:
    made = cost(NETWORKS[fact.name].network(fact.classes), NETWORKS[fact.name].input)
    assert fact.params in (None, made.params + made.exit_params), fact.reference
    assert fact.macs in (None, made.macs + made.exit_macs), fact.reference


@pytest.mark.parametrize("fact", [f for f in FACTS if f.name in NETWORKS and f.exit.isdigit()], ids=said)
def test_counts_to_an_exit_are_the_references(fact: Published) -> None:
    way = exits(NETWORKS[fact.name].network(fact.classes), NETWORKS[fact.name].input)[int(fact.exit) - 1]
    assert (fact.params, fact.macs) == (way.params, way.macs), fact.reference


def test_the_page_is_as_made_today() -> None:
    made, written = page(NETWORKS.values()), (Path(__file__).parents[1] / "search_spaces" / "NETWORKS.md").read_text()
    assert made == written, "make it anew: nas networks --markdown > search_spaces/NETWORKS.md"
    assert made.count("\n| `") == sum(len(named.published) for named in NETWORKS.values())


@pytest.mark.parametrize("fact", FACTS, ids=said)
def test_what_is_printed_rounds_the_count_or_the_difference_is_explained(fact: Published) -> None:
    for printed, counted in ((fact.published_params, fact.params), (fact.published_macs, fact.macs)):
        assert not printed or counted is None or rounds_to(printed, counted) or fact.difference


@pytest.mark.parametrize("fact", FACTS, ids=said)
def test_every_number_has_a_source(fact: Published) -> None:
    assert bool(fact.published_params or fact.published_macs) <= bool(fact.published_source)
    assert bool(fact.params or fact.macs) <= bool(fact.reference)
    assert bool(fact.top1_error or fact.top5_error) <= bool(fact.error_source)
    assert bool(fact.quoted_error) == bool(fact.quoted_as)


def rounds_to(printed: str, counted: int) -> bool:
    """Whether `printed`, such as 25.6M, is `counted` rounded to the digits it has."""
    found = re.fullmatch(r"([\d,]+)(?:\.(\d+))?([MG]?)", printed)
    if not found:
        return False
    whole, decimals, unit = found.groups(default="")
    size = {"": 1, "M": 10**6, "G": 10**9}[unit]
    value = float(f"{whole.replace(',', '')}.{decimals or 0}") * size
    return abs(value - counted) <= size * 10 ** -len(decimals) / 2


@pytest.mark.parametrize(
    ("printed", "counted", "so"),
    [
        ("25.6M", 25_557_032, True),
        ("25.5M", 25_557_032, False),
        ("~4.1G", 4_089_184_256, False),
        ("60,000", 60_000, True),
    ],
)
def test_rounding_is_judged_by_the_digits_printed(printed: str, counted: int, so: bool) -> None:
    assert rounds_to(printed, counted) is so
