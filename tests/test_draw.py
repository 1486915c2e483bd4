"""Pictures of networks: well-formed, nothing runs out of its box or over another, counts and kinds as they are."""

import random
import re
from collections import Counter
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import pytest
from click.testing import CliRunner, Result
from PIL import ImageFont

import nas.cli
from nas import catalog
from nas.arch.cost import Shape, cost
from nas.arch.nodes import Cells, Chain, Conv, Edge, Exit, Flatten, GlobalPool, Graph, Linear, Network, Step, chain
from nas.arch.realize import realize, sample
from nas.draw import draw
from nas.draw.kinds import bare, kind_of
from nas.draw.letters import text_width
from nas.draw.page import page, plan
from nas.draw.parts import Number, Op

SVG = "{http://www.w3.org/2000/svg}"
NAMES = [
    *catalog.networks(),
    *("resnet50+se", "googlenet+se", "shufflenet_v1-1.0-g3+no_shuffle", "googlenet+no_exits"),
]


@cache
def drawn(name: str) -> tuple[Network, Shape, ElementTree.Element]:
    named = catalog.network(name)
    network = named.network()
    return network, named.input, ElementTree.fromstring(draw(network, named.input, name))


def number(element: ElementTree.Element, name: str) -> float:
    return float(element.attrib[name])


def extent(text: ElementTree.Element) -> tuple[float, float]:
    size, said = number(text, "font-size"), text.text or ""
    width = text_width(said, size, bold="font-weight" in text.attrib)
    left = number(text, "x") - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[text.get("text-anchor", "start")]
    return left, left + width


def rectangle(element: ElementTree.Element) -> tuple[float, float, float, float]:
    x, y = number(element, "x"), number(element, "y")
    return x, y, x + number(element, "width"), y + number(element, "height")


@pytest.mark.parametrize("name", NAMES)
def test_every_text_lies_in_its_box_and_the_picture_and_is_legible(name: str) -> None:
    _, _, root = drawn(name)
    width, height = number(root, "width"), number(root, "height")
    assert width <= 1400
    for text in root.iter(f"{SVG}text"):
        left, right = extent(text)
        assert left >= 0, text.text
        assert right <= width, text.text
        assert number(text, "font-size") <= number(text, "y") <= height, text.text
        assert number(text, "font-size") >= 11
    for group in root.iter(f"{SVG}g"):
        (box,) = group.findall(f"{SVG}rect")
        x, y, right, bottom = rectangle(box)
        for text in group.findall(f"{SVG}text"):
            assert x <= extent(text)[0] + 0.1, text.text
            assert extent(text)[1] <= right + 0.1, text.text
            assert y < number(text, "y") < bottom, text.text


@pytest.mark.parametrize("name", NAMES)
def test_no_boxes_overlap_but_those_that_frame_others(name: str) -> None:
    _, _, root = drawn(name)
    boxes = [
        rectangle(group.findall(f"{SVG}rect")[0])
        for group in root.iter(f"{SVG}g")
        if group.get("class") not in ("panel", "band", "badge")
    ]
    frames = [
        rectangle(group.findall(f"{SVG}rect")[0]) for group in root.iter(f"{SVG}g") if group.get("class") == "panel"
    ]
    for several in (boxes, frames):
        several.sort(key=lambda box: box[1])
        for i, (x, _, right, bottom) in enumerate(several):
            for left, top, end, _ in several[i + 1 :]:
                if top >= bottom - 0.11:
                    break
                assert left >= right - 0.11 or end <= x + 0.11, (several[i], (left, top))


