"""Named networks that lie in a space are among the first of a search; the one that is searched around is the first."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from nas import catalog
from nas.arch.cost import cost
from nas.arch.nodes import Act, Chain, Conv, Flatten, GlobalPool, Linear, Network, Norm, pick
from nas.arch.opened import opened
from nas.arch.realize import realize
from nas.arch.text import parse, text
from nas.errors import RunError
from nas.runs import Request
from nas.runs.journal import read_trials
from nas.runs.request import from_json, to_json
from nas.search.budget import Budget
from nas.search.devices import devices_at
from nas.search.limits import Candidate, Terms
from nas.search.named import MOST, named_in
from nas.search.plan import plan
from nas.search.run import Result, resume, search
from tests.shades import shades

SIDE, CLASSES = 8, 3
INPUT = (1, SIDE, SIDE)
RECIPE = {"epochs": 1, "batch": 32, "lr": 0.1}


def network(width: Any, kernel: Any = 3) -> Chain:
    return Chain(Conv(width, kernel), Norm(), Act(), GlobalPool(), Flatten(), Linear(CLASSES))


WIDTHS, KERNELS = (4, 6, 8, 12, 16, 24, 32, 48), (1, 3)
SPACE = network(pick("width", *WIDTHS), pick("kernel", *KERNELS))
INSIDE: Mapping[str, Network] = {f"net{w}-{k}": network(w, k) for w, k in product(WIDTHS, KERNELS)}
OUTSIDE: Mapping[str, Network] = {f"other{w}": network(w, 5) for w in WIDTHS}
NAMES = {**OUTSIDE, **INSIDE}
MACS = {name: cost(made, INPUT).macs for name, made in NAMES.items()}
RANGE = (min(MACS[name] for name in INSIDE), max(MACS[name] for name in INSIDE))


def begun(fits: Any = lambda _: True, **limits: int) -> list[str]:
    found = named_in(Terms(SPACE, INPUT, **limits), NAMES, RANGE, fits=fits)
    for one in found:
        assert realize(SPACE, one.point) == one.network == NAMES[one.name]
    return [one.name for one in found]


class TestNamedIn:
    def test_few_from_cheap_to_dear_none_of_them_outside(self) -> None:
        found = begun()
        assert len(found) == MOST
        assert set(found) <= set(INSIDE)
        macs = [MACS[name] for name in found]
        assert macs == sorted(macs)
        assert macs[0] == RANGE[0]
        assert macs[-1] > (RANGE[0] * RANGE[1] ** 2) ** (1 / 3), "the last is of the dearest third, by the logarithm"

    def test_the_limits_hold(self) -> None:
        limit = sorted(MACS[name] for name in INSIDE)[4]
        found = begun(max_macs=limit)
        assert found
        assert all(MACS[name] <= limit for name in found)
        assert begun(max_macs=RANGE[0] - 1) == []

    def test_none_that_is_too_dear_to_begin_with(self) -> None:
        def fits(candidate: Candidate) -> bool:
            return candidate.cost.macs < 2 * RANGE[0]

        found = begun(fits)
        assert found
        assert all(MACS[name] < 2 * RANGE[0] for name in found)

    def test_one_network_under_two_names_counts_once(self) -> None:
        twice = {"a": network(4), "b": network(4)}
        assert [one.name for one in named_in(Terms(SPACE, INPUT), twice, RANGE, fits=lambda _: True)] == ["a"]

    def test_none_where_none_lies(self) -> None:
        assert named_in(Terms(SPACE, INPUT), OUTSIDE, RANGE, fits=lambda _: True) == []
        assert named_in(Terms(SPACE, INPUT), {}, RANGE, fits=lambda _: True) == []

    def test_around_a_network_of_the_catalogue_are_its_relatives(self) -> None:
        known, image = catalog.fitted(10, (1, 28, 28)), (1, 28, 28)
        terms = Terms(opened(known["resnet20"], image), image)
        macs = [cost(known[name], image).macs for name in ("resnet20", "resnet32")]
        found = named_in(terms, known, macs, fits=lambda _: True)
        assert [one.name for one in found] == ["resnet20", "resnet32"]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shades(tmp_path_factory.mktemp("data") / "shades", classes=CLASSES, images=40, side=SIDE, step=80, width=90)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The catalogue holds `NAMES`; the list is of what it was asked."""
    asked: list[tuple[Any, ...]] = []

    def fitted(*of: Any) -> Mapping[str, Network]:
        asked.append(of)
        return NAMES

    monkeypatch.setattr(catalog, "fitted", fitted)
    return asked


