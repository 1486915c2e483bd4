"""Networks and spaces by name, and in a user's file."""

from pathlib import Path

import pytest

from nas import catalog
from nas.arch import nodes
from nas.arch.cost import cost
from nas.arch.nodes import Chain, Flatten, Linear, Pool, is_open, pick
from nas.arch.rewrite import with_se
from nas.arch.suits import check_suits
from nas.errors import NasError, PartError


def test_names_are_found_with_their_rewrites() -> None:
    assert catalog.network("resnet18").network() == catalog.networks()["resnet18"].network()
    assert catalog.network("resnet18+se").network() == with_se(catalog.network("resnet18").network())
    assert catalog.network("resnet18+se+no_se").network(classes=3) == catalog.network("resnet18").network(classes=3)


def test_members_of_families_have_names_that_nobody_listed() -> None:
    assert "resnet26" not in catalog.networks()
    assert cost(catalog.network("resnet26").network(), (3, 32, 32)).output == (10,)
    for name, listed in catalog.networks().items():
        member = next((found for family in catalog.families() if (found := family.named(name))), listed)
        assert member.network() == listed.network(), name


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("preact_resnet30", r"preact_resnet30: .* is 6n\+2 to 110 and 9n\+2 beyond, got 30\nhint: .*, 152, 200 layers"),
        ("preact_resnet116", r"is 6n\+2 to 110 and 9n\+2 beyond, got 116"),
        ("preact_resnet2", "beyond, got 2"),
        ("wrn-27-10", r"wrn-27-10: the depth of a Wide ResNet is 6n\+4, and at least 10, got 27"),
        ("wrn-4-10", "at least 10, got 4"),
        ("stochastic_depth100", r"stochastic_depth100: .* is 6n\+2, and at least 8, got 100"),
        ("densenet-41-12", r"densenet-41-12: .* is 3n\+4, and at least 7, got 41"),
        ("densenet-bc-43-12", r"densenet-bc-43-12: .* is 6n\+4, and at least 10, got 43"),
        ("resnext30_8x64d", r"resnext30_8x64d: .* is 9n\+2, and at least 11, got 30\nhint: .* 50, 101, 152 layers"),
    ],
)
def test_numbers_in_a_name_that_make_no_network_are_told(name: str, rule: str) -> None:
    with pytest.raises(PartError, match=rule):
        catalog.network(name)


def test_a_space_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from nas.arch.nodes import Chain, Conv, Flatten, GlobalPool, Linear, pick\n"
        "tiny = Chain(Conv(pick('width', 4, 8), 3), GlobalPool(), Flatten(), Linear(10))\n"
        "def sized(classes):\n"
        "    return Chain(Conv(pick('width', 4, 8), 3), GlobalPool(), Flatten(), Linear(classes))\n"
    )
    assert is_open(catalog.space(f"{file}:tiny").make(10))
    assert "linear(7)" in repr(catalog.space(f"{file}:sized").make(7))


PARTS = "from nas.arch.nodes import Chain, Conv, Flatten, Linear, Pool, Scope, pick\n"


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("a = 1\nb = (\n", 2, "SyntaxError: '(' was never closed\n    b = ("),
        ("def f():\n    return 1 / 0\n\nb = f()\n", 2, "ZeroDivisionError: division by zero\n    return 1 / 0"),
        (f"{PARTS}\nspace = Conv(-1)\n", 3, "a whole number of at least 1, got -1\n    space = Conv(-1)"),
        (f"{PARTS}def space(classes):\n    return Conv(classes - 99)\n", 3, "got -92\n    return Conv(classes - 99)"),
        ("import sys\nsys.exit(3)\n", 2, "SystemExit: 3\n    sys.exit(3)"),
        ("import json\njson.loads('{')\n", 2, "JSONDecodeError: …\n    json.loads"),
        (f"{PARTS}space = Conv(pick('w'))\n", 2, "w: a pick needs at least one option…\n    space = Conv"),
    ],
)
@pytest.mark.parametrize("relative", [False, True])
def test_a_mistake_in_a_file_is_told_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, line: int, message: str, relative: bool
) -> None:
    (tmp_path / "mine.py").write_text(content)
    monkeypatch.chdir(tmp_path)
    file = "mine.py" if relative else str(tmp_path / "mine.py")
    with pytest.raises(NasError) as caught:
        catalog.space(f"{file}:space").make(7)
    told = str(caught.value)
    assert told.startswith(f"{file}, line {line}")
    assert all(part in told for part in message.split("…")), told


