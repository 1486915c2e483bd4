"""Rungs: who goes on is a function of what trials showed, and a search with rungs loses nothing when it is killed."""

import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.errors import NasError
from nas.runs import open_run
from nas.runs.journal import read_trials
from nas.search.events import Ended, Event, Rested
from nas.search.length import EPOCHS_WITH_RUNGS, TRIALS, Length, fitted, with_rungs
from nas.search.objectives import front
from nas.search.run import resume
from nas.search.rungs import Rungs
from nas.search.status import status
from nas.train.recipe import Recipe, learning_rate, recipe_of
from tests.test_search import cache, images, many_points, run_search  # noqa: F401  Fixtures.

Told = tuple[int, list[float], int]
"""Of a trial: its number, its accuracies at the end of rungs, its MACs."""

LENGTHS = (1, 2, 6)


def lost(macs: int) -> Any:
    return lambda accuracy: (-accuracy, float(macs))


def made_of(macs: int) -> dict[str, float]:
    return {"conv": macs % 7, "log macs": math.log(macs)}


def rungs_of(told: Sequence[Told], lengths: Sequence[float] = LENGTHS) -> Rungs:
    rungs = Rungs(lengths)
    for number, accuracies, macs in told:
        for i, accuracy in enumerate(accuracies):
            if i:
                rungs.go_on(number)
            rungs.reach(number, accuracy, macs=macs, traits=made_of(macs), losses=lost(macs))
    return rungs


@st.composite
def histories(draw: st.DrawFn) -> list[Told]:
    shares = st.floats(0, 1)
    made = draw(st.lists(st.tuples(st.lists(shares, min_size=1, max_size=3), st.integers(1, 10**9)), max_size=12))
    return [(number, accuracies, macs) for number, (accuracies, macs) in enumerate(made)]


@given(histories(), st.randoms())
def test_the_order_in_which_trials_are_told_changes_nothing(told: list[Told], rng: random.Random) -> None:
    other = list(told)
    rng.shuffle(other)
    ours, theirs = rungs_of(told), rungs_of(other)
    assert ours.expected() == theirs.expected()
    assert (ours.due(), ours.promising()) == (theirs.due(), theirs.promising())


@settings(max_examples=25)
@given(histories())
def test_of_each_rung_no_more_go_on_than_its_share(told: list[Told]) -> None:
    rungs = Rungs(LENGTHS)
    reached, sent = [0, 0, 0], [0, 0]
    for number, accuracies, macs in told:
        rungs.reach(number, accuracies[0], macs=macs, traits=made_of(macs), losses=lost(macs))
        reached[0] += 1
        while (due := rungs.due()) is not None:
            rung = rungs.reached(due) - 1
            sent[rung] += 1
            rungs.go_on(due)
            rungs.reach(due, accuracies[-1], macs=macs, traits=made_of(macs), losses=lost(macs))
            reached[rung + 1] += 1
            assert sent[rung] <= reached[rung] * LENGTHS[rung] / LENGTHS[rung + 1]
    assert sent[0] == reached[0] // 2


@given(histories())
def test_who_rests_is_expected_to_become_something_and_the_promising_rest(told: list[Told]) -> None:
    rungs = rungs_of(told)
    resting = [number for number, accuracies, _ in told if len(accuracies) < len(LENGTHS)]
    assert list(rungs.expected()) == rungs.resting() == resting
    assert set(rungs.promising()) <= set(resting)
    if resting:
        assert rungs.best(resting) in resting


def test_what_went_on_teaches_what_to_expect() -> None:
    """Errors halve from rung to rung, those of large networks fall by more: soon that is known."""
    generator = np.random.default_rng(0)

    def at(error: float, macs: int, rung: int) -> float:
        return float(1 - error * np.exp(-rung * (0.7 + 0.3 * np.log10(macs / 10**6))))

    shown = [(float(generator.uniform(0.2, 0.6)), int(10 ** generator.uniform(5, 7))) for _ in range(60)]
    told = [(n, [at(error, macs, rung) for rung in range(2)], macs) for n, (error, macs) in enumerate(shown[:40])]
    new = [(n, [at(error, macs, 0)], macs) for n, (error, macs) in enumerate(shown[40:], 40)]
    expected = rungs_of([*told, *new], (1, 2)).expected()
    for n, (error, macs) in enumerate(shown[40:], 40):
        assert np.log(1 - expected[n]) == pytest.approx(np.log(1 - at(error, macs, 1)), abs=0.1)


def test_what_networks_alike_did_is_expected_of_one() -> None:
    """Errors of networks with skips fall by more, whatever their errors and MACs: soon that is known."""
    generator = np.random.default_rng(0)
    rungs = Rungs((1, 2))
    falls = {number: 0.5 + 0.4 * (number % 2) for number in range(40)}
    for number, fall in falls.items():
        error, macs = float(generator.uniform(0.2, 0.6)), int(10 ** generator.uniform(5, 7))
        told = {"macs": macs, "traits": {"skip": number % 2, "log macs": math.log(macs)}, "losses": lost(macs)}
        rungs.reach(number, 1 - error, **told)
        if number < 30:
            rungs.go_on(number)
            rungs.reach(number, 1 - error * math.exp(-fall), **told)
        else:
            falls[number] = math.log(error) - fall
    for number, accuracy in rungs.expected().items():
        assert math.log(1 - accuracy) == pytest.approx(falls[number], abs=0.1)


def test_small_networks_go_on_though_large_ones_are_better() -> None:
    told = [(number, [0.5 + 0.04 * number], 10 ** (3 + number)) for number in range(10)]
    rungs, gone = rungs_of(told, (1, 2)), []
    while (due := rungs.due()) is not None:
        rungs.go_on(due)
        gone.append(due)
    assert len(gone) == 5
    assert min(gone) < 3


