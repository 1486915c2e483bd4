"""What a person may get wrong at the command line: files, names, budgets, spaces, data, flags; and what is said."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

import nas.cli
from nas.errors import NasError

FILES = {
    "cut.txt": b"nas 1\nconv(64, 3\n",
    "newer.txt": b"nas 2\nconv(64, 3)\n",
    "latin.txt": b"nas 1\n\xe9",
    "space.txt": b'nas 1\nconv(pick("w", (1, 2)))\n',
    "many.txt": b'nas 1\nrepeat("a", [norm()], 999999999)\n',
    "list.json": b"[1]",
    "cut.json": b'{"a": 1',
    "deep.json": b"[" * 5000,
    "words.toml": b'epochs = "many"',
    "epoch.toml": b"epoch = 3",
    "none.toml": b"",
    "broken.toml": b"epochs = ",
    "weights.pt": b"PK\x03\x04",
    "weights.pt.json": b"{}",
    "stops.py": b"1 / 0\n",
    "syntax.py": b"wide = (\n",
    "number.py": b"wide = 3\n",
    "thin.py": b"from nas.arch.nodes import Conv, pick\nthin = Conv(pick('w', 1, 2), 3)\n",
    "twice.py": b"from nas.arch.nodes import *\nwide = Chain(Conv(pick('w', 1, 2)), Conv(pick('w', 1, 3)))\n",
    "run/run.json": b"{",
    "python/cifar-10-batches-py/data": b"",
    "torn/train/a/0.png": b"\x89PNG",
}
IMAGES = ["flat/0.png", "alone/train/a/0.png", *(f"torn/train/{label}/{i}.png" for label in "ab" for i in range(1, 4))]
BUDGETS = "for example 100gpuh, 30gpumin, 2cpuh, 10cpumin or 40trials"
FOLDERS = (
    "it may be an image folder (train/CLASS/*.png), cifar-10-binary.tar.gz, cifar-100-binary.tar.gz, or the four IDX "
    "files train-images-idx3-ubyte.gz, …"
)
POINT = ["show", "--space", "residual", "--point"]
SEARCH = ["search", "--budget", "2trials"]

CASES: dict[str, list[tuple[list[str], str]]] = {
    "files": [
        (
            ["show", "cut.txt"],
            "cut.txt, line 3, column 1: the fields of a part are separated by commas, got 'the end'",
        ),
        (
            ["show", "newer.txt"],
            (
                "newer.txt, line 1, column 5: this version reads texts of version 1, got '2'\nhint: a newer version "
                "may read it"
            ),
        ),
        (["show", "latin.txt"], "latin.txt: a network is a name or a readable text file, but: it is no text in UTF-8"),
        (["show", "space.txt"], "space.txt: a file given as a network holds one, got a space"),
        (["show", "many.txt"], "many.txt, line 2, column 1: times of Repeat is at most 10,000, got 999999999"),
        ([*POINT, "list.json"], "list.json: a point is a JSON object, got list"),
        (
            [*POINT, "cut.json"],
            "cut.json: a point is a JSON object, got Expecting ',' delimiter: line 1 column 8 (char 7)",
        ),
        ([*POINT, "deep.json"], "deep.json: a point is a JSON object, got maximum recursion depth exceeded"),
        ([*POINT, "absent.json"], "absent.json: a point is a JSON object, got [Errno 2] No such file or directory"),
        (["train", "lenet5", "--recipe", "words.toml"], "recipe.epochs: epochs is a whole number, got 'many'"),
        (
            ["train", "lenet5", "--recipe", "epoch.toml"],
            "recipe: a recipe has no field 'epoch'\nhint: did you mean 'epochs'?",
        ),
        (
            ["train", "lenet5", "--recipe", "none.toml"],
            "recipe: a recipe says how many epochs it has, got none\nhint: epochs = 30",
        ),
        (["train", "lenet5", "--recipe", "broken.toml"], "broken.toml: a recipe's file cannot be read: Invalid value"),
        (
            ["evaluate", "weights.pt", "flat"],
            "weights.pt.json: the card of the weights cannot be read: KeyError\nhint: --network NAME",
        ),
        (["evaluate", "absent.pt", "flat"], "absent.pt: no such file"),
        (["import", "resnet18", "--from", "weights.pt"], "weights.pt: not a readable state dict: "),
        (
            ["status", "run"],
            (
                "run/run.json: this should be the JSON object that a run begins with\nhint: the run cannot be read "
                "without it"
            ),
        ),
    ],
    "names": [
        (["show", "resnett5"], "no network is called 'resnett5'\nhint: did you mean resnet56, resnet50, resnet152? "),
        (["show", "resnet18+sse"], "no rewrite is called 'sse'\nhint: did you mean se, no_se? "),
        (
            ["show", "a" * 300],
            f"{'a' * 100}: a network is a name or a readable text file, but: File name too long",
        ),
        (
            [*SEARCH, "--strategy", "rnadom"],
            "--strategy: no strategy is called 'rnadom'\nhint: did you mean 'random'?",
        ),
        (
            [*SEARCH, "--objectives", "accuracy,mac"],
            "--objectives: no objective is called 'mac'\nhint: did you mean 'macs'?",
        ),
        (["info", "--space", "nowhere"], "no space is called 'nowhere'\nhint: known: residual, mobile, article"),
        (["status", "nowhere"], "nowhere or runs/nowhere: a run is a folder with a run.json, found none"),
        (
            [*SEARCH, "--name", "a/b"],
            "--name: a run's name is made of letters, digits, dots, dashes and underscores, got 'a/b'",
        ),
        (["export", "nowhere:best"], "nowhere or runs/nowhere: a run is a folder with a run.json, found none"),
    ],
    "budgets": [
        (
            ["search", "--budget", "10min"],
            "--budget: a budget is device time or trials, got '10min'\nhint: whose time? 10cpumin or 10gpumin",
        ),
        (
            ["search", "--budget", "0cpuh"],
            f"--budget: a budget is more than nothing, got '0cpuh'\nhint: {BUDGETS}",
        ),
        (
            ["search", "--budget", "1.5trials"],
            f"--budget: a trial is trained whole, got '1.5trials'\nhint: {BUDGETS}",
        ),
        (
            ["search", "--budget", "-1cpuh"],
            f"--budget: a budget is device time or trials, got '-1cpuh'\nhint: {BUDGETS}",
        ),
        (
            ["search", "--budget", "soon"],
            f"--budget: a budget is device time or trials, got 'soon'\nhint: {BUDGETS}",
        ),
    ],
    "spaces": [
        (["info", "--space", "absent.py:wide"], "absent.py: no such file\nhint: --space FILE.py:NAME"),
        (["info", "--space", "stops.py:wide"], "stops.py, line 1: ZeroDivisionError: division by zero\n    1 / 0"),
        (["info", "--space", "syntax.py:wide"], "syntax.py, line 1: SyntaxError: '(' was never closed\n    wide = ("),
        (
            ["info", "--space", "number.py:wide"],
            "number.py:wide: a space is made of parts, or is a function of the number of classes, got int",
        ),
        (["info", "--space", "thin.py:wide"], "thin.py: no 'wide' stands in it\nhint: it holds thin"),
        (["info", "--space", "thin.py"], "thin.py: a space in a file is named after a colon\nhint: thin.py:space"),
        (
            ["info", "--space", "twice.py:wide"],
            "twice.py:wide, w: two different holes share one name\nhint: rename one, or put it in a Scope",
        ),
    ],
    "data": [
        (
            [*SEARCH, "--data", "fashion-minst"],
            (
                "data must be one of sample, fashion-mnist, mnist, cifar10, cifar100, or the path of a folder or "
                "archive, got 'fashion-minst'\nhint: did you mean fashion-mnist?"
            ),
        ),
        ([*SEARCH, "--data", "nothing"], f"nothing: a data set must lie here, got an empty folder\nhint: {FOLDERS}"),
        ([*SEARCH, "--data", "flat"], f"flat: a data set must lie here, got 0.png\nhint: {FOLDERS}"),
        (
            [*SEARCH, "--data", "torn"],
            "torn: every image must be a whole PNG or JPEG file, got 1 damaged: train/a/0.png\nhint: replace or remove",
        ),
        (
            [*SEARCH, "--data", "alone"],
            (
                "alone: there must be two classes or more, got only a\nhint: put the images of each class into its "
                "own folder, train/CLASS/"
            ),
        ),
        (
            [*SEARCH, "--data", "python"],
            (
                "python/cifar-10-batches-py: the python version of CIFAR is made of pickles, and a pickle can run any "
                "code when it is loaded\nhint: put the binary version, cifar-10-binary.tar.gz, in its place"
            ),
        ),
    ],
    "flags": [
        (
            ["show", "resnet18", "--input", "3x224"],
            "--input: an input is channels x height x width, got '3x224'\nhint: 3x224x224",
        ),
        (
            ["show", "alexnet", "--input", "3x20x20"],
            (
                "pool2: the window fits into the map, got a map of (1, 1), kernel 3, padding 0\nhint: a larger input, "
                "more padding, or fewer strides before it"
            ),
        ),
        (
            [*SEARCH, "--max-macs", "lots"],
            "--max-macs: a limit is a number above zero, got 'lots'\nhint: for example 50M, 1.2G or 300k",
        ),
        (
            [*SEARCH, "--max-params", "0"],
            "--max-params: a limit is a number above zero, got '0'\nhint: for example 50M, 1.2G or 300k",
        ),
        (["show"], "give a NETWORK, or --space and --point"),
        ([*SEARCH, "--size", "0"], "Invalid value for '--size': 0 is not in the range 8<=x<=1024."),
        ([*SEARCH, "--epochs", "0"], "Invalid value for '--epochs': 0 is not in the range x>=1."),
        ([*SEARCH, "--workers", "-1"], "Invalid value for '--workers': -1 is not in the range x>=0."),
        (["shwo"], "There is no command 'shwo'. Did you mean 'show'?"),
    ],
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "nothing").mkdir()
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    for name in IMAGES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4)).save(folder / name)
    return folder


@pytest.mark.parametrize("group", CASES)
def test_a_mistake_is_told(group: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    monkeypatch.setenv("NAS_CACHE", str(home / "cache"))
    for arguments, said in CASES[group]:
        result = CliRunner().invoke(nas.cli.group, arguments)
        if isinstance(result.exception, NasError):
            assert str(result.exception).startswith(said), arguments
        else:
            assert result.exit_code == 2, (arguments, result.output)
            assert result.output.endswith(f"Error: {said}\n"), arguments
    assert not (home / "runs").exists(), "nothing is left behind"


def test_what_a_file_says_does_not_command_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "point.json"
    file.write_text('{"node1_from0": "none", "\\u001b[31m\\ud800": 1}')
    main: Callable[[], None] = nas.cli.main
    monkeypatch.setattr("sys.argv", ["nas", "show", "--space", "nas_bench_201", "--point", str(file)])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert told.startswith("error: ")
    assert "\x1b" not in told