def test_a_function_that_makes_no_space_is_told(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def space(classes):\n    return classes\n\ndef no_number():\n    return 1\n")
    with pytest.raises(NasError, match=r"mine.py:space\(7\): a space is made of parts.*got int"):
        catalog.space(f"{file}:space").make(7)
    with pytest.raises(NasError, match=r"mine.py: TypeError: no_number\(\) takes 0 positional arguments"):
        catalog.space(f"{file}:no_number").make(7)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (
            "Chain(Scope('stem', Pool('avg', pick('k', 9, 11))), Flatten(), Linear(7))",
            "mine, pool1: none of 1000 random .* of the space reads an image of 3x8x8; in the first, the window fits",
        ),
        ("Chain(Conv(pick('w', 4, 8)), Flatten(), Linear(3))", "mine: .* an output for each of the 7 classes, got 3"),
        ("Conv(pick('w', 4, 8))", "mine: .* for each of the 7 classes, got [48]x8x8"),
        ("Chain(Conv(pick('w', 4, 8)), Conv(pick('w', 1, 2)))", "mine, w: two different holes share one name"),
    ],
)
def test_a_space_that_suits_no_image_is_told_with_a_path(space: str, message: str) -> None:
    made = eval(space, vars(nodes))
    with pytest.raises(NasError, match=message):
        check_suits(made, (3, 8, 8), 7, name="mine")


def test_a_space_of_which_some_networks_suit_is_let_pass() -> None:
    space = Chain(Pool("avg", pick("k", 9, 2)), Flatten(), Linear(7))
    check_suits(space, (3, 8, 8), 7, name="mine")


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("x = 1\n", "space", "no 'space' stands in it"),
        ("space = 3\n", "space", "got int"),
        ("import nothing_like_this\n", "space", "ModuleNotFoundError"),
    ],
)
def test_mistakes_in_a_file_are_told(tmp_path: Path, content: str, name: str, message: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(content)
    with pytest.raises(NasError, match=message) as caught:
        catalog.space(f"{file}:{name}")
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("residul", "did you mean residual"),
        ("nowhere.py:space", "no such file"),
        ("nowhere.py", "named after a colon"),
    ],
)
def test_wrong_spaces_are_told(spec: str, message: str) -> None:
    with pytest.raises(NasError, match=message):
        catalog.space(spec)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("resnet5o", "did you mean resnet56, resnet50"),
        ("Resnet18", "did you mean resnet18"),
        ("zzz", "hint: `nas networks` lists all"),
        ("resnet18+sse", "did you mean se"),
        ("vgg16+se", "residual branches"),
        ("vgg12_bn", "vgg12_bn: the depth of a VGG is 11, 13, 16, 19, got 12"),
        (
            "resnet51",
            "resnet51: the depth of a ResNet for CIFAR is 6n\\+2, and at least 8, got 51\nhint: .* 18, 34, 50",
        ),
        ("resnet2_b", "6n\\+2, and at least 8, got 2"),
        ("resnet18_v1", "the depth of a ResNet with bottlenecks is 50, 101, 152, got 18"),
    ],
)
def test_wrong_networks_are_told(name: str, message: str) -> None:
    with pytest.raises(NasError, match=message):
        catalog.network(name).network()
