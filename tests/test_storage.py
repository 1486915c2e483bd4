"""A study in a database of one's own: the same search, resumed as ever, and a password that nobody is shown."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import nas.cli
from nas.arch.nodes import Act, Chain, Conv, Flatten, GlobalPool, Linear, Norm, pick
from nas.arch.text import text
from nas.errors import RunError
from nas.runs import Request, Run, open_run
from nas.runs.folder import create
from nas.runs.journal import begin_journal, has_journal, open_journal, read_trials
from nas.runs.storage import absolute, hidden, reach
from nas.search.budget import Budget
from nas.search.events import EpochDone, Event
from nas.search.run import Result, resume, search
from nas.search.status import status
from tests.postgresql import PASSWORD, AbsentError, postgresql
from tests.shades import shades

TINY = Chain(Conv(pick("width", 2, 3, 4), pick("kernel", 1, 3)), Norm(), Act(), GlobalPool(), Flatten(), Linear(2))
EXAMPLES = "for example postgresql://user@host/database or sqlite:////path/to/study.db"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    try:
        with postgresql() as port:
            yield port
    except AbsentError as error:
        pytest.skip(str(error))


@pytest.fixture
def server(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a database whose password lies where PostgreSQL looks for it."""
    (tmp_path / "pgpass").write_text(f"127.0.0.1:{port}:*:nas:{PASSWORD}\n")
    (tmp_path / "pgpass").chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    return f"postgresql://nas@127.0.0.1:{port}/nas"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dark images and bright ones."""
    return shades(tmp_path_factory.mktemp("data"), classes=2, images=30, side=8, step=60, width=120)


def request(data: Path, **asked: Any) -> Request:
    recipe = {"epochs": 2, "batch": 16, "lr": 0.1}
    asked = {"budget": "4trials", "workers": 0, "data": str(data), "recipe": recipe, **asked}
    return Request(space="tiny", space_text=text(TINY), **asked)


def searched(data: Path, home: Path, name: str, **asked: Any) -> Result:
    return search(request(data, **asked), runs_dir=home / "runs", name=name, cache_dir=home / "cache")


def told(run: Run) -> list[Any]:
    return [(t.number, t.state, t.point, t.fingerprint, t.values, t.accuracies) for t in read_trials(run)]


def test_the_same_search_on_sqlite_and_postgresql(data: Path, server: str, tmp_path: Path) -> None:
    file, database = searched(data, tmp_path, "file"), searched(data, tmp_path, "database", storage=server)
    assert told(database.run) == told(file.run)
    assert [trial.number for trial in database.front] == [trial.number for trial in file.front]
    assert len(told(file.run)) == 4
    assert not database.run.study.exists()
    assert searched(data, tmp_path, "other", storage=server, seed=1).run.study_name.startswith("other-")
    assert told(open_run(tmp_path / "runs" / "database")) == told(file.run)


def test_resumes_on_postgresql_also_where_the_folder_was_renamed(data: Path, server: str, tmp_path: Path) -> None:
    def interrupt(event: Event) -> None:
        if isinstance(event, EpochDone) and (event.number, event.epoch) == (2, 1):
            raise KeyboardInterrupt

    options: dict[str, Any] = {"runs_dir": tmp_path / "runs", "cache_dir": tmp_path / "cache"}
    halted = search(request(data, storage=server), name="halted", on_event=interrupt, **options)
    assert (status(halted.run).state, status(halted.run).progress.complete) == ("interrupted", 2)
    moved = open_run(halted.run.folder.rename(tmp_path / "runs" / "moved"))
    done = resume(moved, cache_dir=tmp_path / "cache")
    assert (done.cause, status(moved).state, len(done.front) > 0) == ("budget", "finished", True)
    assert told(moved) == told(searched(data, tmp_path, "calm").run)


def test_runs_of_one_name_share_a_database(data: Path, server: str, tmp_path: Path) -> None:
    for folder in ("one", "another"):
        run = create(request(data, storage=server), runs_dir=tmp_path / folder, name="first")
        assert not has_journal(run)
        begin_journal(run, directions=["maximize", "minimize"], facts={"whose": folder})
    for folder in ("one", "another"):
        assert open_journal(open_run(tmp_path / folder / "first")).facts()["whose"] == folder


def test_a_study_that_was_half_begun_is_begun_anew(
    data: Path, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create(request(data, storage=server), runs_dir=tmp_path, name="killed")
    with monkeypatch.context() as patch:
        patch.setattr("nas.runs.journal.Journal.remember", lambda *_: sys.exit("killed"))
        with pytest.raises(SystemExit):
            begin_journal(run, directions=["maximize", "minimize"], facts={"workers": 1})
    assert not has_journal(run)
    begin_journal(run, directions=["maximize", "minimize"], facts={"workers": 2})
    assert open_journal(run).facts()["workers"] == 2
    (run.checkpoints / "0.pt").touch()
    gone = Run(run.folder, replace(run.request, study="dropped"))
    with pytest.raises(RunError, match="the study of this run is absent"):
        has_journal(gone)


def test_a_password_in_a_url_is_shown_nowhere(
    data: Path, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tiny.py").write_text("from tests.test_storage import TINY\n")
    url = server.replace("nas@", f"nas:{PASSWORD}@")
    command = [
        "search",
        "--space",
        "tiny.py:TINY",
        "--data",
        str(data),
        "--epochs",
        "1",
        "--workers",
        "0",
        "--budget",
        "1trials",
    ]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PGPASSFILE", "/dev/null")
    monkeypatch.setattr(sys, "argv", ["nas", *command, "--name", "first", f"--storage={url}"])
    done = CliRunner().invoke(nas.cli.group, sys.argv[1:])
    assert done.exit_code == 0, done.output
    assert PASSWORD not in done.output
    holding = [file.name for file in (tmp_path / "runs").rglob("*.*") if PASSWORD.encode() in file.read_bytes()]
    assert holding == ["run.json"]  # Or `nas resume` could not reach the study.
    assert (tmp_path / "runs" / "first" / "run.json").stat().st_mode & 0o077 == 0
    assert "***" in (tmp_path / "runs" / "first" / "environment.json").read_text()

    wrong = url.replace(PASSWORD, "not-the-password")
    refused = CliRunner().invoke(nas.cli.group, [*command, "--storage", wrong])
    assert isinstance(refused.exception, RunError)
    assert "password authentication failed" in str(refused.exception)
    assert "not-the-password" not in str(refused.exception)
    assert [folder.name for folder in (tmp_path / "runs").iterdir()] == ["first"]


def test_a_server_that_is_gone_harms_no_run(data: Path, tmp_path: Path) -> None:
    gone = "postgresql://nas:secret@127.0.0.1:1/nas"
    run = create(request(data, storage=gone), runs_dir=tmp_path, name="first")
    for use in (read_trials, has_journal, lambda run: search(run.request, runs_dir=tmp_path)):
        with pytest.raises(RunError) as caught:
            use(run)
        assert str(caught.value).startswith("postgresql://nas:***@127.0.0.1:1/nas: the database must answer, but: ")
        assert "onnection refused" in str(caught.value)
        assert str(caught.value).endswith(
            "hint: does the server run, and may this user in? A password is best kept in ~/.pgpass"
        )
    assert [folder.name for folder in tmp_path.iterdir()] == ["first"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("study.db", f"a storage is the URL of a database, got 'study.db'\nhint: {EXAMPLES}"),
        ("postgres://nas:secret@host/nas", f"no kind of database is called 'postgres'\nhint: {EXAMPLES}"),
        ("nas:secret@host", f"a storage is the URL of a database, got 'nas:secret@host'\nhint: {EXAMPLES}"),
        ("sqlite://", f"a study is kept, got 'sqlite://'\nhint: {EXAMPLES}"),
        (
            "mysql+pymysql://nas@host/nas",
            "mysql+pymysql needs a library that is not installed: No module named 'pymysql'\nhint: pip install pymysql",
        ),
    ],
)
def test_urls_that_are_refused(url: str, message: str) -> None:
    with pytest.raises(RunError) as caught:
        reach(url)
    assert str(caught.value) == f"--storage: {message}"


def test_postgresql_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(RunError) as caught:
        reach("postgresql://nas@host/nas")
    assert str(caught.value).startswith("--storage: postgresql+psycopg needs a library that is not installed: ")
    assert str(caught.value).endswith("hint: pip install 'nas-space[postgresql]'")


def test_relative_paths_are_those_of_the_search(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute("sqlite:///study.db") == f"sqlite:///{tmp_path}/study.db"
    assert absolute("sqlite:////elsewhere/study.db") == "sqlite:////elsewhere/study.db"
    assert absolute("postgresql://nas:secret@host/nas") == "postgresql://nas:secret@host/nas"
    monkeypatch.chdir(data.parent)
    run = searched(Path(data.name), tmp_path, "first", budget="1trials", storage="sqlite:///study.db").run
    monkeypatch.chdir("/")
    more = resume(open_run(run.folder), more=Budget.parse("2trials"), cache_dir=tmp_path / "cache")
    assert len(read_trials(more.run)) == 3
    assert (run.request.data, run.request.data_name) == (str(data), data.name)
    assert (data.parent / "study.db").exists()


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ("postgresql://nas:a:b/c@host/d", "postgresql://nas:***@host/d"),
        ("--storage=mysql://u:p@h:3306/d?x=1", "--storage=mysql://u:***@h:3306/d?x=1"),
        ("postgresql://host/d?user=u&password=p&x=1", "postgresql://host/d?user=u&password=***&x=1"),
        ("postgresql://nas@host:5432/nas", "postgresql://nas@host:5432/nas"),
        ("sqlite:////a/b.db", "sqlite:////a/b.db"),
    ],
)
def test_passwords_are_hidden(shown: str, told: str) -> None:
    assert hidden(shown) == told