class TestSearch:
    def ask(self, images: Path, **asked: Any) -> Request:
        fields = {"space": "tiny", "space_text": text(SPACE), "budget": "5trials", "workers": 0, "recipe": RECIPE}
        return Request(**{**fields, "data": str(images), **asked})

    def search(self, images: Path, tmp_path: Path, **asked: Any) -> Result:
        return search(self.ask(images, **asked), runs_dir=tmp_path / "runs", cache_dir=tmp_path / "cache")

    def test_begins_with_names(self, images: Path, tmp_path: Path, names: list[tuple[Any, ...]]) -> None:
        """The default strategy does, and says so on record; one longer search is a shorter one that went on."""
        trials = read_trials(self.search(images, tmp_path).run)
        assert names == [(CLASSES, INPUT)]
        firsts = trials[:MOST]
        assert [trial.origin for trial in trials] == ["named"] * MOST + ["start"] * 2
        assert [parse(trial.network) for trial in firsts] == [INSIDE[trial.name] for trial in firsts]
        assert [trial.macs for trial in firsts] == sorted(trial.macs for trial in firsts)
        assert [trial.name for trial in trials[MOST:]] == ["", ""]

        short = self.search(images, tmp_path, budget="1trial").run
        more = resume(short, more=Budget.parse("4trials"), cache_dir=tmp_path / "cache")
        assert [t.fingerprint for t in read_trials(more.run)] == [t.fingerprint for t in trials]

    def planned(self, images: Path, tmp_path: Path, facts: dict[str, Any] | None = None, **asked: Any) -> list[str]:
        """The names that a search would begin with."""
        with devices_at(None) as devices:
            made = plan(self.ask(images, **asked), devices=devices, facts=facts, cache_dir=tmp_path / "cache")
        return [one.name for one in made.named]

    @pytest.mark.parametrize("strategy", ["front-first", "random", "local"])
    def test_what_is_searched_around_is_the_first(
        self, strategy: str, images: Path, tmp_path: Path, names: list[tuple[Any, ...]]
    ) -> None:
        """With any strategy; the default has others beside it, and no other strategy has any without."""
        around = {"around": "net12-3", "around_text": text(INSIDE["net12-3"])}
        found = self.planned(images, tmp_path, strategy=strategy, **around)
        assert found[0] == "net12-3"
        assert len(found) == len(set(found)) == (MOST if strategy == "front-first" else 1)
        assert self.planned(images, tmp_path, strategy=strategy, max_macs=MACS["net12-3"] - 1, **around)[:1] != [
            "net12-3"
        ]
        assert bool(self.planned(images, tmp_path, strategy=strategy)) == (strategy == "front-first")

    def test_a_run_goes_on_with_the_names_it_began_with(
        self, images: Path, tmp_path: Path, names: list[tuple[Any, ...]]
    ) -> None:
        """Whatever the catalogue holds by then; a run of before, which has none on record, goes on without."""
        with devices_at(None) as devices:
            facts = plan(self.ask(images), devices=devices, cache_dir=tmp_path / "cache").facts()
        asked = len(names)
        assert self.planned(images, tmp_path, facts) == list(facts.pop("named"))
        assert self.planned(images, tmp_path, facts) == []
        assert len(names) == asked


def test_a_damaged_text_is_told() -> None:
    request = Request(
        space="tiny", space_text=text(SPACE), budget="1trial", around="a", around_text="nas 1\nconvolve(3)"
    )
    with pytest.raises(RunError, match=r"run\.json: .*line 2, column 1: no part is called 'convolve'"):
        from_json(to_json(request), path="run.json")
