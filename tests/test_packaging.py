"""What is imported when, and what the wheel holds."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

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


@pytest.mark.slow
def test_the_wheel_holds_the_three_packages_and_the_sample(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(ROOT)]
    subprocess.run(pip, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"nas", "search_spaces", "analysis"}
    assert "nas/data/sample/train-images-idx3-ubyte.gz" in names
    assert {"nas/py.typed", "search_spaces/networks/published.csv", "search_spaces/networks/measured.csv"} <= set(names)
    packages = {str(file.parent.relative_to(ROOT)) for top in tops for file in (ROOT / top).rglob("*.py")}
    assert packages == {str(Path(name).parent) for name in names if name.endswith(".py")}
