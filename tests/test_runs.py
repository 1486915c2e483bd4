import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from nas.arch.cost import cost
from nas.arch.nodes import Chain, Conv, Flatten, GlobalPool, Linear, pick
from nas.arch.text import fingerprint, text
from nas.errors import RunError
from nas.runs import Request, Run, create, frame, open_run, runs
from nas.runs.journal import Journal, begin_journal, open_journal, read_trials

SPACE = Chain(Conv(pick("width", 4, 8)), GlobalPool(), Flatten(), Linear(3))
NETWORK = Chain(Conv(8), GlobalPool(), Flatten(), Linear(3))
REQUEST = Request(space="my_spaces.py:tiny", space_text=text(SPACE), budget="10cpumin", max_macs=10**6)
EPOCH = {"epoch": 1, "train_loss": 1.5, "val_loss": 1.2, "val_accuracy": 0.5, "seconds": 2.0, "images": 100}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create(REQUEST, runs_dir=tmp_path / "runs", name="first")


def begin(journal: Journal) -> int:
    distributions = {"width": CategoricalDistribution((4, 8)), "depth": IntDistribution(1, 5)}
    asked: FrozenTrial = create_trial(
        state=TrialState.RUNNING, params={"width": 8, "depth": 3}, distributions=distributions
    )
    spent = cost(NETWORK, (1, 8, 8))
    return journal.begin(asked, network=text(NETWORK), fingerprint=fingerprint(NETWORK), cost=spent, seed=3)


def journal_of_three(run: Run) -> Journal:
    """One trial complete, one failed, one stopped."""
    journal = begin_journal(run, directions=["maximize", "minimize"])
    for _ in range(3):
        begin(journal)
    journal.epochs(0, [EPOCH, {**EPOCH, "epoch": 2, "val_accuracy": 0.75}], seconds=4.0)
    journal.complete(0, [0.75, 552], seconds=4.5)
    journal.fail(1, "diverged", "training loss nan", seconds=1.0)
    journal.epochs(2, [EPOCH], seconds=2.0)
    journal.stop(2, "budget", seconds=2.0)
    return journal


class TestRequest:
    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("seed", -1, "request.seed: seed is at least 0, got -1"),
            ("workers", 1.5, "request.workers: workers is at least 0, or None, got 1.5"),
            ("max_macs", 0, "request.max_macs: max_macs is at least 1, or None, got 0"),
            ("max_params", True, "request.max_params: max_params is at least 1, or None, got True"),
            ("max_latency", 0, "request.max_latency: max_latency is above 0, or None, got 0"),
            ("budget", "", "request.budget: budget is a text, got ''"),
            ("objectives", (), "request.objectives: objectives is one or more different names, got ()"),
            ("objectives", ("a", "a"), "request.objectives: objectives is one or more different names, got ('a', 'a')"),
            ("recipe", "long", "request.recipe: recipe is the fields of a recipe, or None, got 'long'"),
        ],
    )
    def test_refuses(self, field: str, value: Any, message: str) -> None:
        with pytest.raises(RunError) as caught:
            replace(REQUEST, **{field: value})
        assert str(caught.value) == message

    def test_opens_its_space(self) -> None:
        assert REQUEST.open_space() == SPACE


