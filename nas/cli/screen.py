"""A search as a screen that a person watches: the budget, the front so far, and what is under way."""

from collections.abc import Iterable, Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nas.arch.readable import count, duration
from nas.runs import Run, Trial
from nas.search.events import CAUSES
from nas.search.status import Status

_BAR = 24
_FEWEST_ROWS = 5
_OTHER_LINES = 14


def show(run: Run, looks: Iterable[Status]) -> None:
    """Show each look in the place of the one before; the last one stays."""
    console = Console()
    with Live(console=console, auto_refresh=False, transient=False) as live:
        for made in looks:
            live.update(screen(run, made, rows=max(_FEWEST_ROWS, console.height - _OTHER_LINES)), refresh=True)
    if made.state != "going on":
        console.print(f"next:\n  nas report {run.folder}", highlight=False, markup=False)


def screen(run: Run, made: Status, *, rows: int) -> RenderableType:
    """What one look shows, with at most so many rows of the front."""
    return Group(_head(run, made), _budget(made), Text(), _front(made.front, rows), *_under_way(made))


def _head(run: Run, made: Status) -> Text:
    state = f"{made.state}: {CAUSES[made.cause]}" if made.cause else made.state
    at = made.progress
    resting = f", {at.resting} at rungs" if at.resting else ""
    finals = "\n{} of {} trainings of finalists".format(*made.finalists) if made.finalists else ""
    return Text.assemble(
        (run.name, "bold"),
        f"  {state}\n",
        f"{at.complete} trained, {at.running} under way{resting}, {at.failed} failed, {at.stopped} stopped{finals}",
    )


def _budget(made: Status) -> Table:
    at, is_time = made.progress, made.budget.is_time
    spent = duration(at.spent) if is_time else f"{at.spent:.0f}"
    eta = f", about {duration(at.eta_s)} to go" if at.eta_s is not None and made.state == "going on" else ""
    line = Table.grid(padding=(0, 1))
    line.add_row(
        ProgressBar(total=made.budget.amount, completed=at.spent, width=_BAR),
        Text(f"{spent} of {made.budget} spent{eta}"),
    )
    return line


def _front(front: Sequence[Trial], rows: int) -> RenderableType:
    if not front:
        return Text("no network is trained to its end yet")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("trial", "accuracy", "MACs", "params"):
        table.add_column(name, justify="right")
    table.add_column("")
    best = sorted(front, key=lambda trial: trial.macs)
    low, high = (edge(trial.accuracy or 0.0 for trial in best) for edge in (min, max))
    for trial in best[-rows:]:
        accuracy = trial.accuracy or 0.0
        length = 1 + round((_BAR - 1) * (accuracy - low) / (high - low)) if high > low else _BAR
        table.add_row(
            str(trial.number), f"{accuracy:.2%}", count(trial.macs), count(trial.params), Text("━" * length, "cyan")
        )
    if len(best) > rows:
        table.add_row("…", f"and {len(best) - rows} smaller")
    return table


def _under_way(made: Status) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for trial in made.under_way:
        of = f" of {made.epochs}" if made.epochs else ""
        at = f", {trial.accuracy:.2%}" if trial.accuracy is not None else ""
        lines.append(Text(f"trial {trial.number}: {count(trial.macs)} MACs, epoch {len(trial.accuracies)}{of}{at}"))
    return [Text(), *lines] if lines else []
