"""A shell is offered the names that a command would take."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

import nas.cli
from nas import catalog
from nas.arch.rules import RULES
from nas.cli import complete
from nas.data.named import NAMED
from nas.search.strategies import STRATEGIES


def offered(*words: str) -> list[str]:
    *before, typed = words
    found = ShellComplete(nas.cli.group, {}, "nas", "_NAS_COMPLETE").get_completions(list(before), typed)
    return [item.value for item in found if item.type == "plain"]


def test_commands_options_and_names_are_offered() -> None:
    assert offered("new") == ["new-space"]
    assert "--kernel" in offered("open", "--k")
    assert offered("show", "resnet5") == [name for name in catalog.networks() if name.startswith("resnet5")]
    assert offered("diff", "resnet18", "lenet") == [name for name in catalog.networks() if name.startswith("lenet")]
    assert set(offered("show", "resnet18+n")) == {f"resnet18+{rule}" for rule in RULES if rule.startswith("n")}
    assert offered("info", "--space", "") == list(catalog.spaces())
    assert offered("bench", "file.csv", "--strategies", "tpe,ran") == ["tpe,random"]
    assert offered("search", "--data", "cifar") == ["cifar10", "cifar100"]


def test_runs_are_offered_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("runs/first", "runs/second", "others/third"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "run.json").write_text("{}")
    (tmp_path / "runs" / "no-run").mkdir()
    assert offered("resume", "") == ["runs/first", "runs/second"]
    assert offered("status", "--runs-dir", "others", "") == ["others/third"]
    for command in (["export"], ["show"], ["compare", "lenet5"], ["diff", "lenet5"], ["search", "--around"]):
        assert offered(*command, "runs/s") == ["runs/second:best"]


def test_the_names_offered_are_those_that_are_taken() -> None:
    assert set(complete.STRATEGIES) == set(STRATEGIES)
    assert set(complete.DATA) == set(NAMED)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_each_shell(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nas.cli", "completion", shell], check=True, capture_output=True, text=True
    )
    assert f"_NAS_COMPLETE={shell}_complete" in done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes(tmp_path: Path) -> None:
    program = tmp_path / "nas"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m nas.cli "$@"\n')
    program.chmod(0o755)
    script = 'eval "$(nas completion bash)"; COMP_WORDS=(nas info --space mob) COMP_CWORD=3; '
    script += 'compopt() { :; }; _nas_completion nas; echo "${COMPREPLY[@]}"'
    root = str(Path(nas.cli.__file__).parents[2])
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": root}
    done = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True, env=environment)
    assert done.stdout == "mobile\n"
