"""What a strategy remembers of a study is what it would find in it anew, whatever has happened meanwhile."""

import random

import optuna
import pytest
from optuna.trial import TrialState

from nas.search.objectives import front, joined
from nas.search.retold import RetoldStorage
from nas.search.strategies.archive import Archive
from nas.search.strategies.known import Known, Look


def look(params, distributions):
    """A network is its parameter; some are not to be trained."""
    return None if params["x"] % 7 == 6 else Known(params, distributions, Look(params["x"], (None, None), {}))


def said(archive):
    return (
        [(known.number, known.losses) for known in archive.done],
        [(known.number, known.losses) for known in archive.front],
        [known.params for known in archive.pending],
        archive.tried,
    )


@pytest.mark.parametrize("seed", range(20))
def test_it_is_what_would_be_found_anew(seed):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rng, storage = random.Random(seed), RetoldStorage()
    study = optuna.create_study(directions=["maximize", "minimize"], storage=storage)
    archive, under_way = Archive(look), []

    def values():
        return [float(rng.randrange(5)), float(rng.randrange(5))]

    for _ in range(60):
        if not under_way or rng.random() < 0.4:
            trial = study.ask()
            trial.suggest_int("x", 0, 40)
            under_way.append(trial.number)
        elif rng.random() < 0.4:
            number = rng.choice(under_way)
            storage.retell(study.get_trials(deepcopy=False)[number], values())
        else:
            number = under_way.pop(rng.randrange(len(under_way)))
            storage.forget(number)
            study.tell(number, **({"values": values()} if rng.random() < 0.8 else {"state": TrialState.FAIL}))
        if rng.random() < 0.5:
            archive.read(study)
            fresh = Archive(look)
            fresh.read(study)
            assert said(archive) == said(fresh)
            assert archive.front == front(archive.done, lambda known: known.losses)


def test_another_study_is_begun_anew():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    archive = Archive(look)
    for x in (1, 2):
        study = optuna.create_study(directions=["maximize", "minimize"])
        study.enqueue_trial({"x": x})
        trial = study.ask()
        trial.suggest_int("x", 0, 40)
        study.tell(trial, [0.5, 1.0])
        archive.read(study)
        assert archive.tried == {x}
        assert [known.params["x"] for known in archive.front] == [x]


@pytest.mark.parametrize("seed", range(20))
def test_a_front_that_is_joined_by_one_after_the_other_is_the_front(seed):
    rng = random.Random(seed)
    objectives = rng.choice((2, 3))
    points = [tuple(rng.randrange(6) for _ in range(objectives)) for _ in range(40)]
    members: list[tuple[int, ...]] = []
    for point in points:
        members = joined(members, point, lambda losses: losses)
    assert members == front(points, lambda losses: losses)
