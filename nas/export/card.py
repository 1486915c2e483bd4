"""The card of an export as a page to read: what it is, how good, of which data, made how, and how to use it."""

from collections.abc import Iterator
from typing import Any

from nas.arch.cost import Shape
from nas.arch.readable import counted

_USAGES = {
    "python": """\
    python model.py image.jpg

```python
from pathlib import Path

import torch

from model import Network, load

model = load(Path("."), Network())
print(model(torch.zeros(1, {numbers})).softmax(1))
```
""",
    "weights": """\
```python
from pathlib import Path

import torch

import nas

model = nas.build(nas.parse(Path("network.txt").read_text()), input={input})
model.load_state_dict(torch.load("weights.pt", weights_only=True))
print(model.eval()(torch.zeros(1, {numbers})).shape)
```
""",
    "onnx": """\
```python
import numpy
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx")
(logits,) = session.run(None, {{"image": numpy.zeros((1, {numbers}), numpy.float32)}})
print(logits.shape)
```
""",
    "torch.export": """\
`model.pt2` is a zip archive; load it only where you trust who made it.

```python
import torch

model = torch.export.load("model.pt2").module()
print(model(torch.zeros(1, {numbers})).shape)
```
""",
}


def page(card: dict[str, Any], form: str) -> str:
    """The text of `card.md`."""
    shape: Shape = tuple(card["input"])
    usage = _USAGES[form].format(input=shape, numbers=", ".join(map(str, shape)))
    return "\n".join([f"# {card['name']}", "", *_lines(card), "", "## Use", "", usage])


def _lines(card: dict[str, Any]) -> Iterator[str]:
    channels, height, width = card["input"]
    yield f"- Weights: {card['weights']}."
    yield f"- Size: {card['params']:,} parameters, {card['macs']:,} multiply-adds an image."
    yield (
        f"- Input: {'grey' if channels == 1 else 'RGB' if channels == 3 else f'{channels}-channel'} images of "
        f"{height}×{width} pixels, stretched to it; pixel values 0 to 1, minus {_numbers(card['mean'])}, "
        f"divided by {_numbers(card['std'])}."
    )
    yield f"- Output: a number for each of {len(card['classes'])} classes: {_listed(card['classes'])}."
    for metric in card.get("metrics", ()):
        yield _metric(metric, card["data"]["name"])
    if data := card.get("data"):
        images = ", ".join(f"{count:,} {split}" for split, count in data["images"].items())
        yield f"- Data: {data['name']}, {images} images; licence: {data['license']}."
        yield from (f"  - {note}" for note in data["notes"])
    if recipe := card.get("recipe"):
        yield "- Recipe: " + ", ".join(f"{name} {value}" for name, value in recipe.items()) + "."
    made = card.get("provenance", {})
    if "training" in made:
        what = made["asked"]["what"]
        yield f"- Made by nas {card['nas']}: training {made['training']} of {what}, seed {made['seed']}."
    elif made:
        yield (
            f"- Made by nas {card['nas']}: run {made['run']}, trial {made['trial']} of the space {made['space']}, "
            f"strategy {made['strategy']}, budget {made['budget']}, seed {made['seed']}."
        )
    else:
        yield f"- Made by nas {card['nas']}."
    yield f"- Network: fingerprint {card['fingerprint']}; its text stands in `card.json`."


def _metric(metric: dict[str, Any], data: str) -> str:
    chosen = f", chosen among {metric['among']} by these same images, so rather too high" if metric["among"] > 1 else ""
    epochs = counted(metric["epochs"], "epoch")
    return (
        f"- {metric['name'].capitalize()}: {metric['value']:.2%} on {metric['images']:,} images of the "
        f"{metric['split']} split of {data}, after {epochs}, seed {_listed(metric['seeds'])}{chosen}."
    )


def _numbers(values: list[float]) -> str:
    return ", ".join(f"{value:.4g}" for value in values)


def _listed(values: list[Any]) -> str:
    shown = ", ".join(map(str, values[:10]))
    return shown if len(values) <= 10 else f"{shown}, …"
