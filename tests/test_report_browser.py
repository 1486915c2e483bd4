"""A report of a real search in a real browser: cards at the marks, arrow keys, what Enter opens, paper, colours."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from analysis.report.page import page
from analysis.report.record import Record, record
from nas.arch.text import text
from nas.runs import Request
from nas.search.run import search
from tests.browser import chromium
from tests.shades import shades
from tests.test_origins import space

SIDE, CLASSES, TRIALS = 8, 3, 16
PROBE = """
<script>addEventListener("load", () => {
  const said = {}, all = (s) => [...document.querySelectorAll(s)];
  const card = document.getElementById("card"), marks = all("#front a.mark[data-trial]");
  const key = (name) => document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
  const number = () => document.activeElement.dataset.trial;
  const by = (name) => [...marks].sort((a, b) => a.dataset[name] - b.dataset[name]);
  said.marks = marks.length;
  said.pictures = all("img").filter((one) => one.naturalWidth > 100).length;
  said.scrolls = document.documentElement.scrollWidth > innerWidth;
  const first = by("macs")[0];
  first.focus();
  said.focused = document.activeElement === first;
  said.card = card.hidden ? "" : card.textContent;
  said.cardHasPicture = card.querySelector("img") !== null;
  const walked = [number()];
  for (let i = 1; i < marks.length; i++) { key("ArrowRight"); walked.push(number()); }
  key("ArrowRight");
  said.walked = walked; said.stays = number() === walked[walked.length - 1];
  by("accuracy")[0].focus();
  const climbed = [number()];
  for (let i = 1; i < marks.length; i++) { key("ArrowUp"); climbed.push(number()); }
  said.climbed = climbed;
  said.lit = all(".curve.lit").map((one) => one.dataset.trial);
  key("Escape");
  said.hidden = card.hidden;
  marks[1].dispatchEvent(new PointerEvent("pointerenter"));
  said.hovered = card.querySelector("h3").textContent;
  marks[1].dispatchEvent(new PointerEvent("pointerleave"));
  said.left = card.hidden;
  const last = document.activeElement;
  last.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  const dialog = document.querySelector("dialog");
  said.clicked = dialog.open;
  dialog.close();
  last.focus();
  key("Enter");
  said.opened = dialog.open; said.inside = dialog.contains(document.activeElement);
  said.commands = [...dialog.querySelectorAll(".commands code")].map((one) => one.textContent);
  said.ids = all("[id]").length === new Set(all("[id]").map((one) => one.id)).size;
  dialog.close();
  setTimeout(() => {
    said.back = document.activeElement === last;
    const told = document.createElement("pre");
    told.id = "said"; told.textContent = JSON.stringify(said);
    document.body.append(told);
  }, 50);
});</script>
"""


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """A search of the default strategy on an image folder in which a class is how bright it is."""
    folder = tmp_path_factory.mktemp("searched")
    shades(folder / "shades", classes=CLASSES, images=40, side=SIDE, step=60, width=130)
    request = Request(
        space="many",
        space_text=text(space()),
        budget=f"{TRIALS}trials",
        workers=0,
        data=str(folder / "shades"),
        recipe={"epochs": 2, "batch": 16, "lr": 0.1},
    )
    result = search(request, runs_dir=folder, name="searched", cache_dir=folder / "cache")
    return record(result.run, input=(1, SIDE, SIDE))


@pytest.fixture(scope="module")
def said(searched: Record, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the probe saw."""
    file = tmp_path_factory.mktemp("probed") / "report.html"
    file.write_text(page(searched).replace("</body>", f"{PROBE}</body>"))
    seen = chromium(file, "--virtual-time-budget=5000", "--dump-dom")
    found = re.search(r'<pre id="said">(.*?)</pre>', seen, re.DOTALL)
    assert found, "the probe did not come to its end"
    told: dict[str, Any] = json.loads(unescape(found[1]))
    return told


def test_is_laid_out(said: dict[str, Any]) -> None:
    assert said["marks"] == TRIALS
    assert said["pictures"] >= 1
    assert not said["scrolls"]
    assert said["ids"]


def test_a_mark_in_focus_shows_its_card(said: dict[str, Any], searched: Record) -> None:
    cheapest = min(searched.complete, key=lambda trial: (trial.macs, trial.number))
    assert said["focused"]
    assert f"Trial {cheapest.number}" in said["card"]
    assert f"{100 * (cheapest.accuracy or 0):.2f} %" in said["card"]
    assert said["cardHasPicture"]


def test_arrow_keys_step_by_macs_and_by_accuracy(said: dict[str, Any], searched: Record) -> None:
    macs = {str(trial.number): trial.macs for trial in searched.complete}
    accuracy = {str(trial.number): trial.accuracy or 0.0 for trial in searched.complete}
    assert set(said["walked"]) == set(said["climbed"]) == set(macs)
    assert [macs[n] for n in said["walked"]] == sorted(macs.values())
    assert [accuracy[n] for n in said["climbed"]] == sorted(accuracy.values())
    assert said["stays"]
    assert said["lit"] == [said["climbed"][-1]]
    assert said["hidden"]


def test_pointing_shows_and_leaving_hides(said: dict[str, Any]) -> None:
    assert said["hovered"].startswith("Trial ")
    assert said["left"]


def test_what_is_opened_holds_the_commands_and_gives_the_focus_back(said: dict[str, Any], searched: Record) -> None:
    number = said["climbed"][-1]
    which = f"{searched.run.folder}:{number}"
    assert said["clicked"]
    assert said["opened"]
    assert said["inside"]
    assert said["commands"] == [f"nas train {which} --recipe fast", f"nas export {which}"]
    assert said["back"]


def test_is_readable_on_paper(searched: Record, tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed: apt-get install poppler-utils")
    file = tmp_path / "report.html"
    file.write_text(page(searched))
    chromium(file, "--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'report.pdf'}")
    command = ["pdftotext", "-layout", str(tmp_path / "report.pdf"), "-"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for heading in re.findall(r"<h2[^>]*>([^<]*)</h2>", page(searched)):
        assert (heading in " ".join(told.split())) == (heading != "All other trials"), heading
    assert "nas export" in told
    assert "copy" not in told.split()


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_colours_have_contrast(scheme: str) -> None:
    """WCAG 2.2: 4.5 to 1 for text, 3 to 1 for marks."""
    style = (Path(__file__).parents[1] / "analysis" / "report" / "style.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#\w+)", blocks[["light", "dark", "print"].index(scheme)]))

    def luminance(name: str) -> float:
        digits = colours[name][1:]
        digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for paper in ("paper", "panel"):
        for ink, least in (("ink", 4.5), ("quiet", 4.5), ("front", 4.5), ("control", 3), ("faint", 3)):
            dark, light = sorted((luminance(paper), luminance(ink)))
            assert (light + 0.05) / (dark + 0.05) >= least, (ink, paper)
