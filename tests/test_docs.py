"""The README's commands exist, and its Python runs."""

import re
import subprocess
import sys
from pathlib import Path

from nas.cli import _COMMANDS, group

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_every_command_of_the_readme_exists_with_its_options() -> None:
    lines = re.findall(r"^    nas (.+)$", README, flags=re.MULTILINE)
    assert lines
    for line in lines:
        verb, *words = line.split()
        assert verb in _COMMANDS, line
        command = group.get_command(None, verb)  # type: ignore[arg-type]
        assert command is not None
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, line


def test_every_command_is_in_the_readme() -> None:
    for verb in _COMMANDS:
        assert f"nas {verb}" in README or f"`{verb}`" in README, verb


def test_the_python_of_the_readme_runs(tmp_path: Path) -> None:
    space, script, study = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    (tmp_path / "my_spaces.py").write_text(space)

    def said(program: str) -> str:
        command = [sys.executable, "-c", program]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    assert said(script).startswith("Cost(output=(10,)")
    assert int(said(study)) >= 1


def test_the_gate_runs_the_readmes_test_command() -> None:
    assert "README.md" in (ROOT / ".ci" / "run").read_text()
    assert re.search(r"<!-- tests -->\n\n    (.+pytest.*)\n", README)
