"""`nas evaluate`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from nas.arch.cost import cost
from nas.arch.nodes import Chain, chain
from nas.arch.text import parse
from nas.cli import meant, options
from nas.errors import DataError, WeightsError

_IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
_SHARE = 0.875
_TOP = 5


@click.command()
@click.argument("what", metavar="RUN:TRIAL|RUN:best|TRAINING|WEIGHTS")
@click.argument("images", type=click.Path(path_type=Path))
@click.option("--network", help="Whose weights they are, where no card lies beside them.")
@click.option(
    "--share",
    type=click.FloatRange(0.1, 1),
    help=f"Of a side, in the crop.  [default: {_SHARE}; the whole image for what was trained here]",
)
@click.option("--batch", type=click.IntRange(1), default=64, show_default=True)
@click.option("--runs-dir", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@options.as_json
def command(
    what: str, images: Path, network: str | None, share: float | None, batch: int, runs_dir: Path, as_json: bool
) -> None:
    """Measure the errors of trained weights on a folder of images.

    IMAGES holds a folder for each class. A trial of a run, or the training of a folder, sees its images as in training,
    stretched to its size, and knows the classes by name. WEIGHTS is a file that `nas import` or `nas export --format
    weights` wrote; its card says the network and how images are normalized. Imported weights see one centre crop, and
    the folders, sorted by name, are the network's outputs in order, as in ImageNet's val/ with one folder for each
    synset. Images are cropped bilinearly; who resizes otherwise gets slightly other errors.

    \b
    Examples:
      nas evaluate runs/NAME:best path/to/new/images
      nas import resnet50 --from torchvision:resnet50:IMAGENET1K_V1
      nas evaluate resnet50.pt path/to/imagenet/val
    """
    from nas.data.crops import Crops
    from nas.lower import build
    from nas.train.device import pick_device
    from nas.train.evaluate import score
    from nas.weights.files import read

    subject = meant.trained(what, runs_dir)
    weights = subject.weights if subject and subject.weights else Path(what)
    whole, card = (subject.network, subject.card()) if subject else _network(weights, network)
    state, device, shape = read(weights), pick_device(), tuple(card["input"])
    classes = card.get("classes")
    if share is None and classes is None:
        share = _SHARE
    crops = Crops(
        images,
        shape,
        mean=card["mean"],
        std=card["std"],
        device=device,
        batch=batch,
        share=share,
        classes=classes,
    )
    (outputs,) = cost(whole, shape).output
    if len(crops.classes) != outputs:
        raise DataError(
            f"the network tells {outputs} classes apart, the folder has {len(crops.classes)}", path=str(images)
        )
    module = build(whole, input=shape)
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        hint = "nas import NETWORK --from FILE writes them under our names"
        raise WeightsError(
            f"not the weights of the network: {str(error)[:200]}", path=str(weights), hint=hint
        ) from None
    made = score(module.to(device), crops, device=device)
    if as_json:
        click.echo(json.dumps({"name": card["name"], **asdict(made), "share": share}))
        return
    top1, top5 = (100 * (1 - right) for right in (made.accuracy, made.top5))
    among = f", top-5 {top5:.2f} %" if outputs > _TOP else ""
    click.echo(f"{card['name']}: top-1 error {top1:.2f} %{among}, {made.count:,} images")


def _network(weights: Path, name: str | None) -> tuple[Chain, dict[str, Any]]:
    """The network that weights belong to, and how its images are read: from their card, or by name."""
    if not weights.is_file():
        raise WeightsError("no such file", path=str(weights))
    if name is not None:
        named = meant.named(name)
        return chain(named.network()), {"name": name, "input": named.input, **_IMAGENET}
    cards = [weights.with_name(f"{weights.name}.json"), weights.with_name("card.json")]
    file = next(filter(Path.is_file, cards), cards[0])
    try:
        card = json.loads(file.read_text(encoding="utf-8"))
        return chain(parse(card["network"])), {**_IMAGENET, **card}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise WeightsError(
            f"the card of the weights cannot be read: {type(error).__name__}", path=str(file), hint="--network NAME"
        ) from None