@pytest.mark.parametrize("name", NAMES)
def test_the_main_line_says_all_that_a_network_costs(name: str) -> None:
    network, input, root = drawn(name)
    tips = [
        (group.get("class"), [int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", title.text or "")])
        for group in root.iter(f"{SVG}g")
        for title in group.findall(f"{SVG}title")
    ]
    made = cost(network, input)
    for exits, params, macs in ((False, made.params, made.macs), (True, made.exit_params, made.exit_macs)):
        of_these = [numbers for kind, numbers in tips if (kind == "exit") is exits]
        assert [sum(column) for column in zip(*of_these, strict=True)] == ([params, macs] if of_these else [])
    said = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
    assert f"{made.params:,} parameters, {made.macs:,} MACs" in said


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_of_block_is_drawn_once_and_named_on_the_main_line(name: str) -> None:
    network, input, root = drawn(name)
    badges = Counter(
        group.findall(f"{SVG}text")[0].text for group in root.iter(f"{SVG}g") if group.get("class") == "badge"
    )
    line, inside, grid = plan(network, input)
    assert len({(panel.fit, panel.look) for panel in inside}) == len(inside)
    uses = Counter(bare(stop.rows[0]) for stop in line if not stop.plain)
    uses.update(bare(spot.stop.rows[0]) for spot in grid if spot.stop and spot.reads)
    for panel in inside:
        assert badges[panel.letter] == 1 + (0 if panel.fit else uses[panel.look])
    assert sum(group.get("class") == "panel" for group in root.iter(f"{SVG}g")) == len(inside) + bool(grid)


def test_the_grid_of_a_network_of_several_sizes_has_all_its_cells_and_exits() -> None:
    named = catalog.network("msdnet_cifar-batch-5")
    _, _, grid = plan(named.network(), named.input)
    assert [sum(spot.row == row for spot in grid) for row in range(3)] == [6, 12, 18]
    assert sum(spot.exit for spot in grid) == 4
    assert all(read.column == spot.column - 1 for spot in grid for read in spot.reads)


def test_an_exit_before_the_cells_leaves_the_grid_as_it_is() -> None:
    named = catalog.network("msdnet_cifar-batch-5")
    network = chain(named.network())
    cells = next(i for i, part in enumerate(network.parts) if isinstance(part, Cells))
    leaving = Exit(Chain(GlobalPool(), Flatten(), Linear(10)), 0.5)
    earlier = Chain(*network.parts[:cells], leaving, *network.parts[cells:])
    (_, _, grid), (_, _, other) = (plan(made, named.input) for made in (network, earlier))
    assert [(spot.column, spot.row, spot.shape) for spot in grid] == [(s.column, s.row, s.shape) for s in other]
    assert [spot.exit for spot in other][1:] == [spot.exit for spot in grid][1:]
    assert (grid[0].exit, other[0].exit) == (False, True)
    assert draw(earlier, named.input, "earlier").count("</svg>") == 1


@pytest.mark.parametrize("name", ["residual", "mobile", "cell"])
@pytest.mark.parametrize("seed", range(3))
def test_networks_of_the_spaces_are_drawn_whole(name: str, seed: int) -> None:
    named = catalog.space(name)
    space = named.make(10)
    network = realize(space, sample(space, random.Random(seed)))
    line, _, _ = plan(network, named.input)
    assert sum(stop.macs for stop in line) == cost(network, named.input).macs
    ElementTree.fromstring(draw(network, named.input, name))


def test_a_network_of_1202_layers_is_as_short_as_one_of_20() -> None:
    heights = [page(catalog.network(name).network(), (3, 32, 32), "resnet")[2] for name in ("resnet20", "resnet1202")]
    assert heights[0] == heights[1]


def test_numbers_that_differ_are_letters_and_their_multiples() -> None:
    def block(width: int, stride: int) -> tuple[Op, ...]:
        numbers = (Number("out", width), Number("stride", stride))
        return (Op("conv", "conv 3×3", numbers), Op("conv", "conv 1×1", (Number("out", 4 * width),)))

    kind = kind_of([block(64, 1), block(128, 2), block(96, 2)])
    assert [[n.value for n in op.numbers] for op in kind.row if isinstance(op, Op)] == [["a", "s"], ["4a"]]
    assert kind.letters == {"a": (64, 128, 96), "s": (1, 2, 2)}
    turned = kind_of([tuple(reversed(block(width, 1))) for width in (64, 128)])
    assert [op.numbers[0].value for op in turned.row if isinstance(op, Op)] == ["4a", "a"]
    same = kind_of([block(64, 1), block(64, 2)])
    assert [[n.value for n in op.numbers] for op in same.row if isinstance(op, Op)] == [[64, "s"], [256]]


def test_parts_without_operations_and_graphs_outside_cells_are_drawn() -> None:
    steps = (Step(Edge(Chain(Conv(8, 3)), 0), Edge(Chain(), 1), join="concat"),)
    network = Chain(Graph((1, 2), steps), Cells(Chain(), Chain(Graph((1, 1), steps))), Flatten())
    root = ElementTree.fromstring(draw(network, (8, 8, 8), "made <&>"))
    assert any(text.text == "made <&>" for text in root.iter(f"{SVG}text"))


def test_no_text_is_wider_in_its_font_than_the_table_says() -> None:
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    plain, bold = (ImageFont.truetype(str(fonts / name), 1000) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"))
    for letter in map(chr, range(32, 127)):
        assert plain.getlength(letter) <= text_width(letter, 1000) + 5, letter
    for name in ("googlenet", "nasnet_a_mobile", "mobilenet_v2", "se_resnet50", "lenet5", "msdnet_imagenet-4"):
        for text in drawn(name)[2].iter(f"{SVG}text"):
            said, heavy = text.text or "", "font-weight" in text.attrib
            assert (bold if heavy else plain).getlength(said) <= text_width(said, 1000, bold=heavy) + 5, said


def run(*arguments: str) -> Result:
    return CliRunner().invoke(nas.cli.group, list(arguments))


def test_the_command_writes_a_picture(tmp_path: Path) -> None:
    out = tmp_path / "picture.svg"
    result = run("draw", "resnet18+se", "--out", str(out), "--input", "3x32x32", "--classes", "7")
    assert result.exit_code == 0, result.output
    assert result.output == f"wrote {out}\n"
    said = [text.text for text in ElementTree.fromstring(out.read_text(encoding="utf-8")).iter(f"{SVG}text")]
    assert "linear, 7" in said
    assert "input 3×32×32" in said


@pytest.mark.parametrize(
    ("network", "file", "says"),
    [
        ("resnet5O", "a.svg", "did you mean"),
        ("resnet50", "a.png", "hint: --out"),
        ("resnet50", "nowhere/a.svg", "cannot be written"),
    ],
)
def test_mistakes_are_told_with_what_would_do(
    network: str,
    file: str,
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.argv", ["nas", "draw", network, "--out", str(tmp_path / file)])
    with pytest.raises(SystemExit) as stopped:
        nas.cli.main()
    assert stopped.value.code == 2
    assert says in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
