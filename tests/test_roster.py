"""A list of trainings: its order, its end, and that it goes on where it was."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.trial import TrialState, create_trial

from nas.arch.nodes import Act, Chain, Conv, Flatten, GlobalPool, Linear, Norm
from nas.arch.text import parse, text
from nas.runs import Request
from nas.runs.folder import create
from nas.runs.journal import begin_journal, open_journal, read_trials
from nas.search.budget import Budget
from nas.search.driver import Driver
from nas.search.errors import SearchError
from nas.search.forecast import Forecast
from nas.search.ledger import recorded_ledger
from nas.search.length import Length
from nas.search.limits import Terms
from nas.search.objectives import objectives
from nas.search.proposer import Proposal
from nas.search.roster import Entry, Roster
from nas.search.trial import Job, Outcome
from nas.train.evaluate import Score
from nas.train.fit import Epoch
from nas.train.recipe import Recipe

SIDE, CLASSES = 8, 3


def network(width: int) -> Chain:
    return Chain(Conv(width, 3), Norm(), Act(), GlobalPool(), Flatten(), Linear(CLASSES))


TERMS = Terms(network(4), (1, SIDE, SIDE))


def entries(count: int, epochs: int = 2) -> list[Entry]:
    return [
        Entry(f"net{i}", TERMS.known(network(2 + i)), Recipe(epochs=epochs, lr=0.1 * (i + 1))) for i in range(count)
    ]


def recorded(proposal: Proposal) -> Any:
    attrs = {"name": proposal.name, "seed": proposal.seed}
    return create_trial(state=TrialState.RUNNING, user_attrs=attrs)


def taken(roster: Roster, most: int = 1000) -> list[Proposal]:
    found = []
    while len(found) < most and (proposal := roster.propose(lambda _: True)):
        found.append(proposal)
    return found


@given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 40))
def test_an_early_end_leaves_a_fair_comparison(count: int, seeds: int, most: int) -> None:
    made = taken(Roster(entries(count), range(seeds)), most)
    each = [sum(proposal.name == entry.name for proposal in made) for entry in entries(count)]
    assert max(each) - min(each) <= 1
    assert len({(proposal.name, proposal.seed) for proposal in made}) == len(made) == min(most, count * seeds)
    by_name = {entry.name: entry for entry in entries(count)}
    assert all(p.candidate == by_name[p.name].candidate and p.recipe == by_name[p.name].recipe for p in made)


@given(st.integers(1, 5), st.integers(1, 4), st.data())
def test_it_goes_on_from_its_record_in_whatever_order_that_is(count: int, seeds: int, data: st.DataObject) -> None:
    whole = taken(Roster(entries(count), range(seeds)))
    cut = data.draw(st.integers(0, len(whole)))
    again = Roster(entries(count), range(seeds))
    for proposal in data.draw(st.permutations(whole[:cut])):
        recalled = again.recall(recorded(proposal), proposal.candidate)
        assert (recalled.name, recalled.seed, recalled.recipe) == (proposal.name, proposal.seed, proposal.recipe)
    assert [(p.name, p.seed) for p in taken(again)] == [(p.name, p.seed) for p in whole[cut:]]
    assert again.exhausted


def test_what_does_not_fit_is_not_passed_over() -> None:
    roster = Roster(entries(3), range(2))
    dearest = max(entry.candidate.cost.macs for entry in entries(3))
    assert roster.propose(lambda candidate: candidate.cost.macs < dearest) is None
    assert not roster.exhausted
    assert roster.propose(lambda _: True) is not None


@given(st.integers(1, 5), st.integers(1, 3), st.integers(0, 3), st.data())
def test_time_that_is_left_goes_to_more_seeds(count: int, seeds: int, spare: int, data: st.DataObject) -> None:
    limit = data.draw(st.sampled_from([entry.candidate.cost.macs for entry in entries(count)]))
    roster = Roster(entries(count), range(seeds), range(seeds, seeds + spare))
    first = taken(roster, count * seeds)
    assert {(p.name, p.seed) for p in first} == {(e.name, seed) for e in entries(count) for seed in range(seeds)}
    more = []
    while proposal := roster.propose(lambda candidate: candidate.cost.macs <= limit):
        more.append(proposal)
    fitting = [entry.name for entry in entries(count) if entry.candidate.cost.macs <= limit]
    assert {(p.name, p.seed) for p in more} == {(name, seeds + i) for name in fitting for i in range(spare)}
    assert roster.exhausted == (len(more) == count * spare)


def test_a_training_that_is_not_on_the_list_is_refused() -> None:
    stranger = create_trial(state=TrialState.RUNNING, user_attrs={"name": "other", "seed": 0})
    with pytest.raises(SearchError, match="no training of 'other' with seed 0"):
        Roster(entries(2), range(1)).recall(stranger, entries(1)[0].candidate)


class Driven:
    """A driver of a list, two workers, two epochs each."""

    def __init__(self, folder: Path, *, seeds: Sequence[int], budget: str = "1000cpus") -> None:
        request = Request(space="list", space_text=text(network(4)), budget=budget)
        self.run = create(request, runs_dir=folder, name="listed")
        self.budget, self.seeds = Budget.parse(budget), seeds
        begin_journal(self.run, directions=["maximize", "minimize"])
        self.driver = self.made()

    def made(self) -> Driver:
        journal = open_journal(self.run)
        driver = Driver(
            proposer=Roster(entries(2), self.seeds),
            journal=journal,
            ledger=recorded_ledger(self.budget, journal),
            forecast=Forecast(),
            objectives=objectives(["accuracy", "macs"]),
            length=Length(Recipe(epochs=2), train=100, val=30, test=30),
            workers=2,
            clock=None,
            tell=lambda event: None,
        )
        driver.recall(journal.frozen(), lambda network: TERMS.known(parse(network)))
        return driver

    def epoch(self, job: Job, number: int) -> bool:
        told = Epoch(number, train_loss=1.0, val_loss=1.0, val_accuracy=0.5, seconds=1.0, images=100)
        return self.driver.epoch(job.number, told, seconds=float(number))

    def end(self, job: Job) -> None:
        self.driver.end(job.number, Outcome(3.0, test=Score(accuracy=0.25, top5=1.0, loss=1.0, count=30)))


def test_trainings_under_way_end_when_the_list_is_at_its_end(tmp_path: Path) -> None:
    driven = Driven(tmp_path, seeds=[1])
    first, second = driven.driver.begin(), driven.driver.begin()
    assert first is not None
    assert second is not None
    assert driven.driver.begin() is None
    assert not driven.driver.over
    for job in (first, second):
        assert driven.epoch(job, 1)
        assert driven.epoch(job, 2)
        driven.end(job)
    assert driven.driver.begin() is None
    assert driven.driver.over
    assert driven.driver.finish().cause == "space"
    assert [trial.state for trial in read_trials(driven.run)] == ["complete"] * 2


def test_each_training_has_its_own_seed_name_recipe_and_test(tmp_path: Path) -> None:
    driven = Driven(tmp_path, seeds=[3, 5])
    jobs = []
    while (job := driven.driver.begin()) is not None:
        jobs.append(job)
        driven.epoch(job, 1)
        driven.epoch(job, 2)
        driven.end(job)
    recipes = {entry.name: entry.recipe for entry in entries(2)}
    trials = read_trials(driven.run)
    assert [(trial.name, trial.seed) for trial in trials] == [("net1", 3), ("net0", 3), ("net1", 5), ("net0", 5)]
    assert [(job.seed, job.recipe) for job in jobs] == [(trial.seed, recipes[trial.name]) for trial in trials]
    assert all((trial.accuracy, trial.test) == (0.5, 0.25) for trial in trials)


def test_a_driver_of_a_list_goes_on_from_its_record(tmp_path: Path) -> None:
    driven = Driven(tmp_path, seeds=[1, 2])
    first, second = driven.driver.begin(), driven.driver.begin()
    assert first is not None
    assert second is not None
    driven.epoch(second, 1)
    driven.epoch(second, 2)
    driven.end(second)

    driven.driver = driven.made()
    assert driven.driver.begin() == first
    rest = []
    while (job := driven.driver.begin()) is not None:
        rest.append((job.seed, job.network))
    assert rest == [(2, first.network), (2, second.network)]
