"""What a report tells of a run is true, and its numbers agree with other ways to have them."""

import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution
from optuna.trial import TrialState, create_trial
from scipy.stats import binomtest, f_oneway

import nas.cli
from analysis.report.cards import listed
from analysis.report.growth import frame, growth
from analysis.report.html import Html, tag
from analysis.report.importance import FEWEST, eta_squared, importance
from analysis.report.lineage import Change, chain, changes
from analysis.report.networks import networks, wilson
from analysis.report.page import page
from analysis.report.record import record
from nas.arch.cost import Cost
from nas.arch.nodes import Chain, Conv, Flatten, GlobalPool, Linear, pick
from nas.arch.text import fingerprint, text
from nas.runs import Run, Trial
from nas.runs.folder import create
from nas.runs.journal import Journal, begin_journal
from nas.runs.request import Request

INPUT = (1, 8, 8)
SPACE = Chain(Conv(pick("width", *range(1, 40)), pick("kernel", 1, 3)), GlobalPool(), Flatten(), Linear(3))
HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(2)">\'&amp;'


def trial(number: int, accuracy: float, macs: int, **fields: Any) -> Trial:
    told: dict[str, Any] = {
        "state": "complete",
        "values": (accuracy, float(macs)),
        "point": {},
        "fingerprint": f"f{number}",
        "network": "",
        "params": 10,
        "activations": 10,
        "memory": 10,
        "accuracies": (accuracy,),
        "seconds": 2.0,
        "seed": 0,
        "reason": "",
        "detail": "",
        "micro_batch": None,
        "origin": "",
        "parents": (),
    }
    return Trial(number=number, macs=macs, **{**told, **fields})


class Making:
    """A run made trial by trial, with networks of `SPACE` and accuracies as the test wants them."""

    def __init__(self, folder: Path, **asked: Any) -> None:
        fields = {"space": "tiny", "space_text": text(SPACE), "budget": "100cpus", **asked}
        self.run: Run = create(Request(**fields), runs_dir=folder, name="made")
        length = {"recipe": {"epochs": 2}, "train": 100, "val": 500}
        self.journal: Journal = begin_journal(
            self.run, directions=["maximize", "minimize"], facts={"length": length, "workers": 1, "overhead": 3.0}
        )

    def begin(self, width: int, *, seed: int = 0, **notes: Any) -> tuple[int, str]:
        """One trial begins; its number and fingerprint."""
        network = Chain(Conv(width, 3), GlobalPool(), Flatten(), Linear(3))
        made = Cost(output=(3,), params=width, macs=1000 * width, activations=width, memory=width)
        offered = {"width": CategoricalDistribution(tuple(range(1, 40))), "kernel": CategoricalDistribution((1, 3))}
        asked = create_trial(state=TrialState.RUNNING, params={"width": width, "kernel": 3}, distributions=offered)
        number = self.journal.begin(
            asked, network=text(network), fingerprint=fingerprint(network), cost=made, seed=seed, notes=notes
        )
        return number, fingerprint(network)

    def trial(self, width: int, accuracy: float | None, *, reason: str = "", **begun: Any) -> str:
        """One trial; without an accuracy it fails. Returns its fingerprint."""
        number, made = self.begin(width, **begun)
        if accuracy is None:
            self.journal.fail(number, reason, f"all of it: {reason}", seconds=1.0)
        else:
            epochs = [{"val_accuracy": accuracy / 2}, {"val_accuracy": accuracy}]
            self.journal.epochs(number, epochs, seconds=2.0)
            self.journal.complete(number, [accuracy, 1000 * width], seconds=2.0)
        return made


