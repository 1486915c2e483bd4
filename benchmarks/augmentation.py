"""Anchor B4: our batched augmentation against per-sample Pillow, 10,000 images of 3x32x32, on one core.

Both crop by up to 4 pixels, flip, cut out 16x16 and normalise, and both end in float32 batches of 128. Beside them what
crops of 8 to 100 % of the area, flips, and changes of colour take. The times are process CPU seconds, the best of
interleaved repeats.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from nas.data import Dataset, Split
from nas.data.augment import Augment
from nas.data.batches import Batches

SIDE, BATCH, CROP, CUTOUT = 32, 128, 4, 16
MEAN = torch.tensor([0.4914, 0.4822, 0.4465]).view(3, 1, 1)
STD = torch.tensor([0.2470, 0.2435, 0.2616]).view(3, 1, 1)
GOAL = 8
OURS = {
    "ours": Augment(crop=CROP, flip=True, cutout=CUTOUT),
    "areas": Augment(area=0.08, flip=True),
    "areas and colours": Augment(area=0.08, flip=True, jitter=0.4, lighting=0.1),
}


def data(count: int) -> Dataset:
    """`count` images of noise; how long augmentation takes does not depend on what they show."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)
    split = Split(pixels.transpose(0, 3, 1, 2), generator.integers(0, 10, count))
    classes = tuple(map(str, range(10)))
    return Dataset(
        "noise",
        split,
        split,
        split,
        classes=classes,
        mean=tuple(MEAN.flatten().tolist()),
        std=tuple(STD.flatten().tolist()),
        notes=(),
    )


def ours(batches: Batches, epoch: int) -> None:
    """One epoch of ours."""
    for _images, _labels in batches.epoch(epoch):
        pass


def pillow(dataset: Dataset, epoch: int) -> None:
    """One epoch of per-sample Pillow, stacked into batches."""
    generator = np.random.default_rng(epoch)
    pixels = dataset.train.images.transpose(0, 2, 3, 1)
    order = generator.permutation(len(pixels))
    for start in range(0, len(order) - BATCH + 1, BATCH):
        torch.stack([sample(Image.fromarray(pixels[index]), generator) for index in order[start : start + BATCH]])


def sample(image: Image.Image, generator: np.random.Generator) -> Tensor:
    """One augmented image, float32 (3, 32, 32), by the steps of a data loader's usual transforms."""
    left, top = generator.integers(0, 2 * CROP, 2, endpoint=True).tolist()
    image = ImageOps.expand(image, CROP).crop((left, top, left + SIDE, top + SIDE))
    if generator.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    x, y = (generator.integers(0, SIDE, 2) - CUTOUT // 2).tolist()
    image.paste((125, 123, 114), (x, y, x + CUTOUT, y + CUTOUT))
    tensor = torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous().float().div_(255)
    return tensor.sub_(MEAN).div_(STD)


def cpu_s(step: Callable[[int], None], epoch: int) -> float:
    """CPU seconds of one epoch."""
    start = time.process_time()
    step(epoch)
    return time.process_time() - start


def main() -> None:
    """Print all speeds, and how many times Pillow's ours are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    dataset = data(arguments.images)
    steps: dict[str, Callable[[int], None]] = {"Pillow": partial(pillow, dataset)}
    for name, augment in OURS.items():
        batches = Batches(dataset.train, dataset, device=torch.device("cpu"), batch=BATCH, augment=augment)
        steps[name] = partial(ours, batches)
    times = [{name: cpu_s(step, epoch) for name, step in steps.items()} for epoch in range(arguments.repeats)]
    best = {name: min(each[name] for each in times) for name in steps}
    images = arguments.images // BATCH * BATCH
    for name, seconds in best.items():
        times_pillow = best["Pillow"] / seconds
        print(f"{name:<18}{images / seconds:>8,.0f} images per core and second, {times_pillow:.1f} of Pillow's")
    print(f"goal: ours {GOAL} of Pillow's")


if __name__ == "__main__":
    main()
