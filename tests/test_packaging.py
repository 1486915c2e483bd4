"""What is imported when, and what the wheel holds."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from nas import catalog

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "optuna", "ray", "pandas", "matplotlib", "numpy")


@pytest.mark.parametrize(
    "code",
    [
        "import nas",
        "import nas.cli",
        "import search_spaces.networks, search_spaces.spaces",
        "from nas.cli import group; group(['networks'], standalone_mode=False)",
        "from nas.cli import group; group(['show', 'resnet50'], standalone_mode=False)",
        (
            "from nas.cli import group\nfrom click.shell_completion import ShellComplete\n"
            "assert ShellComplete(group, {}, 'nas', '').get_completions(['search', '--space'], '')"
        ),
    ],
)
def test_the_language_and_the_quick_commands_load_nothing_heavy(code: str) -> None:
    loaded = f"{code}\nimport sys\nprint('LOADED', *[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "LOADED"


def test_torch_comes_with_the_first_name_that_needs_it() -> None:
    code = "import nas, sys; assert 'torch' not in sys.modules; nas.build; assert 'torch' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_the_package_says_what_it_lacks() -> None:
    code = "import nas\ntry:\n    nas.nothing\nexcept AttributeError as error:\n    print(error)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert "has no attribute 'nothing'" in done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT)]
    subprocess.run(pip, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.mark.slow
def test_the_wheel_holds_the_three_packages_and_their_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"nas", "search_spaces", "analysis"}
    packages = {str(file.parent.relative_to(ROOT)) for top in tops for file in (ROOT / top).rglob("*.py")}
    assert packages == {str(Path(name).parent) for name in names if name.endswith(".py")}
    files = {file.relative_to(ROOT) for top in tops for file in (ROOT / top).rglob("*") if file.is_file()}
    data = {str(file) for file in files if file.suffix not in (".pyc", ".md", ".png")}
    assert data <= {*names}


@pytest.mark.slow
def test_the_wheel_runs_outside_of_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """In a new environment, which takes all else from this one."""
    fresh = tmp_path / "fresh"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(fresh)], check=True)
    (site,) = fresh.glob("lib/python3*/site-packages")
    python = str(fresh / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", str(wheel)]
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(pip, check=True, capture_output=True, env=clean)
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def said(*command: str) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=clean, check=True, capture_output=True, text=True)
        return done.stdout

    files = said(python, "-c", "import nas, search_spaces, analysis as a; print(nas, search_spaces, a)")
    assert files.count(str(site)) == 3
    nas = str(fresh / "bin" / "nas")
    assert "Search for image classifiers" in said(nas, "--help")
    assert [row["name"] for row in json.loads(said(nas, "networks", "--json"))] == list(catalog.networks())
    assert "lenet5, 1998" in said(nas, "show", "lenet5")
    said(nas, "new-space", "mine.py")
    assert json.loads(said(nas, "info", "--space", "mine.py:space", "--json"))["valid"] == 1.0
