"""Weight inheritance in a search: who begins with whose weights, and that this is on record and survives."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

import nas.cli
from nas.arch.nodes import Act, Chain, Conv, Flatten, GlobalPool, Linear, Norm, pick
from nas.arch.text import text
from nas.errors import RunError
from nas.lower import build
from nas.runs import Request, Trial
from nas.runs.folder import Run, training, weights
from nas.runs.journal import read_trials
from nas.runs.request import from_json, to_json
from nas.search.errors import SearchError
from nas.search.events import Began, EpochDone, Event
from nas.search.limits import Candidate, Terms
from nas.search.relatives import Relative, Relatives, inherited
from nas.search.run import resume, search
from nas.search.strategies import STRATEGIES
from nas.train import checkpoint
from tests.shades import shades

SHAPE = (1, 8, 8)
RECIPE = {"epochs": 2, "batch": 16, "lr": 0.1}


def network(*widths: int, kernel: int = 3) -> Chain:
    layers = (Chain(Conv(width, kernel), Norm(), Act()) for width in widths)
    return Chain(*layers, GlobalPool(), Flatten(), Linear(3))


SPACE = Chain(*network(pick("first", 2, 4, 8), pick("second", 4, 6, 8), kernel=pick("kernel", 1, 3)).parts)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image folder in which a class is how bright it is."""
    return shades(tmp_path_factory.mktemp("data") / "shades", classes=3, images=30, side=8, step=80, width=90)


class KilledError(Exception):
    """As the machine would."""


@pytest.fixture
def run_search(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Trial]]:
    """Searches with children from the second trial on, killed where that is asked, each time once, and resumed."""
    monkeypatch.setitem(STRATEGIES, "local", replace(STRATEGIES["local"], spread=False))

    def run(name: str, *, kills: Sequence[Callable[[Event], bool]] = (), **asked: Any) -> list[Trial]:
        left = list(kills)

        def listen(event: Event) -> None:
            if left and left[0](event):
                left.pop(0)
                raise KilledError

        options: dict[str, Any] = {"cache_dir": tmp_path / "cache", "on_event": listen}
        fields = {"budget": "4trials", "workers": 0, "data": str(images), "recipe": RECIPE, "strategy": "local"}
        request = Request(space="tiny", space_text=text(SPACE), **{**fields, "inherit": True, **asked})
        home = tmp_path / "runs"
        run = Run(home / name, request)
        go_on = partial(search, request, runs_dir=home, name=name)
        while True:
            try:
                go_on(**options)
                return read_trials(run)
            except KilledError:
                go_on = partial(resume, run)

    return run


def told(trials: list[Trial]) -> list[Any]:
    return [(trial.fingerprint, trial.accuracies, trial.inherited) for trial in trials]


def parent_of(trial: Trial) -> int:
    found = re.fullmatch(r"inherited from trial (\d+): (\d+) of (\d+) tensors", trial.inherited)
    assert found is not None, trial.inherited
    assert 0 < int(found[2]) <= int(found[3])
    return int(found[1])


def test_children_begin_with_the_weights_of_a_parent(run_search: Callable[..., list[Trial]], tmp_path: Path) -> None:
    trials = run_search("first")
    assert sum(bool(trial.parents) for trial in trials) >= 2
    for trial in trials:
        if not trial.parents:
            assert trial.inherited == ""
            continue
        parent = trials[parent_of(trial)]
        assert parent.number < trial.number
        assert parent.fingerprint in trial.parents
        assert weights(tmp_path / "runs" / "first" / "checkpoints", parent.number).is_file()


def test_who_does_not_ask_for_it_trains_from_scratch(run_search: Callable[..., list[Trial]]) -> None:
    trials = run_search("scratch", inherit=False)
    assert any(trial.parents for trial in trials)
    assert not any(trial.inherited for trial in trials)


def test_who_rests_at_a_rung_has_weights_and_a_search_that_was_killed_the_same(
    run_search: Callable[..., list[Trial]], tmp_path: Path
) -> None:
    recipe = {**RECIPE, "epochs": 5, "rungs": [1]}
    finished: dict[int, set[str]] = {}
    """The weights there were when a trial began."""

    def watch(event: Event) -> bool:
        if isinstance(event, Began):
            files = (tmp_path / "runs" / "undisturbed" / "checkpoints").glob("*.pt")
            finished.setdefault(event.trial.number, {file.stem for file in files})
        return False

    undisturbed = run_search("undisturbed", recipe=recipe, kills=[watch])
    heirs = [trial for trial in undisturbed if trial.inherited]
    assert any(str(parent_of(trial)) not in finished[trial.number] for trial in heirs)
    last = heirs[-1].number

    def begun(event: Event) -> bool:
        return isinstance(event, Began) and event.trial.number == last

    def trained(event: Event) -> bool:
        return isinstance(event, EpochDone) and event.number == last

    assert told(run_search("killed", recipe=recipe, kills=[begun, trained])) == told(undisturbed)


