"""What a picture of fronts needs to know beside the trials."""

from nas import catalog
from nas.arch.text import fingerprint
from nas.data.of_run import images_of
from nas.errors import DataError, NameUnknownError
from nas.runs import Request, Run


def named_in(runs: list[Run]) -> dict[str, str]:
    """The named networks for the images of the runs, by fingerprint; none where the data is not at hand any more."""
    found: dict[str, str] = {}
    for run in runs:
        try:
            images = images_of(run)
        except (DataError, NameUnknownError):
            continue
        for name, network in catalog.fitted(len(images.classes), images.input).items():
            found[fingerprint(network)] = name
    return found


def about(runs: list[Run]) -> str:
    """Data, budget and strategy of the runs, in a line."""
    asked = [run.request for run in runs]
    told = dict.fromkeys(f"{r.data_said}, {r.budget}, {_how(r)}" for r in asked)
    return "; ".join(told)


def _how(request: Request) -> str:
    if request.networks:
        return f"{request.seeds} seeds"
    return f"{request.strategy}, {'finalists with several seeds' if request.finalists else 'one seed'}"