def test_trials_that_left_are_not_waited_for() -> None:
    rungs = rungs_of([(0, [0.9], 10), (1, [0.5], 20)], (1, 1))
    rungs.leave(0)
    assert rungs.resting() == [1] == rungs.promising()


def test_the_rate_begins_anew_in_each_rung() -> None:
    recipe = Recipe(epochs=9, rungs=(1, 3), lr=1.0)
    alone = {epochs: Recipe(epochs=epochs, lr=1.0) for epochs in (1, 2, 6)}
    for begin, epochs in ((0, 1), (1, 2), (3, 6)):
        for share in (0.1, 0.5, 0.9):
            made = learning_rate(recipe, (begin + share * epochs) / 9)
            assert made == pytest.approx(learning_rate(alone[epochs], share))


def test_a_recipe_with_rungs_is_read_as_it_was_written() -> None:
    assert recipe_of({"epochs": 9, "rungs": [1, 3]}) == Recipe(epochs=9, rungs=(1, 3))
    with pytest.raises(NasError, match="rungs rise, each from 1 to below the epochs, but got \\(3, 9\\)"):
        Recipe(epochs=9, rungs=(3, 9))


@pytest.mark.parametrize(("epochs", "ends"), [(1, ()), (2, ()), (3, (1,)), (9, (1, 3)), (81, (9, 27))])
def test_rungs_are_as_many_as_the_epochs_allow(epochs: int, ends: tuple[int, ...]) -> None:
    assert with_rungs(Recipe(epochs=epochs)).rungs == ends


@given(st.integers(100, 100_000), st.floats(1e-5, 1e-1), st.floats(1, 1e7))
def test_a_length_with_rungs_brings_enough_trials_to_their_end(train: int, speed: float, seconds: float) -> None:
    whole = Length(Recipe(epochs=5), train, 1000)
    made = fitted(whole, seconds_per_image=speed, seconds=seconds, rungs=True)
    if not made.recipe.rungs:
        assert 3 * TRIALS * Length(Recipe(epochs=9), train, 1000).all_images * speed > seconds
        return
    assert made.recipe.epochs in EPOCHS_WITH_RUNGS
    assert made.train == train
    begun = seconds / (made.mean_images * speed)
    assert begun * math.prod(Rungs(made.rungs).shares) >= TRIALS
    assert 3 * TRIALS * made.all_images * speed <= seconds


@given(st.integers(100, 100_000), st.floats(1e-5, 1e-1), st.floats(1, 1e7), st.floats(1, 1e7))
def test_neither_rungs_nor_more_time_make_a_training_shorter(train: int, speed: float, a: float, b: float) -> None:
    whole = Length(Recipe(epochs=5), train, 1000)
    (less, less_with), (more, more_with) = (
        [fitted(whole, seconds_per_image=speed, seconds=s, rungs=rungs).all_images for rungs in (False, True)]
        for s in sorted((a, b))
    )
    assert less <= less_with <= more_with
    assert less <= more <= more_with


FOUR = {"epochs": 4, "batch": 16, "lr": 0.1, "rungs": [1, 2]}


def record(run: Any) -> list[tuple[Any, ...]]:
    return [(t.number, t.state, t.fingerprint, t.accuracies, t.values) for t in read_trials(run)]


def test_a_search_with_rungs_trains_few_networks_to_the_end(run_search: Any) -> None:  # noqa: F811
    events: list[Event] = []
    result = run_search(many_points(), budget="12trials", recipe=FOUR, events=events)
    trials = read_trials(result.run)
    complete = [trial for trial in trials if trial.state == "complete"]
    assert len(trials) == 12
    assert {len(trial.accuracies) for trial in trials if trial.state == "pruned"} <= {1, 2}
    assert {len(trial.accuracies) for trial in complete} == {4}
    assert 0 < len(complete) < 12
    assert all(result.run.weights(trial.number).is_file() for trial in complete)
    assert [path.name for path in result.run.checkpoints.iterdir() if path.is_dir()] == []
    best = front(complete, lambda trial: (-trial.values[0], trial.values[1]))
    assert {trial.number for trial in result.front} == {trial.number for trial in best}
    rested = [event.trial.number for event in events if isinstance(event, Rested)]
    assert sorted(set(rested)) == list(range(12))
    assert {event.trial.number for event in events if isinstance(event, Ended)} == set(range(12))
    reasons = {trial.reason for trial in trials if trial.state == "pruned"}
    assert reasons <= {"rested at rung 1 of 3", "rested at rung 2 of 3"}


@pytest.mark.parametrize("seed", range(2))
def test_a_search_with_rungs_goes_on_as_if_it_had_not_been_interrupted(
    seed: int,
    run_search: Any,  # noqa: F811
    cache: Path,  # noqa: F811
) -> None:
    asked = {"budget": "8trials", "recipe": FOUR, "strategy": "local"}
    undisturbed = run_search(many_points(), **asked, name="undisturbed")
    rng = random.Random(seed)

    class Killed(BaseException):
        """As abrupt as a kill: nothing is put in order."""

    def maybe_kill(_: Event) -> None:
        if rng.random() < 0.12:
            raise Killed

    run = None
    for attempt in range(60):
        if run is not None and status(run).state == "finished":
            break
        try:
            if run is None:
                run_search(many_points(), **asked, name=f"killed{attempt}", on_event=maybe_kill)
            else:
                resume(run, cache_dir=cache, on_event=maybe_kill)
            break
        except Killed:
            run = run or open_run(undisturbed.run.folder.parent / f"killed{attempt}")
    assert run is not None
    assert record(run) == record(undisturbed.run)