class TestRelatives:
    @staticmethod
    def candidate(*widths: int) -> Candidate:
        return Terms(SPACE, SHAPE).known(network(*widths))

    def test_the_nearest_has_the_fewest_edits(self) -> None:
        relatives, near, far = Relatives(), self.candidate(4, 6), self.candidate(2, 8)
        parents = [far.fingerprint, "of no trial", near.fingerprint]
        child = network(4, 8, kernel=3)
        assert relatives.nearest(child, parents) is None
        relatives.know(7, self.candidate(2, 4))
        assert relatives.nearest(child, parents) is None
        relatives.know(3, self.candidate(8, 4))
        relatives.know(5, far)
        assert relatives.nearest(child, parents) == Relative(5, text(far.network))
        relatives.know(9, near)
        assert relatives.nearest(network(4, 6, 6), parents) == Relative(9, text(near.network))
        relatives.forget(near)
        assert relatives.nearest(network(4, 6, 6), parents) == Relative(5, text(far.network))
        assert relatives.nearest(child, []) is None


class TestInherited:
    def given(self, checkpoints: Path) -> tuple[str, bool]:
        """What is said, and whether the child is as it was."""
        child = build(network(4, 8), SHAPE)
        before = {name: tensor.clone() for name, tensor in child.state_dict().items()}
        relative = Relative(3, text(network(4, 6)))
        said = inherited(child, network(4, 8), relative, checkpoints=checkpoints, input=SHAPE)
        return said, all(torch.equal(tensor, before[name]) for name, tensor in child.state_dict().items())

    def test_what_cannot_be_read_is_told_and_leaves_the_child_alone(self, tmp_path: Path) -> None:
        file = weights(tmp_path, 3)
        assert self.given(tmp_path) == ("from scratch, not from trial 3: no such file", True)
        file.write_bytes(b"no weights")
        said, is_fresh = self.given(tmp_path)
        assert said.startswith("from scratch, not from trial 3: not a readable state dict")
        assert is_fresh
        whole = build(network(4, 6), SHAPE).state_dict()
        for content in (
            build(network(2, 6), SHAPE).state_dict(),
            {**whole, "linear1.bias": torch.full((3,), torch.nan)},
        ):
            torch.save(content, file)
            said, is_fresh = self.given(tmp_path)
            assert said.startswith("from scratch, not from trial 3: ")
            assert is_fresh

    def test_weights_at_the_end_come_before_those_of_a_training(self, tmp_path: Path) -> None:
        whole = build(network(4, 6), SHAPE).state_dict()
        checkpoint.save(training(tmp_path, 3), {"model": whole, "epochs": []})
        assert self.given(tmp_path) == ("inherited from trial 3: 8 of 12 tensors", False)
        weights(tmp_path, 3).write_bytes(b"no weights")
        assert self.given(tmp_path)[1]


def test_a_strategy_without_parents_is_refused(run_search: Callable[..., list[Trial]]) -> None:
    rule = "--inherit: weights are inherited from parents, and tpe does not say of what it makes a network"
    with pytest.raises(SearchError, match=rule) as caught:
        run_search("refused", strategy="tpe")
    assert str(caught.value).endswith("hint: leave it out, or choose front-first, local, evolution")


def test_a_run_of_before_opens_without() -> None:
    request = Request(space="tiny", space_text=text(SPACE), budget="3trials")
    fields = json.loads(to_json(request))
    assert fields.pop("inherit") is False
    assert from_json(json.dumps(fields), path="run.json") == request
    with pytest.raises(RunError, match="inherit is true or false, got 1"):
        from_json(json.dumps({**fields, "inherit": 1}), path="run.json")


def test_the_flag_and_the_configuration_reach_the_search(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Request] = []

    def seen(request: Request, **_: Any) -> None:
        asked.append(request)
        raise RunError("seen")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("nas.search.run.search", seen)
    for configured, *flags in (
        (False,),
        (False, "--inherit"),
        (True,),
        (True, "--no-inherit"),
    ):
        (tmp_path / "nas.toml").write_text("[search]\ninherit = true\n" if configured else "")
        done = CliRunner().invoke(nas.cli.group, ["search", "--data", str(images), "--budget", "1trial", *flags])
        assert str(done.exception) == "seen"
    assert [request.inherit for request in asked] == [False, True, True, False]
