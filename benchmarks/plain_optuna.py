"""Architecture search as one would write it with Optuna alone: no rungs, no exact costs known beforehand, no driver.

A define-by-run objective builds the network that a trial asks for, trains it for a fixed number of epochs and returns
its accuracy and its MACs; a sampler of Optuna's does the rest. `real.py` sets it beside `nas search`.
"""

import time
from collections.abc import Callable
from dataclasses import replace

import optuna
import torch

import nas
from nas.arch.text import text
from nas.data import Dataset
from nas.train.device import prepare_cpu
from nas.train.fit import fit, seed_everything
from nas.train.recipe import SEARCH

SAMPLERS: dict[str, Callable[[int], optuna.samplers.BaseSampler]] = {
    "optuna-nsga2": lambda seed: optuna.samplers.NSGAIISampler(seed=seed),
    "optuna-tpe": lambda seed: optuna.samplers.TPESampler(seed=seed, multivariate=True),
}


def optimize(
    name: str, space: nas.Space, data: Dataset, *, seconds: float, epochs: int, max_macs: int | None, seed: int
) -> optuna.Study:
    """A study of as many trials as end within so many CPU seconds, those of the sampler included."""
    prepare_cpu()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    recipe, end = replace(SEARCH, epochs=epochs), time.process_time() + seconds

    def objective(trial: optuna.Trial) -> tuple[float, float]:
        try:
            network = nas.realize(space, trial)
            macs = nas.cost(network, data.input).macs
        except nas.errors.NasError as error:
            raise optuna.TrialPruned from error
        if max_macs and macs > max_macs:
            raise optuna.TrialPruned
        trial.set_user_attr("network", text(network))
        seed_everything(seed)
        module = nas.build(network, input=data.input)

        def within_time(_: object) -> None:
            if time.process_time() > end:
                trial.study.stop()
                raise optuna.TrialPruned

        history = fit(module, data, recipe, device=torch.device("cpu"), seed=seed, on_epoch=within_time)
        return history.last.val_accuracy, macs

    study = optuna.create_study(directions=["maximize", "minimize"], sampler=SAMPLERS[name](seed))
    study.optimize(objective)
    return study
