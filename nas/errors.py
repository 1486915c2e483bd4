"""The errors a person can cause, each naming the rule, what was received, where, and what would do."""


class NasError(ValueError):
    """A user's mistake: printed without a traceback, exit code 2.

    Args:
        rule: What must hold, and what was received instead.
        path: Where in a network, space, file or flag; empty where there is only one place.
        hint: What would do.
    """

    def __init__(self, rule: str, *, path: str = "", hint: str = "") -> None:
        self.rule, self.path, self.hint = rule, path, hint
        text = f"{path}: {rule}" if path else rule
        super().__init__(f"{text}\nhint: {hint}" if hint else text)


class PartError(NasError):
    """A part is given a value it cannot have."""


class HoleError(NasError):
    """A hole is left open, is filled with what it does not offer, or two holes share a name."""


class ShapeError(NasError):
    """Two shapes disagree, or a part cannot read the shape it is given."""


class LocateError(NasError):
    """A network lies outside a space; the path says where the two part."""


class TextError(NasError):
    """A text is not a network, a space or a point."""


class NameUnknownError(NasError):
    """No network, space, strategy or data set has this name."""


class DataError(NasError):
    """A data set is absent, damaged, empty or unlabelled."""


class SizesError(DataError):
    """Images are of many sizes, and none was asked for."""


class BudgetError(NasError):
    """A budget cannot be read, or cannot be spent on this machine."""


class RunError(NasError):
    """A run folder is absent, taken, damaged or of a newer version."""


class WeightsError(NasError):
    """Weights cannot be had, cannot be read, or are not those of the network."""
