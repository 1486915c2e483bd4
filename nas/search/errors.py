"""What stops a search, beside a budget or a run."""

from nas.errors import NasError


class SearchError(NasError):
    """A search cannot begin or go on: nothing fits the limits, or every trial fails."""
