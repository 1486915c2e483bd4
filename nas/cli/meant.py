"""Which network an argument means."""

from pathlib import Path
from typing import TYPE_CHECKING

from nas import catalog
from nas.arch.cost import Shape
from nas.arch.named import Named
from nas.arch.nodes import Chain, chain, is_open
from nas.arch.rewrite import classes_of, with_classes
from nas.arch.text import parse
from nas.cli.options import InputError
from nas.errors import NasError, TextError

if TYPE_CHECKING:
    from nas.export.subject import Subject
    from nas.runs import Run


def named(spec: str, runs_dir: Path | None = None) -> Named:
    """The network that an argument means: a name, perhaps with rewrites; a file with a network's text; or one trained.

    That is said as RUN:TRIAL, with the run's folder or its name in `runs_dir`, or as the folder of a training.
    """
    place = _place(spec)
    if found := _trial_in(spec, runs_dir):
        return _of_trial(spec, *found)
    if place.is_dir() and (made := _of_training(place)):
        return made
    return _of_file(place) if place.is_file() else catalog.network(spec)


def data_of(spec: str, runs_dir: Path | None = None) -> tuple[str | None, int | None]:
    """The data, and the size of its images, on which what an argument means was trained; None and None otherwise."""
    from nas.train.final import recorded

    if found := _trial_in(spec, runs_dir):
        return found[0].request.data, found[0].request.size
    place = _place(spec)
    training = recorded(place) if place.is_dir() else None
    return (training.data, training.size) if training else (None, None)


def trained(spec: str, runs_dir: Path | None = None) -> "Subject | None":
    """What an argument means with its weights: RUN:TRIAL, or the folder of a training; None for anything else.

    Raises:
        NasError: it means one that is not there, was not trained to its end, or whose data is gone.
    """
    from nas.export.subject import of_training, of_trial
    from nas.runs.journal import read_trials
    from nas.train.final import is_training

    if is_training(place := _place(spec)):
        return of_training(place)
    if found := _trial_in(spec, runs_dir):
        run, which = found
        return of_trial(run, which, read_trials(run))
    return None


def _trial_in(spec: str, runs_dir: Path | None) -> "tuple[Run, str] | None":
    """The run and the trial of an argument RUN:TRIAL; None where the argument is no such one.

    Raises:
        RunError: there is no such run, or it is damaged.
    """
    run, colon, which = spec.rpartition(":")
    if not colon or _place(spec).is_file():
        return None
    from nas.runs import open_run

    return open_run(run, runs_dir=runs_dir or Path("runs")), which


def _place(spec: str) -> Path:
    """Where an argument may lie."""
    try:
        Path(spec).exists()
    except OSError as error:
        raise _unreadable(spec, str(error.strerror)) from None
    return Path(spec)


def _unreadable(spec: str, why: str) -> InputError:
    return InputError(f"a network is a name or a readable text file, but: {why}", path=spec[:100])


def _of_file(file: Path) -> Named:
    """The network whose text a file holds."""
    try:
        whole = chain(parse(file.read_text(encoding="utf-8")))
    except TextError as error:
        raise TextError(error.rule, path=f"{file}, {error.path}", hint=error.hint) from None
    except (OSError, UnicodeDecodeError) as error:
        why = str(error.strerror) if isinstance(error, OSError) else "it is no text in UTF-8"
        raise _unreadable(str(file), why) from None
    if is_open(whole):
        raise NasError("a file given as a network holds one, got a space", path=str(file))
    return unpublished(str(file), whole, (3, 224, 224))


def _of_trial(spec: str, run: "Run", which: str) -> Named:
    """The network of a trial, for the images of its run."""
    from nas.data.of_run import images_of
    from nas.runs.journal import read_trials
    from nas.runs.meant import meant

    trial = meant(run, which, read_trials(run))
    return unpublished(spec, chain(parse(trial.network)), images_of(run).input)


def _of_training(folder: Path) -> Named | None:
    """The network that `nas train` trained in a folder, for its images; None where it trained none."""
    from nas.train.final import images, recorded

    training = recorded(folder)
    if training is None:
        return None
    return unpublished(str(folder), chain(parse(training.network)), images(folder).input)


def network(named: Named, classes: int | None) -> Chain:
    """The network, for so many classes where that is said."""
    return chain(named.network() if classes is None else with_classes(named.network(), classes))


def unpublished(name: str, network: Chain, input: Shape) -> Named:
    """A network that no paper has, for images of shape `input` and as many classes as it tells apart unless said."""
    own = classes_of(network)

    def make(classes: int) -> Chain:
        return network if classes == own else with_classes(network, classes)

    return Named(name, make, input, own, 0, "")
