"""What a configuration file says stands in for flags, and its mistakes are told."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import nas.cli
from nas.cli.config import ConfigError
from nas.errors import BudgetError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(nas.cli.group, list(arguments), catch_exceptions=False)


def told(*arguments: str) -> dict[str, object]:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)  # type: ignore[no-any-return]


def test_a_file_stands_in_for_flags_and_flags_win() -> None:
    Path("nas.toml").write_text('[show]\ninput = "3x64x64"\nclasses = 7\njson = true\n')
    assert (told("show", "resnet18")["input"], told("show", "resnet18")["output"]) == ([3, 64, 64], [7])
    assert told("show", "resnet18", "--input", "3x96x96")["input"] == [3, 96, 96]
    assert run("diff", "resnet18", "resnet18").output.endswith("are equal\n")


def test_nas_toml_goes_before_the_project_and_a_file_that_is_said_before_both() -> None:
    Path("pyproject.toml").write_text('[project]\nname = "x"\n[tool.nas.show]\nclasses = 3\ninput = "3x48x48"\n')
    assert told("show", "resnet18", "--json")["output"] == [3]
    Path("nas.toml").write_text("[show]\nclasses = 4\n")
    both = told("show", "resnet18", "--json")
    assert (both["input"], both["output"]) == ([3, 48, 48], [4])
    Path("other.toml").write_text("[show]\nclasses = 5\n")
    alone = told("show", "resnet18", "--json", "--config", "other.toml")
    assert (alone["input"], alone["output"]) == ([3, 224, 224], [5])


def test_a_project_that_says_nothing_of_nas_is_not_read() -> None:
    Path("pyproject.toml").write_text("no TOML at all")
    assert run("show", "lenet5").exit_code == 0


def test_flags_of_several_values_and_required_ones() -> None:
    Path("nas.toml").write_text('[open]\nwidth = true\ndepth = true\nkernel = false\n[info]\nspace = "mobile"\n')
    assert told("open", "resnet20", "--json")["opened"] == ["width", "depth"]
    assert told("open", "resnet20", "--kernel", "--json")["opened"] == ["kernel"]
    assert told("info", "--json")["space"] == "mobile"


def test_what_is_typed_wins_over_what_excludes_it() -> None:
    Path("nas.toml").write_text('[search]\nspace = "mobile"\nbudget = "none"\n')
    assert "exclude each other" in run("search", "--around", "resnet18", "--space", "cell").output
    with pytest.raises(BudgetError):
        run("search", "--around", "resnet20")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "[show]\nimput = '3x8x8'\n",
            r"nas.toml, \[show\]: nas show has no flag --imput\nhint: did you mean 'input'\?",
        ),
        ("[shwo]\n", r"called after a command, got \[shwo\]\nhint: did you mean 'show'"),
        ("classes = 3\n", r"called after a command, got \[classes\]"),
        ("[search]\nmax_macs = 1\nx = 2\n[show]\nmax_macs = 3", "nas show has no flag --max_macs"),
        ("show = 3\n", "a command has a section, got show = 3"),
        ("[show]\nclasses = 'many'\n", "classes = 'many': 'many' is not a valid integer"),
        ("[show]\nclasses = 0\n", "classes = 0: 0 is not in the range"),
        ("[show]\ninput = '3x8'\n", "input = '3x8': an input is channels x height x width"),
        ("[show]\njson = 'yes'\n", "json is true or false, got 'yes'"),
        ("[show\n", "a configuration is TOML, got: "),
    ],
)
def test_mistakes_are_told_with_their_place(content: str, message: str) -> None:
    Path("nas.toml").write_text(content)
    with pytest.raises(ConfigError, match=message) as caught:
        run("show", "resnet18")
    assert str(caught.value).startswith("nas.toml")


def test_a_file_that_is_said_must_be_there() -> None:
    with pytest.raises(ConfigError, match=r"absent.toml: the file cannot be read: No such file"):
        run("show", "resnet18", "--config", "absent.toml")
