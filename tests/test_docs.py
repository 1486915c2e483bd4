"""What README and pages say is so: their commands exist, the light ones are run, and their Python runs."""

import json
import re
import shlex
import sys
import tomllib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from nas import catalog
from nas.arch import text
from nas.arch.info import points
from nas.arch.nodes import NODES
from nas.cli import _COMMANDS, group
from nas.cli.info import _power
from nas.runs import Request, runs
from nas.search.run import search
from nas.search.strategies import STRATEGIES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
README = PAGES[0].read_text()
LIGHT = {"networks", "show", "draw", "diff", "info", "locate", "open", "new-space", "completion"}
OF_A_RUN = {"runs", "status", "watch", "pareto", "report"}
LOOKED: set[tuple[str, ...]] = set()


@dataclass
class Block:
    """A fenced block of Python, or the commands of an indented one."""

    python: str = ""
    commands: tuple[str, ...] = ()


def blocks(page: str) -> Iterator[Block]:
    for found in re.finditer(r"```(\w+)\n(.*?)```|((?:^    [^\n]*\n)+)", page, flags=re.DOTALL | re.MULTILINE):
        if found[1] == "python":
            yield Block(python=found[2])
        elif found[3]:
            lines = [line.strip() for line in found[3].splitlines()]
            yield Block(commands=tuple(line for line in lines if line.startswith("nas ")))


def commands(page: Path) -> list[str]:
    return [command for block in blocks(page.read_text()) for command in block.commands]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_exists_with_its_options(page: Path, tmp_path: Path) -> None:
    for line in commands(page):
        _, verb, *words = shlex.split(line)
        assert verb in _COMMANDS, line
        command = group.get_command(None, verb)  # type: ignore[arg-type]
        assert command is not None
        with click.Context(command, info_name=verb) as context:
            parsed, extra, _ = command.make_parser(context).parse_args(list(words))
            assert not extra, line
            given = {name: value for name, value in parsed.items() if isinstance(value, str | tuple | list)}
            for parameter in command.params:
                if parameter.name in given and not isinstance(parameter.type, click.Path):
                    parameter.type_cast_value(context, given[parameter.name])
            assert all(p.name in given for p in command.params if p.required), line


def test_inline_commands_exist() -> None:
    for page in PAGES:
        for verb in re.findall(r"`nas ([a-z-]+)[^`]*`", page.read_text()):
            assert verb in _COMMANDS, (page.name, verb)