class TestFolder:
    def test_holds_what_was_asked_and_what_with(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        again = open_run(run.folder)
        assert again.request == REQUEST
        told = json.loads((run.folder / "environment.json").read_text())
        assert told["packages"]["optuna"] == optuna.__version__
        assert {"python", "platform", "processor", "cores", "devices", "commit", "command"} <= told.keys()
        assert [file.name for file in sorted(run.folder.iterdir())] == ["checkpoints", "environment.json", "run.json"]
        assert run.weights(7) == run.folder / "checkpoints" / "7.pt"
        monkeypatch.chdir(run.folder.parent.parent)
        assert open_run("runs/first").folder == open_run("first", runs_dir=Path("runs")).folder == run.folder

    def test_is_named_after_time_and_space(self, tmp_path: Path) -> None:
        names = [create(REQUEST, runs_dir=tmp_path).name for _ in range(3)]
        assert len(set(names)) == 3
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\d-\d{6}-my-spaces-py-tiny(-\d)?", name) for name in names)

    def test_takes_an_empty_folder(self, tmp_path: Path) -> None:
        (tmp_path / "mine").mkdir()
        assert create(REQUEST, runs_dir=tmp_path, name="mine").request == REQUEST

    def test_refuses_a_name_that_is_taken(self, run: Run) -> None:
        with pytest.raises(RunError) as caught:
            create(REQUEST, runs_dir=run.folder.parent, name="first")
        assert str(caught.value) == (
            f"{run.folder}: the name of a new run is free, but this folder is not empty\n"
            "hint: choose another --name, or leave it out"
        )

    @pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "a b", "x" * 200])
    def test_refuses_what_is_no_name(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(RunError) as caught:
            create(REQUEST, runs_dir=tmp_path, name=name)
        assert str(caught.value) == (
            f"--name: a run's name is made of letters, digits, dots, dashes and underscores, got {name!r}\n"
            "hint: for example first-search"
        )

    def test_refuses_a_place_that_is_no_folder(self, tmp_path: Path) -> None:
        (tmp_path / "runs").write_text("")
        with pytest.raises(RunError) as caught:
            create(REQUEST, runs_dir=tmp_path / "runs", name="first")
        assert str(caught.value) == (
            f"{tmp_path}/runs/first: a run needs a folder one can write to, but: Not a directory\n"
            "hint: choose another --runs-dir"
        )

    def test_lists_runs_by_age(self, run: Run, tmp_path: Path) -> None:
        second = create(REQUEST, runs_dir=run.folder.parent, name="a-later-one")
        os.utime(run.folder / "run.json", (1, 1))
        (run.folder.parent / "no-run").mkdir()
        damaged = create(REQUEST, runs_dir=run.folder.parent, name="damaged")
        (damaged.folder / "run.json").write_text("{")
        assert [found.name for found in runs(run.folder.parent)] == ["first", second.name]
        assert runs(tmp_path / "nowhere") == []


class TestOpening:
    def test_what_is_absent(self, run: Run) -> None:
        with pytest.raises(RunError) as caught:
            open_run("fist", runs_dir=run.folder.parent)
        assert str(caught.value) == (
            f"fist or {run.folder.parent}/fist: a run is a folder with a run.json, found none\nhint: there are first"
        )
        with pytest.raises(RunError, match="found none\nhint: `nas runs` lists all"):
            open_run("fist")

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("", "this should be the JSON object that a run begins with\nhint: the run cannot be read without it"),
            ("[1]", "this should be the JSON object that a run begins with\nhint: the run cannot be read without it"),
            ("{}", "this should be the JSON object that a run begins with\nhint: the run cannot be read without it"),
            ('{"version": 2}', "this version of nas reads runs of version 1, got 2\nhint: update nas"),
            (
                '{"version": 1}',
                "a field is absent or of the wrong kind: 'objectives'\nhint: the run cannot be read without it",
            ),
        ],
    )
    def test_what_is_damaged(self, run: Run, content: str, message: str) -> None:
        file = run.folder / "run.json"
        file.write_text(content)
        with pytest.raises(RunError) as caught:
            open_run(run.folder)
        assert str(caught.value) == f"{file}: {message}"

    def test_fields_of_another_kind(self, run: Run) -> None:
        file = run.folder / "run.json"
        whole = json.loads(file.read_text())
        for changed, message in (
            ({"colour": "red"}, "a run has no field 'colour'"),
            ({"seed": "one"}, "seed is at least 0, got 'one'"),
            ({"space_text": "nas 1\nconv("}, "line 2, column 6"),
            ({"objectives": None}, "a field is absent or of the wrong kind"),
        ):
            file.write_text(json.dumps({**whole, **changed}))
            with pytest.raises(RunError, match=re.escape(message)):
                open_run(run.folder)

    def test_bytes_that_are_no_text(self, run: Run) -> None:
        (run.folder / "run.json").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(RunError, match="the file cannot be read"):
            open_run(run.folder)


