"""What a person can get wrong when a network leaves the framework."""

from nas.errors import NasError


class ExportError(NasError):
    """What is to be exported, or where to, is absent or does not go together."""