def test_every_command_is_in_the_readme() -> None:
    for verb in _COMMANDS:
        assert f"nas {verb}" in README or f"`{verb}`" in README, verb


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two short trials, for what pages do with runs/NAME and runs/first."""
    space = 'nas 1\nconv(pick("width", (4, 8)), 3, stride=4)\nnorm()\nact()\nglobal_pool()\nflatten()\nlinear(10)\n'
    recipe = {"epochs": 1, "limit": 100}
    request = Request(space="tiny", space_text=space, budget="2trials", workers=0, recipe=recipe)
    return search(request, runs_dir=tmp_path_factory.mktemp("runs"), name="NAME").run.folder


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_does_what_it_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_folder: Path
) -> None:
    """Its Python runs in order, and so do the commands that need neither training nor data."""
    monkeypatch.chdir(tmp_path)
    install(page.read_text())
    monkeypatch.syspath_prepend(str(tmp_path))
    Path("runs").mkdir()
    for name in ("NAME", "first"):
        Path("runs", name).symlink_to(run_folder)
    before = set(sys.modules)
    names: dict[str, Any] = {"__name__": page.stem}
    try:
        for block in blocks(page.read_text()):
            if block.python:
                run_python(block.python, names)
            for line in block.commands:
                run_command(line)
    finally:
        for name in {*sys.modules} - before:
            if Path(f"{name}.py").exists():
                del sys.modules[name]
        forget_names()


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    notebook = json.loads((ROOT / "docs" / "tutorial.ipynb").read_text())
    assert notebook["nbformat"] == 4
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)
    names: dict[str, Any] = {"__name__": "tutorial"}
    for cell in cells:
        run_python("".join(cell["source"]), names)
    assert Path("resnet20.svg").read_text().startswith("<svg")
    assert [run.name for run in runs(Path("runs"))] == [names["result"].run.name]
    assert f"{len(catalog.networks())} published networks" in json.dumps(notebook)


def install(page: str) -> None:
    """What pip would make of the entry points that a page says."""
    forget_names()
    if found := re.search(r"```toml\n(\[project.entry-points.*?)```", page, flags=re.DOTALL):
        folder = Path("mine-1.dist-info")
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1\n")
        sections = tomllib.loads(found[1])["project"]["entry-points"].items()
        lines = [f"[{group}]\n" + "\n".join(f"{k} = {v}" for k, v in points.items()) for group, points in sections]
        (folder / "entry_points.txt").write_text("\n\n".join(lines))


def forget_names() -> None:
    catalog.networks.cache_clear()
    catalog.spaces.cache_clear()


def run_python(code: str, names: dict[str, Any]) -> None:
    """Run a block, or write it to the file that its first line names."""
    if file := re.match(r"# (\w+\.py)\n", code):
        Path(file[1]).write_text(code)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(code, "page", "exec"), names)


def run_command(line: str) -> None:
    """Run a light command; one that looks at the run once for all pages."""
    _, verb, *words = shlex.split(line.replace("runs/NAME", "runs/first"))
    if verb not in LIGHT | OF_A_RUN or (verb in OF_A_RUN and (verb, *words) in LOOKED):
        return
    LOOKED.add((verb, *words))
    result = CliRunner().invoke(group, [verb, *words], catch_exceptions=False)
    assert result.exit_code == 0, (line, result.output)


def test_the_gate_runs_the_readmes_test_command() -> None:
    assert "README.md" in (ROOT / ".ci" / "run").read_text()
    assert re.search(r"<!-- tests -->\n\n    (.+pytest.*)\n", README)


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert "://" in target or (page.parent / target).exists(), (page.name, target)


def test_the_index_has_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    for page in (ROOT / "docs").iterdir():
        assert page.name == "README.md" or f"]({page.name})" in index, page.name


def page_text(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def test_the_page_of_the_language_has_every_part_and_the_grammar() -> None:
    page = page_text("language.md")
    assert not [name for name in NODES if not re.search(rf"`{name}\b", page)]
    assert text.__doc__ is not None
    grammar = re.findall(r"^    (\w+ += .*)$", text.__doc__, flags=re.MULTILINE)
    assert len(grammar) == 7
    assert all(f"\n{line}\n" in page for line in grammar)


def test_the_page_of_spaces_counts_them() -> None:
    page = page_text("spaces.md")
    for name, space in catalog.spaces().items():
        assert f"| `{name}` |" in page, name
        if name in ("residual", "mobile"):
            assert f"| `{name}` | {_power(points(space.make(10)))} | {space.about} |" in page


def test_the_page_of_strategies_has_each_and_the_figures_that_were_measured() -> None:
    page = page_text("strategies.md")
    for name, strategy in STRATEGIES.items():
        assert f"| `{name}` | {strategy.about} |" in page
    measured = (ROOT / "runs" / "examples" / "README.md").read_text()
    rows = re.findall(r"^\| [\w-]+ \|(?: [\d.]+ ±[\d.]+ \|){6} \d+ \|$", page, flags=re.MULTILINE)
    assert len(rows) == 6
    assert all(row in measured for row in rows)


def test_the_page_of_extending_names_the_files_that_know_a_part() -> None:
    knowing = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "nas").rglob("*.py")
        if re.search(r"\bScale\b", file.read_text())
    }
    told = re.findall(r"^\| (`nas/.*`) \|", page_text("extending.md"), flags=re.MULTILINE)
    assert {name for row in told for name in re.findall(r"`([^`]+)`", row)} == knowing
