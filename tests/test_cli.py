"""The commands that need no training: what they print, and what they say to mistakes."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import nas.cli
from nas import catalog
from nas.arch.cost import cost
from nas.arch.text import fingerprint, parse, text
from nas.errors import NasError


def run(*arguments: str) -> Result:
    return CliRunner().invoke(nas.cli.group, list(arguments))


def answer(*arguments: str) -> object:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_every_command_is_listed_helps_and_shows_an_example() -> None:
    listed = run("--help").output
    for name, about in nas.cli._COMMANDS.items():
        assert name in listed
        helped = run(name, "--help")
        assert helped.exit_code == 0
        assert "Example" in helped.output
        assert about in " ".join(helped.output.split())


def test_an_unknown_command_gets_the_nearest() -> None:
    result = run("netwroks")
    assert result.exit_code == 2
    assert "Did you mean 'networks'?" in result.output


def test_networks_lists_all_with_their_counts() -> None:
    listed = answer("networks")
    assert isinstance(listed, list)
    assert [row["name"] for row in listed] == list(catalog.networks())
    assert next(row for row in listed if row["name"] == "resnet50")["params"] == 25_557_032
    assert next(row for row in listed if row["name"] == "resnet50")["published"][0]["top1_error"] == 24.01
    shown = next(line for line in run("networks").output.splitlines() if line.startswith("  resnet50 "))
    assert shown.split() == ["resnet50", "2015", "3x224x224", "1000", "25.6", "M", "4.09", "G", "24.01", "7.02"]


def test_networks_are_found_by_words() -> None:
    def names(*words: str) -> list[str]:
        listed = answer("networks", *words)
        assert isinstance(listed, list)
        return [row["name"] for row in listed]

    assert names("LeNet") == [name for name in catalog.networks() if name.startswith("lenet")]
    assert "se_resnet50" in names("resnet", "2017")
    assert "resnet50" not in names("resnet", "2017")
    assert run("networks", "no-such-word").exit_code == 1


def test_networks_as_a_spreadsheet_have_all_facts() -> None:
    (row,) = csv.DictReader(run("networks", "vgg16_bn", "--csv").output.splitlines())
    assert (row["params"], row["reference_params"], row["reference"]) == (
        "138365992",
        "138365992",
        "torchvision 0.28.0",
    )
    assert (row["top1_error"], row["input"]) == ("26.64", "3x224x224")


def test_show_tells_what_a_network_costs() -> None:
    told = answer("show", "resnet50")
    assert isinstance(told, dict)
    network = catalog.network("resnet50").network()
    assert told["fingerprint"] == fingerprint(network)
    assert (told["params"], told["macs"]) == (25_557_032, 4_089_184_256)
    assert parse(told["text"]) == network
    assert "4,089,184,256" in run("show", "resnet50").output


def test_show_says_what_is_published() -> None:
    shown = " ".join(run("show", "resnet50_v1").output.split())
    for said in (
        "resnet50_v1, 2015 ResNet: He, Zhang, Ren, Sun",
        "stage 2 4 x bottleneck: 1x1 128, 3x3 128, 1x1 512 (first: stride 2, projected shortcut)",
        "reference the same counts; pytorchcv 0.0.74",
        "published 3.8G FLOPs (multiply-adds); paper, unverified",
        "error 24.7 % top-1, 7.8 % top-5; authors' README",
        "nas search --around resnet50_v1",
    ):
        assert said in shown
    assert "facts those of the form on images of 3x32x32" in " ".join(
        run("show", "resnet20", "--input", "1x28x28").output.split()
    )


def test_show_takes_another_image_and_other_classes() -> None:
    told = answer("show", "resnet20", "--input", "1x28x28", "--classes", "7")
    assert isinstance(told, dict)
    assert told["input"] == [1, 28, 28]
    assert told["output"] == [7]


def test_show_reads_a_network_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "net.txt"
    file.write_text(run("show", "resnet20", "--text").output)
    assert file.read_text() == text(catalog.network("resnet20").network())
    told = answer("show", str(file), "--input", "3x32x32")
    assert isinstance(told, dict)
    assert told["params"] == 269_722


@pytest.fixture
def space_file(tmp_path: Path) -> str:
    file = tmp_path / "spaces.py"
    file.write_text(
        "from nas.arch.nodes import Ratio, pick\n"
        "from nas.arch.opened import opened\n"
        "from nas import catalog\n"
        "wide = opened(catalog.network('mobilenet_v2').network(), (3, 224, 224))\n"
    )
    return f"{file}:wide"


def test_locate_and_show_are_inverse(tmp_path: Path, space_file: str) -> None:
    located = answer("locate", "mobilenet_v2", "--space", space_file)
    assert isinstance(located, dict)
    assert "x6" in located["point"].values()
    point = tmp_path / "point.json"
    point.write_text(json.dumps(located))
    told = answer("show", "--space", space_file, "--point", str(point))
    assert isinstance(told, dict)
    assert told["fingerprint"] == fingerprint(catalog.network("mobilenet_v2").network())


def test_a_network_outside_is_exit_code_one_with_a_reason() -> None:
    result = run("locate", "resnet18", "--space", "residual", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["path"] == "conv1"
    assert "conv(64, 7, stride=2)" in told["reason"]


def test_diff_lists_edits() -> None:
    edits = answer("diff", "resnet50", "resnet50_v1")
    assert {"path": "add4.branch2.conv1.stride", "before": "1", "after": "2"} in edits  # type: ignore[operator]
    assert run("diff", "resnet18", "resnet18").output == "resnet18 and resnet18 are equal\n"


def test_info_counts_and_costs() -> None:
    told = answer("info", "--space", "residual")
    assert isinstance(told, dict)
    assert told["points"] > 10**12
    assert told["cheapest"]["macs"] < told["dearest"]["macs"]
    assert told["valid"] == 1.0


def mistakes(tmp_path: Path) -> list[tuple[list[str], str]]:
    (tmp_path / "bad.txt").write_text("nas 1\nconv(64, 3\n")
    (tmp_path / "space.txt").write_text('nas 1\nconv(pick("w", (1, 2)))\n')
    (tmp_path / "point.json").write_text('{"stage1.widht": 16}')
    (tmp_path / "list.json").write_text("[1]")
    point = ["show", "--space", "residual", "--point"]
    return [
        (["show", "resnett5"], "did you mean"),
        (["show", "resnet18", "--input", "3x224"], "channels x height x width, got '3x224'"),
        (["show", "resnet18", "--input", "0x2x2"], "channels x height x width"),
        (["show", "alexnet", "--input", "3x20x20"], "pool2"),
        (["show", str(tmp_path / "bad.txt")], "line 3"),
        (["show", str(tmp_path / "space.txt")], "got a space"),
        ([*point, str(tmp_path / "point.json")], "hole"),
        ([*point, str(tmp_path / "list.json")], "JSON object"),
        ([*point, str(tmp_path / "absent.json")], "absent.json"),
        (["info", "--space", "nowhere"], "known: "),
    ]


def test_mistakes_are_told_with_exit_code_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, message in mistakes(tmp_path):
        result = run(*arguments)
        assert isinstance(result.exception, NasError), (arguments, result.output)
        assert message in str(result.exception), (arguments, str(result.exception))


def test_main_prints_a_mistake_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["nas", "show", "resnett5"])
    with pytest.raises(SystemExit) as ended:
        nas.cli.main()
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("error: no network is called 'resnett5'")
    assert "Traceback" not in told


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "googlenet"])
def test_numbers_for_people_agree_with_those_for_programs(name: str) -> None:
    named = catalog.network(name)
    assert f"{cost(named.network(), named.input).params:,}" in run("show", name).output


def test_a_usage_mistake_is_exit_code_two() -> None:
    check: Callable[..., Result] = run
    assert check("show").exit_code == 2
    assert check("show", "resnet18", "--space", "residual").exit_code == 2
    assert check("info").exit_code == 2
