"""What a picture of fronts needs to know beside the trials."""

from contextlib import suppress

from nas import catalog
from nas.arch.text import fingerprint
from nas.data.of_run import images_of
from nas.errors import DataError, NameUnknownError
from nas.runs import Request, Run


def named_in(runs: list[Run]) -> dict[str, str]:
    """The named networks for the images of the runs, by fingerprint; none where the data is not at hand any more."""
    tasks = set()
    for run in runs:
        with suppress(DataError, NameUnknownError):
            images = images_of(run)
            tasks.add((len(images.classes), images.input))
    return {fingerprint(network): name for task in tasks for name, network in catalog.fitted(*task).items()}


def about(runs: list[Run]) -> str:
    """Data, budget and strategy of the runs, in a line."""
    asked = [run.request for run in runs]
    told = dict.fromkeys(f"{r.data_said}, {r.budget}, {_how(r)}" for r in asked)
    return "; ".join(told)


def _how(request: Request) -> str:
    if request.networks:
        return f"{request.seeds} seeds"
    return f"{request.strategy}, {'finalists with several seeds' if request.finalists else 'one seed'}"
