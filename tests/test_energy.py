"""Energy: what the counters of a device say of a run, and what is told where it has none.

The counters are imagined: files like those of Linux's powercap, and a module like NVIDIA's.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch

from nas import catalog
from nas.arch.nodes import Act, Chain, Conv, Flatten, GlobalPool, Linear, pick
from nas.arch.text import text
from nas.errors import NasError
from nas.runs import Request
from nas.runs.journal import read_trials
from nas.search.errors import SearchError
from nas.search.run import search
from nas.train import energy as room
from nas.train.energy import Energy, energy, watch
from tests.shades import shades

IMAGE = (1, 8, 8)
RANGE = 262_143_328_850
NETWORK = Chain(Conv(4, 3), GlobalPool(), Flatten(), Linear(2))


@pytest.fixture
def powercap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two packages, one about to begin anew; cores of one, the platform with both, and a package counted once more."""
    zones = {"-rapl:0": "package-0", "-rapl:1": "package-1", "-rapl:0:0": "core", "-rapl:2": "psys",
             "-rapl-mmio:0": "package-0"}  # fmt: skip
    for number, name in zones.items():
        zone = tmp_path / "powercap" / f"intel{number}"
        zone.mkdir(parents=True)
        (zone / "name").write_text(f"{name}\n")
        (zone / "energy_uj").write_text(f"{RANGE - 100_000 if name == 'package-1' else 7_000}\n")
        (zone / "max_energy_range_uj").write_text(f"{RANGE}\n")
    monkeypatch.setattr(room, "POWERCAP", tmp_path / "powercap")
    return tmp_path / "powercap"


def spend(powercap: Path, microjoules: int) -> None:
    """Every counter counts so much more, and from 0 again beyond its range."""
    for file in powercap.glob("*/energy_uj"):
        file.write_text(f"{(int(file.read_text()) + microjoules) % (RANGE + 1)}\n")


def runs(monkeypatch: pytest.MonkeyPatch, once: Callable[[], None]) -> None:
    """A run of any network does this."""

    @contextmanager
    def ready(*_: object, **__: object) -> Iterator[list[Callable[[], None]]]:
        yield [once]

    monkeypatch.setattr(room, "ready", ready)


def test_it_is_what_all_packages_use_in_a_run(powercap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs(monkeypatch, lambda: spend(powercap, 30_000))
    made = energy(Chain(), IMAGE, batch=4, seconds=0.0)
    assert made.joules == pytest.approx(2 * 0.03)
    assert (made.runs, made.batch, made.device) == (5, 4, "cpu")


def test_a_network_runs_for_as_long_as_was_asked(powercap: Path) -> None:
    made = energy(catalog.network("resnet20").network(), (3, 32, 32), seconds=0.3)
    assert 0.3 <= made.seconds < 3
    assert made.runs >= 5
    assert made.joules == 0


def test_a_processor_that_does_not_count_is_told(powercap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> str:
        with pytest.raises(NasError) as caught:
            energy(NETWORK, IMAGE)
        return str(caught.value)

    (powercap / "intel-rapl:0" / "energy_uj").write_text("no number\n")
    assert said().startswith("energy: this processor does not say what it uses: invalid literal")
    (powercap / "intel-rapl:0" / "energy_uj").unlink()
    assert "No such file" in said()

    def refused(file: Path) -> int:
        raise PermissionError(13, "Permission denied", str(file))

    with monkeypatch.context() as patch:
        patch.setattr(room, "_number", refused)
        assert "hint: as root: chmod a+r" in said()
    monkeypatch.setattr(room, "POWERCAP", powercap / "absent")
    assert "has no zone of a package\nhint: measure latency or MACs instead" in said()


class SilentError(Exception):
    """What NVIDIA's module raises."""


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A GPU whose counter the test sets, in millijoules."""
    counter = SimpleNamespace(millijoules=5_000)

    def total(handle: str) -> int:
        assert handle == "GPU-17"
        if counter.millijoules < 0:
            raise SilentError("Not Supported")
        return counter.millijoules

    module = ModuleType("pynvml")
    vars(module).update(
        NVMLError=SilentError,
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByUUID=lambda uuid: uuid,
        nvmlDeviceGetTotalEnergyConsumption=total,
    )
    monkeypatch.setitem(sys.modules, "pynvml", module)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: SimpleNamespace(uuid="17"))
    return counter


def test_a_gpu_says_it_in_millijoules(nvml: SimpleNamespace) -> None:
    used = watch(torch.device("cuda"))
    nvml.millijoules += 2_500
    assert used() == 2.5


def test_a_gpu_that_does_not_count_is_told(nvml: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.millijoules = -1
    with pytest.raises(NasError, match="cuda does not say what it uses: Not Supported"):
        watch(torch.device("cuda"))
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(NasError, match="hint: pip install nvidia-ml-py"):
        watch(torch.device("cuda"))


@pytest.fixture
def request_for(tmp_path: Path) -> Callable[..., Request]:
    """A request of three trials, on dark and light images."""
    images = shades(tmp_path / "shades", classes=2, images=40, side=8, step=100, width=100)
    space = Chain(Conv(pick("width", 2, 4, 6), 3), Act(), GlobalPool(), Flatten(), Linear(2))

    def made(*, workers: int = 0) -> Request:
        return Request(
            space="tiny",
            space_text=text(space),
            budget="3trials",
            data=str(images),
            workers=workers,
            recipe={"epochs": 1, "batch": 8},
            objectives=("accuracy", "energy"),
        )

    return made


def test_a_search_makes_it_small(
    request_for: Callable[..., Request], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "energy", lambda *_, **__: Energy(0.25, 1.0, 1, "cpu", 5))
    run = search(request_for(), runs_dir=tmp_path / "runs", cache_dir=tmp_path / "cache").run
    assert [trial.values[1] for trial in read_trials(run)] == [0.25] * 3


def test_a_search_that_cannot_have_it_begins_nothing(
    request_for: Callable[..., Request], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "POWERCAP", tmp_path / "absent")
    with pytest.raises(SearchError, match="--objectives: energy is that of the whole device"):
        search(request_for(workers=1), runs_dir=tmp_path / "runs", cache_dir=tmp_path / "cache")
    with pytest.raises(NasError, match="energy: this processor does not say"):
        search(request_for(), runs_dir=tmp_path / "runs", cache_dir=tmp_path / "cache")
    assert not (tmp_path / "runs").exists()
