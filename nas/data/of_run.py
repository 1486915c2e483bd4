"""What is to be known of the data of a run."""

from nas.data.about import About, about, remembered
from nas.data.load import load
from nas.runs import Run
from nas.runs.journal import damage_told, open_journal


def images_of(run: Run) -> About:
    """What is to be known of the data of a run, from its record, or from the data where an older run recorded nothing.

    Raises:
        RunError: the record is damaged.
        DataError: the data of an older run is not at hand any more.
    """
    request, facts = run.request, open_journal(run).facts()
    with damage_told(run):
        found = remembered(facts)
    return found or about(load(request.data, size=request.size, seed=request.seed))