class TestJournal:
    def test_is_read_back(self, run: Run) -> None:
        journal_of_three(run)
        complete, failed, stopped = read_trials(open_run(run.folder))
        assert (complete.state, complete.values, complete.accuracies) == ("complete", (0.75, 552.0), (0.5, 0.75))
        assert (complete.accuracy, complete.seconds, complete.seed) == (0.75, 4.5, 3)
        assert complete.point == {"width": 8, "depth": 3}
        assert complete.fingerprint == fingerprint(NETWORK)
        assert complete.network == text(NETWORK)
        spent = cost(NETWORK, (1, 8, 8))
        assert (complete.macs, complete.params, complete.memory) == (spent.macs, spent.params, spent.memory)
        assert (failed.state, failed.reason, failed.detail) == ("fail", "diverged", "training loss nan")
        assert (failed.values, failed.accuracy) == ((), None)
        assert (stopped.state, stopped.reason, stopped.accuracy) == ("pruned", "budget", 0.5)

    def test_shows_trials_under_way(self, run: Run) -> None:
        journal = begin_journal(run, directions=["maximize", "minimize"])
        number = begin(journal)
        journal.epochs(number, [EPOCH], seconds=2.0)
        (trial,) = read_trials(run)
        assert (trial.state, trial.accuracies, trial.seconds) == ("running", (0.5,), 2.0)

    def test_remembers_facts_of_the_run(self, run: Run) -> None:
        journal_of_three(run).remember("overhead", 1.5)
        assert open_journal(run).facts()["overhead"] == 1.5

    def test_is_an_optuna_study_like_any_other(self, run: Run) -> None:
        journal_of_three(run)
        study = optuna.load_study(study_name="first", storage=f"sqlite:///{run.study}")
        table = study.trials_dataframe()
        assert list(table["state"]) == ["COMPLETE", "FAIL", "PRUNED"]
        assert {"values_accuracy", "values_macs", "params_width", "user_attrs_network"} <= set(table.columns)
        assert [trial.number for trial in study.best_trials] == [0]

    def test_is_found_where_the_folder_was_moved(self, run: Run) -> None:
        journal_of_three(run)
        moved = run.folder.rename(run.folder.with_name("moved"))
        assert len(read_trials(open_run(moved))) == 3

    def test_that_is_absent(self, run: Run) -> None:
        with pytest.raises(RunError) as caught:
            frame(run)
        assert str(caught.value) == (
            f"{run.study}: the study of this run is absent\nhint: the run has no trials to read"
        )

    @pytest.mark.parametrize("content", [b"", b"no database at all, but text", bytes(4096)])
    def test_that_is_damaged(self, run: Run, content: bytes) -> None:
        run.study.write_bytes(content)
        with pytest.raises(RunError) as caught:
            read_trials(run)
        assert str(caught.value).startswith(f"{run.study}: the study of this run cannot be read: ")
        assert str(caught.value).endswith("\nhint: was the file changed?")

    def test_that_is_cut_off(self, run: Run) -> None:
        journal_of_three(run)
        whole = run.study.read_bytes()
        for share in (0.1, 0.5, 0.9):
            run.study.write_bytes(whole[: int(share * len(whole))])
            with pytest.raises(RunError, match="the study of this run cannot be read"):
                read_trials(run)

    def test_whose_trials_are_not_ours(self, run: Run) -> None:
        study = optuna.create_study(storage=f"sqlite:///{run.study}", study_name="first")
        study.ask()
        with pytest.raises(RunError, match="cannot be read: a trial holds no 'fingerprint'"):
            read_trials(run)


class TestFrame:
    def test_has_a_row_for_each_trial(self, run: Run) -> None:
        journal_of_three(run)
        table = frame(run)
        assert list(table["number"]) == [0, 1, 2]
        assert list(table["state"]) == ["complete", "fail", "pruned"]
        assert table["accuracy"].tolist()[0] == 0.75
        assert table["accuracy"].isna().tolist() == [False, True, False]
        assert {"point", "fingerprint", "network", "params", "macs", "activations", "seconds", "reason"} <= set(table)

    def test_of_no_trials_has_its_columns(self, run: Run) -> None:
        begin_journal(run, directions=["maximize", "minimize"])
        table = frame(run)
        assert len(table) == 0
        assert "accuracy" in table
