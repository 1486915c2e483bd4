"""What a search makes of devices that are elsewhere, taken by others, or shared by trials; none of it needs a GPU."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nas.arch.nodes import Act, Chain, Conv, Flatten, GlobalPool, Linear, Norm, pick
from nas.arch.text import text
from nas.errors import BudgetError, RunError
from nas.runs import Request
from nas.search.budget import Budget
from nas.search.devices import Devices, gpu_bytes, in_one
from nas.search.ledger import Clock, Ledger
from nas.search.phase import Phase
from nas.search.plan import Plan, means_of, plan
from nas.search.progress import progress
from nas.search.tally import Tally
from nas.search.workers.tune import _Desk
from nas.train.device import hold_share

SPACE = Chain(Conv(pick("width", 2, 3, 4), 3), Norm(), Act(), GlobalPool(), Flatten(), Linear(10))
SPEED, HELD = 1e-3, 2.5


def cluster(*, gpus: int = 4, free: int = 3, cores: int = 16, room: int = 2**34) -> Devices:
    """A cluster that trains a network on an image in `SPEED` seconds, and held a device for `HELD` to say so.

    Each GPU has `room` bytes of memory.
    """

    def call(function: Callable[[], Any], device: str) -> tuple[Any, float]:
        assert device == ("cuda" if gpus else "cpu")
        return (room if function is gpu_bytes else SPEED), HELD

    counts = {"cpu": cores, "cuda": gpus}
    return Devices("the cluster", {**counts, "cuda": free}, counts, {"cpu": [], "cuda": []}, call, is_here=False)


def planned(devices: Devices, budget: str = "1gpuh", **asked: Any) -> Plan:
    return plan(Request(space="tiny", space_text=text(SPACE), budget=budget, **asked), devices=devices)


def test_a_plan_counts_the_devices_that_are_free_and_measures_where_they_are() -> None:
    made = planned(cluster())
    assert (made.device, made.workers, made.wall_s, made.speed) == ("cuda", 3, 1200, SPEED)
    assert (made.clock, made.elsewhere_s) == (None, HELD)  # This host may have no GPU, and holds none.
    assert planned(cluster(), workers=4).workers == 4
    assert planned(cluster(gpus=0, free=0), "1cpuh").workers == 16
    assert planned(cluster(), "2trials").workers == 2


def test_a_plan_with_shares_of_gpus() -> None:
    made = planned(cluster(), gpus_per_trial=0.25)
    assert (made.workers, made.share, made.wall_s) == (12, 0.25, 1200)
    trials = planned(cluster(), "40trials", gpus_per_trial=0.25)
    assert trials.wall_s == pytest.approx(40 * (trials.trial_s or 0) / 3)


@pytest.mark.parametrize(
    ("devices", "asked", "message"),
    [
        (cluster(), {"workers": 5}, "a worker has a GPU of its own, got 5 workers and 4 GPUs of the cluster"),
        (cluster(), {"workers": 9, "gpus_per_trial": 0.5}, "2 workers share a GPU, got 9 workers and 4 GPUs of the cl"),
        (cluster(free=0), {}, "all 4 GPUs of the cluster are taken"),
        (cluster(), {"workers": 0}, "no worker of the cluster trains, got 0 workers"),
        (cluster(gpus=0), {}, "a GPU budget needs a GPU, and the cluster has none"),
        (cluster(), {"budget": "1cpuh", "gpus_per_trial": 0.5}, "a trial of this search holds a core whole, got 0.5"),
        (cluster(), {"workers": 0, "gpus_per_trial": 0.5}, "holds the GPU of this process whole, got 0.5"),
    ],
)
def test_what_a_cluster_cannot_give(devices: Devices, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(BudgetError, match=message):
        planned(devices, **asked)


@pytest.mark.parametrize("share", [0, -0.5, 1.5, True, "half"])
def test_a_share_is_a_part_of_one(share: Any) -> None:
    with pytest.raises(RunError, match="gpus_per_trial is above 0 and at most 1, or None, got"):
        Request(space="tiny", space_text=text(SPACE), budget="1gpuh", gpus_per_trial=share)


@pytest.mark.parametrize(
    ("room", "asked", "share", "workers"),
    [
        (80 * 2**30, {}, 1 / 4, 12),  # Sixteen cores feed four GPUs.
        (3 * 2**30, {}, 1 / 2, 6),
        (2**30, {}, 1.0, 3),
        (80 * 2**30, {"workers": 5}, 1 / 2, 5),
        (80 * 2**30, {"workers": 1}, 1.0, 1),
    ],
)
def test_trials_are_packed_by_the_memory_they_need(
    room: int, asked: dict[str, Any], share: float, workers: int
) -> None:
    made = planned(cluster(room=room), gpus_per_trial=None, **asked)
    assert (made.share, made.workers) == (share, workers)
    assert made.facts()["share"] == share


def test_a_share_that_was_made_stays_when_a_run_goes_on() -> None:
    request = Request(space="tiny", space_text=text(SPACE), budget="1gpuh", gpus_per_trial=None)
    first = plan(request, devices=cluster(room=3 * 2**30))
    again = plan(request, devices=cluster(room=80 * 2**30), facts=first.facts())
    assert (again.share, again.workers) == (first.share, first.workers) == (1 / 2, 6)


def test_what_is_not_shared_is_held_whole() -> None:
    assert planned(cluster(gpus=0, free=0), "1cpuh", gpus_per_trial=None).share == 1.0
    alone = Request(space="tiny", space_text=text(SPACE), budget="1gpuh", gpus_per_trial=None, workers=0)
    assert means_of(alone, {}, replace(cluster(), is_here=True)).share == 1.0


@given(st.integers(1, 100))
def test_so_many_equal_parts_make_one(parts: int) -> None:
    assert in_one(1 / parts) == parts


@given(st.floats(0.01, 1))
def test_no_more_trials_than_there_is_room_for(share: float) -> None:
    assert in_one(share) * share <= 1 + 1e-6 < (in_one(share) + 1) * share + 2e-6


class TestShare:
    @pytest.fixture(autouse=True)
    def now(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
        """A time that a test sets, and a GPU that is always ready."""
        now = [100.0]
        monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
        monkeypatch.setattr(time, "perf_counter", lambda: now[0])
        monkeypatch.setattr(time, "monotonic", lambda: now[0])
        yield now
        hold_share(1.0)

    def test_a_worker_counts_its_share_of_the_time(self, now: list[float]) -> None:
        hold_share(0.25)
        clock = Clock(torch.device("cuda"), born=True)
        now[0] += 60
        assert clock.seconds() == 15
        hold_share(1.0)
        whole = Clock(torch.device("cuda"), born=True)
        now[0] += 60
        assert whole.seconds() == 60

    def test_of_a_core_it_counts_all(self) -> None:
        hold_share(0.25)
        clock, begin = Clock(torch.device("cpu"), born=True), time.process_time()
        assert clock.seconds() >= begin

    def test_a_worker_that_is_lost_has_held_its_share(self, now: list[float]) -> None:
        lost: list[tuple[int, float]] = []

        class Stub:
            def begin(self) -> Any:
                return type("Job", (), {"number": 7})

            def lose(self, number: int, silent: float, *, hung: bool) -> None:
                lost.append((number, silent))

        desk = _Desk(Phase(Stub(), None), iter(()), share=0.5)  # type: ignore[arg-type]
        desk.begin("a")
        now[0] += 8
        desk.leave("a", died=True)
        assert lost == [(7, 4.0)]

    def test_a_worker_that_goes_to_another_phase_has_held_there_what_it_held_since(self) -> None:
        class Stub:
            def __init__(self) -> None:
                self.left, self.held = [1], [("", 0.0)]

            @property
            def over(self) -> bool:
                return not self.left

            def begin(self) -> Any:
                return type("Job", (), {"number": self.left.pop()}) if self.left else None

            def end(self, number: int, outcome: Any) -> None:
                assert number == 1

            def hold(self, holder: str, seconds: float) -> None:
                self.held.append((holder, seconds))

        phases = [Phase(Stub(), None) for _ in range(2)]  # type: ignore[arg-type]
        desk = _Desk(phases[0], iter(phases[1:]), share=1)
        told = {"node": "n", "host": "h", "process": 5, "outcome": None}
        for trial, held in (("a", 20.0), ("b", 50.0)):
            assert desk.begin(trial) is not None
            assert desk.hear(trial, {**told, "held": held}) is False
            desk.leave(trial, died=False)
            assert not desk.over
        assert desk.begin("c") is None
        assert desk.over
        assert [phase.driver.held[-1] for phase in phases] == [("n:5", 20.0), ("n:5", 30.0)]  # type: ignore[attr-defined]

    def test_four_quarters_are_one_gpu(self) -> None:
        ledger = Ledger(Budget.parse("40gpus"))
        whole = progress(Tally(["maximize"]), ledger, running=0, resting=0, devices=1)
        quarters = progress(Tally(["maximize"]), ledger, running=0, resting=0, devices=4 * 0.25)
        assert whole.eta_s == quarters.eta_s == 40