class Reader(HTMLParser):
    """What a browser sees: elements, texts, ids."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def read(content: str) -> Reader:
    reader = Reader()
    reader.feed(content)
    reader.close()
    return reader


class TestHtml:
    @given(st.text(), st.text())
    def test_gives_back_what_it_was_given(self, inside: str, attribute: str) -> None:
        made = read(tag("p", inside, title=attribute))
        assert made.tags == ["p"]
        assert made.text.replace("\r", "\n") == inside.replace("\r", "\n")
        assert made.attributes == [("title", attribute)]

    def test_markup_stands(self) -> None:
        assert tag("p", tag("b", "<"), [Html("<i>"), "&"], hidden=True, id=None, data_n=1.50) == (
            '<p hidden data-n="1.5"><b>&lt;</b><i>&amp;</p>'
        )


class TestNetworks:
    @given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
    def test_interval_is_scipys(self, drawn: tuple[int, int]) -> None:
        right, count = drawn
        low, high = wilson(right / count, count)
        theirs = binomtest(right, count).proportion_ci(method="wilson")
        assert math.isclose(low, theirs.low, abs_tol=1e-6)
        assert math.isclose(high, theirs.high, abs_tol=1e-6)

    def test_bars_and_front(self, tmp_path: Path) -> None:
        making = Making(tmp_path)
        for width, accuracy, seed in ((4, 0.5, 0), (8, 0.6, 0), (8, 0.7, 1), (12, 0.6, 0), (16, 0.8, 0)):
            making.trial(width, accuracy, seed=seed)
        making.trial(20, None, reason="diverged")
        found = networks(record(making.run))
        assert [(one.number, one.accuracy, one.seeds, one.on_front) for one in found] == [
            (0, 0.5, 1, True),
            (1, pytest.approx(0.65), 2, True),
            (3, 0.6, 1, False),
            (4, 0.8, 1, True),
        ]
        assert (found[1].low, found[1].high) == (0.6, 0.7)
        assert (found[0].low, found[0].high) == wilson(0.5, 500)


class TestGrowth:
    TRIALS = (trial(0, 0.5, 1000), trial(1, 0.7, 10_000), trial(2, 0.9, 100_000), trial(3, 0.6, 10_000))

    def test_by_hand(self) -> None:
        """The rectangle: three to five in the logarithm, errors of 0.1 to 0.5; only the middle network fills some."""
        within = frame(self.TRIALS)
        assert within is not None
        made = growth(self.TRIALS, within, in_seconds=True)
        assert made.spent == (0.0, 2.0, 4.0, 6.0, 8.0)
        assert made.share == pytest.approx((0, 0, 0.25, 0.25, 0.25))
        assert made.at(3.9) == 0
        assert made.at(4.0) == pytest.approx(0.25)
        assert growth(self.TRIALS, within, in_seconds=False).spent == (0, 1, 2, 3, 4)

    def test_of_one_network_there_is_none(self) -> None:
        assert frame([]) is None
        assert frame([trial(0, 0.5, 1000)]) is None
        assert frame([trial(0, 0.5, 1000), trial(1, 0.5, 2000)]) is None

    @given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 10**9)), min_size=2, max_size=12))
    def test_never_falls_and_a_part_never_leads(self, drawn: list[tuple[float, int]]) -> None:
        trials = [trial(i, accuracy, macs) for i, (accuracy, macs) in enumerate(drawn)]
        within = frame(trials)
        if within is None:
            return
        made = growth(trials, within, in_seconds=False)
        assert list(made.share) == sorted(made.share)
        assert made.share[-1] <= 1 + 1e-9
        assert growth(trials[::2], within, in_seconds=False).share[-1] <= made.share[-1] + 1e-9


class TestLineage:
    def test_goes_back_to_the_first(self) -> None:
        first = trial(0, 0.5, 1000, origin="start", point={"depth": 1, "block=a.width": 4, "block": "a"})
        child = trial(
            1, 0.6, 1000, origin="child", parents=("f0",), point={"depth": 2, "block=a.width": 4, "block": "a"}
        )
        other = trial(2, 0.7, 1000, origin="control", point={"depth": 5, "block": "b", "block=b.width": 8})
        crossed = trial(
            3, 0.55, 9, origin="crossing", parents=("f2", "f1"), point={"depth": 2, "block": "a", "block=a.width": 8}
        )
        steps = chain(crossed, [first, child, other, crossed])
        assert [step.trial.number for step in steps] == [0, 1, 3]
        assert [step.gained for step in steps] == [None, pytest.approx(0.1), pytest.approx(-0.05)]
        assert [step.changes for step in steps] == [
            (),
            (Change("depth", 1, 2),),
            (Change("block=a.width", 4, 8),),
        ]
        assert steps[-1].others == (other,)

    def test_what_opens_and_closes(self) -> None:
        told = changes({"block": "a", "block=a.width": 4}, {"block": "b", "block=b.kernel": 3})
        assert told == [
            Change("block", "a", "b"),
            Change("block=a.width", 4, None),
            Change("block=b.kernel", None, 3),
        ]
        assert re.findall("<li>(.*?)</li>", listed(told)) == [
            "block: a → b",
            "now open: block=b.kernel = 3",
            "no longer open: block=a.width",
        ]

    def test_of_a_damaged_record_ends(self) -> None:
        a, b = trial(0, 0.5, 9, parents=("f1", "gone")), trial(1, 0.5, 9, parents=("f0", "f1"))
        assert [step.trial.number for step in chain(a, [a, b])] == [1, 0]


class TestImportance:
    @given(st.lists(st.tuples(st.integers(0, 3), st.floats(-5, 5)), min_size=8, max_size=40))
    def test_eta_squared_is_that_of_an_analysis_of_variance(self, drawn: list[tuple[int, float]]) -> None:
        names = sorted({group for group, _ in drawn})
        codes = np.array([names.index(group) for group, _ in drawn])
        values = np.array([value for _, value in drawn])
        groups = [values[codes == code] for code in range(len(names))]
        if len(groups) < 2 or values.std() < 1e-3 or all(group.std() < 1e-6 for group in groups):
            return
        between, within = len(groups) - 1, len(values) - len(groups)
        f = f_oneway(*groups).statistic
        made = float(eta_squared(codes, values[:, None])[0])
        assert math.isclose(made, f * between / (f * between + within), abs_tol=1e-6)

    def test_finds_what_was_planted(self) -> None:
        """`kind` moves the error at equal MACs, `width` by the MACs alone, `colour` not at all."""
        rng = np.random.default_rng(0)
        trials = []
        for number in range(90):
            kind, width, colour = rng.integers(2), 2 ** int(rng.integers(3)), int(rng.integers(3))
            error = 0.3 * 0.7**kind * width**-0.5 * math.exp(rng.normal(0, 0.02))
            point = {"kind": str(kind), "width": width, "colour": colour}
            trials.append(trial(number, 1 - error, 10_000 * width, point=point))
        found = {one.hole: one for one in importance(trials, validated=1000)}
        assert found["kind"].at_equal_macs > 0.9 > found["kind"].chance_at_equal_macs
        assert found["width"].share > found["width"].chance
        assert found["width"].at_equal_macs < 0.05
        assert not found["colour"].stands_out
        for one in found.values():
            assert 0 <= one.low <= one.share <= one.high <= 1

    def test_chance_is_seldom_taken_for_more(self) -> None:
        """Errors that nothing decides: of 40 holes, two are expected to stand out by each share."""
        rng = np.random.default_rng(1)
        trials = [
            trial(i, float(rng.uniform(0.5, 0.9)), int(rng.integers(1, 10**6)),
                  point={f"hole{j}": int(rng.integers(4)) for j in range(40)})
            for i in range(60)
        ]  # fmt: skip
        assert sum(one.stands_out for one in importance(trials)) <= 11

    def test_of_few_says_nothing(self) -> None:
        few = [trial(i, 0.5 + i / 100, 1000, point={"kind": i % 2}) for i in range(FEWEST - 1)]
        assert importance(few) == []
        alike = [trial(i, 0.5 + i / 100, 1000, point={"kind": 1, "own": i}) for i in range(20)]
        assert importance(alike) == []


class TestPage:
    @pytest.fixture
    def making(self, tmp_path: Path) -> Making:
        made = Making(tmp_path)
        first = made.trial(4, 0.5, origin="start")
        second = made.trial(8, 0.61, origin="child", parents=[first])
        made.trial(9, 0.4, origin="control")
        made.trial(12, None, reason="out of memory", origin="child", parents=[second])
        made.trial(16, 0.72, origin="child", parents=[second])
        return made

    def test_tells_all_trials_and_refers_to_nothing_outside(self, making: Making) -> None:
        content = page(record(making.run, input=INPUT))
        seen = read(content)
        ids = [value for name, value in seen.attributes if name == "id"]
        assert len(ids) == len(set(ids))
        assert {f"trial-{number}" for number in range(5)} <= set(ids)
        targets = [value or "" for name, value in seen.attributes if name in ("href", "src")]
        assert {t[1:] for t in targets if t.startswith("#")} <= set(ids)
        assert all(t.startswith(("#", "data:image/svg+xml,")) for t in targets)
        assert sum(t.startswith("data:") for t in targets) == 4
        assert not re.search(r"@import|url\((?!%23)", content)
        for told in ("out of memory", "width: 8 → 16", "+11.00 points", "from trial 1", "500 for validation"):
            assert told in seen.text, told

    def test_what_comes_from_the_run_is_text(self, tmp_path: Path) -> None:
        making = Making(tmp_path, space=HOSTILE, data=HOSTILE, around=HOSTILE)
        parent = making.trial(4, 0.5, origin=HOSTILE)
        making.trial(8, 0.6, origin="child", parents=[parent])
        making.trial(12, None, reason=HOSTILE)
        (making.run.folder / "environment.json").write_text(
            json.dumps(
                {"command": ["nas", HOSTILE], "packages": {HOSTILE: HOSTILE}, "platform": HOSTILE, "commit": HOSTILE}
            )
        )
        known = record(making.run, input=INPUT, named={parent: HOSTILE})
        content = page(known)
        seen = read(content)
        assert seen.tags.count("script") == 1
        assert not [name for name, _ in seen.attributes if name.startswith("on")]
        assert "alert(1)</script>" not in content
        assert seen.text.count("alert(1)") > 8

    def test_of_a_run_without_origins_says_so(self, tmp_path: Path) -> None:
        making = Making(tmp_path)
        making.trial(4, 0.5)
        making.trial(8, 0.6)
        told = read(page(record(making.run, input=INPUT))).text
        assert "their lineage is left out" in told
        assert "there is no control to compare with" in told

    def test_of_a_run_in_which_all_failed(self, tmp_path: Path) -> None:
        making = Making(tmp_path)
        making.trial(4, None, reason="diverged")
        told = read(page(record(making.run))).text
        assert "No network was trained to its end." in told
        assert "networks are not drawn" in told
        assert "diverged" in told

    def test_sets_finalists_apart_with_the_spread_of_their_seeds(self, making: Making) -> None:
        searched = record(making.run)
        finals = making.journal.begin_finals({"finalists": [{}, {}], "overhead": 0.0})
        for name, tests in (("1", (0.60, 0.62, 0.64)), ("4", (0.70, 0.75, 0.71)), ("2", (0.40, 0.41, 0.42))):
            trial = searched.trials[int(name)]
            for seed, test in enumerate(tests):
                begun = create_trial(state=TrialState.RUNNING)
                made = Cost(output=(3,), params=1, macs=trial.macs, activations=1, memory=1)
                number = finals.begin(
                    begun,
                    network=trial.network,
                    fingerprint=trial.fingerprint,
                    cost=made,
                    seed=seed,
                    notes={"name": name},
                )
                finals.epochs(number, [{"val_accuracy": 0.5}], seconds=3.0)
                score = {"accuracy": test, "top5": 1.0, "loss": 1.0, "count": 100}
                finals.complete(number, [test, trial.macs], seconds=3.0, test=score)
        told = read(page(record(making.run))).text
        assert "trial 1 62.00 % 2.00 % 60.00 62.00 64.00 8 k".replace(" ", "") in told.replace(" ", "")
        assert "trial 4 72.00 % 2.65 %".replace(" ", "") in told.replace(" ", "")
        assert "beaten" in told.partition("42.00")[2][:40]
        assert "finalists927s" in told.replace(" ", "")
        assert "The finalists" not in read(page(searched)).text

    def test_of_networks_that_are_all_alike_has_axes(self, making: Making) -> None:
        alike = [trial(number, 1.0, 0, seconds=0.0) for number in range(3)]
        told = page(replace(record(making.run), trials=alike))
        assert "nan" not in re.findall(r'[xyd]="([^"]*)"', told)
        assert "Too few networks were trained to say." in told

    def test_compares_with_the_control(self, tmp_path: Path) -> None:
        making = Making(tmp_path)
        for width in range(1, 11):
            making.trial(width, 0.5 + width / 50, origin="control" if width % 3 == 0 else "start")
        told = read(page(record(making.run))).text
        assert "For 6 s, what the control was given" in told


class TestCommand:
    def called(self, *arguments: str) -> Any:
        return CliRunner().invoke(nas.cli.group, ["report", *arguments])

    def test_writes_beside_the_run(self, tmp_path: Path) -> None:
        making = Making(tmp_path)
        making.trial(4, 0.5)
        told = self.called("made", "--runs-dir", str(tmp_path), "--json")
        assert told.exit_code == 0, told.output
        said = json.loads(told.stdout)
        assert said["file"] == str(making.run.folder / "report.html")
        assert said["bytes"] == (making.run.folder / "report.html").stat().st_size

    def test_of_a_run_whose_data_is_gone(self, tmp_path: Path) -> None:
        making = Making(tmp_path, data=str(tmp_path / "nothing-here"))
        making.trial(4, 0.5)
        out = tmp_path / "new" / "mine.html"
        assert self.called(str(making.run.folder), "--out", str(out)).exit_code == 0
        assert "networks are not drawn" in out.read_text()

    @pytest.mark.parametrize(
        ("out", "message"),
        [
            ("report.pdf", "--out: a report is an .html file, got 'report.pdf'\nhint: --out report.html"),
            ("file/report.html", "file: the folder cannot be made: File exists"),
        ],
    )
    def test_refuses(self, tmp_path: Path, out: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
        making = Making(tmp_path)
        making.trial(4, 0.5)
        (tmp_path / "file").touch()
        monkeypatch.chdir(tmp_path)
        with pytest.raises(nas.cli.NasError) as caught:
            CliRunner().invoke(
                nas.cli.group, ["report", "made", "--runs-dir", ".", "--out", out], catch_exceptions=False
            )
        assert str(caught.value) == message
