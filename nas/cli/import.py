"""`nas import`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nas.arch.named import Named
from nas.arch.text import text
from nas.cli import meant, options
from nas.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

    from nas.weights.libraries import Reference

_SAME = 1e-4


@click.command()
@click.argument("network")
@click.option("--from", "source", required=True, help="torchvision:NAME[:WEIGHTS], timm:NAME, or a file.")
@click.option("--like", help="Whose names the file has, as torchvision:NAME or timm:NAME.")
@click.option("--to", help="Go back: from a file with our names to those of torchvision:NAME or timm:NAME.")
@click.option("--out", type=click.Path(path_type=Path), help="The file to write.  [default: NETWORK.pt]")
@options.classes
@options.as_json
def command(
    network: str, source: str, like: str | None, to: str | None, out: Path | None, classes: int | None, as_json: bool
) -> None:
    """Take over weights from torchvision, timm or a file, or give them back.

    Writes the state dict of NETWORK's module, and beside it a card in JSON with the network's text, the source, and the
    mean and deviation by which images are normalized. torchvision and timm fetch their published weights where there is
    a network. Layers are matched by their shapes and the order in which they run; a network whose layers do not fit is
    refused. Outputs of both on noise are then compared.

    A file is a state dict, .pt, .pth or .safetensors. Without --like the order of its layers is that of the file, which
    a .safetensors does not keep.

    \b
    Examples:
      nas import resnet50 --from torchvision:resnet50:IMAGENET1K_V1
      nas import senet154 --from timm:legacy_senet154 --out weights/senet154.pt
      nas import resnet50 --from theirs.safetensors --like timm:resnet50
      nas import resnet50 --from resnet50.pt --to torchvision:resnet50 --out theirs.pt
    """
    from nas.weights.libraries import is_reference

    named = meant.named(network)
    if to and (like or is_reference(source)):
        raise click.UsageError("with --to, --from is a file with our names, and --like says nothing")
    if like and is_reference(source):
        raise click.UsageError("--like is said of a file")
    target = out or Path(f"{Path(network).name}.pt")
    if target.resolve() == Path(source).resolve():
        raise WeightsError("what is read would be overwritten", path=str(target), hint="--out FILE")
    told = _back(named, classes, Path(source), to, target) if to else _taken(named, classes, source, like, target)
    click.echo(json.dumps(told) if as_json else "\n".join(_said(told)))


def _taken(named: Named, classes: int | None, source: str, like: str | None, out: Path) -> dict[str, Any]:
    from nas.weights.convert import difference, imported
    from nas.weights.files import write
    from nas.weights.libraries import is_reference, reference

    theirs = reference(source, weights=True) if is_reference(source) else None
    state = theirs.module.state_dict() if theirs else _read(Path(source), like)
    order = theirs or (reference(like, weights=False) if like else None)
    made = imported(named.network(classes), named.input, state, order.module if order else None)
    card = {
        "name": named.name,
        "network": text(made.network),
        "input": list(named.input),
        "source": theirs.spec if theirs else source,
        "order": order.spec if order else "of the file",
        "left_out": list(made.left_out),
        **(_seen(theirs, difference(made, theirs.module, named.input)) if theirs else {}),
    }
    return {**card, "files": [str(file) for file in write(out, made.state, card)]}


def _read(file: Path, like: str | None) -> dict[str, "Tensor"]:
    from nas.weights.files import is_unordered, read

    if is_unordered(file) and not like:
        raise WeightsError(
            "a .safetensors file keeps no order of layers", path=str(file), hint="--like torchvision:NAME or timm:NAME"
        )
    return read(file)


def _seen(theirs: "Reference", difference: float) -> dict[str, Any]:
    return {"mean": list(theirs.mean), "std": list(theirs.std), "difference": difference}


def _back(named: Named, classes: int | None, file: Path, to: str, out: Path) -> dict[str, Any]:
    from nas.weights.convert import exported
    from nas.weights.files import read, write
    from nas.weights.libraries import reference

    theirs = reference(to, weights=False)
    state = exported(named.network(classes), named.input, read(file), theirs.module)
    files = [str(path) for path in write(out, state)]
    return {"name": named.name, "source": str(file), "to": theirs.spec, "files": files}


def _said(told: dict[str, Any]) -> list[str]:
    lines = [f"wrote {file}" for file in told["files"]]
    if told.get("left_out"):
        lines.append(f"left out what {told['name']} does not have: {', '.join(told['left_out'])}")
    if told.get("order") == "of the file":
        lines.append(
            "layers were matched by their order in the file; --like torchvision:NAME or timm:NAME runs a module"
        )
    if "difference" in told:
        lines.append(_compared(told["source"], told["difference"]))
    return lines


def _compared(source: str, difference: float) -> str:
    if difference < _SAME:
        return f"outputs on noise agree with those of {source} to {difference:.0e} of what two images differ"
    return (
        f"outputs on noise differ from those of {source} by {difference:.1%} of what two images differ: "
        "the networks are not the same in what has no weights, such as pools"
    )
