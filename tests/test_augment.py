"""Batches and their augmentation, against per-sample numpy given the same random draws."""

import tracemalloc
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nas.data import Dataset, Split, areas, colours, load
from nas.data.augment import Augment, apply, draw
from nas.data.batches import Batches
from nas.errors import NasError

CPU = torch.device("cpu")
EVERYTHING = Augment(crop=2, flip=True, cutout=5)
PHOTOGRAPHIC = Augment(flip=True, area=0.2, jitter=0.3, lighting=0.1)


def tiny(count: int = 50, image: tuple[int, int, int] = (3, 8, 12)) -> Dataset:
    """A data set whose image number i is noise but for its label, i."""
    generator = np.random.default_rng(3)
    images = generator.integers(0, 256, (count, *image), dtype=np.uint8)
    split = Split(images, np.arange(count))
    channels = image[0]
    return Dataset(
        name="tiny",
        train=split,
        val=split,
        test=split,
        classes=tuple(map(str, range(count))),
        mean=(0.5, 0.4, 0.3)[:channels],
        std=(0.25, 0.2, 0.3)[:channels],
        notes=(),
    )


def batches(data: Dataset, **options: object) -> Batches:
    """Batches of 16 of the training split."""
    return Batches(data.train, data, **{"device": CPU, "batch": 16, **options})  # type: ignore[arg-type]


def pixels(images: torch.Tensor, data: Dataset) -> np.ndarray:
    """Normalised images as the bytes they were."""
    mean, std = (torch.tensor(values).view(-1, 1, 1) for values in (data.mean, data.std))
    return ((images.cpu() * std + mean) * 255).round().to(torch.uint8).numpy()


def one_by_one(images: np.ndarray, draws: np.ndarray, fill: np.ndarray, *, crop: int, cutout: int) -> np.ndarray:
    """What `apply` does, by padding, slicing and painting one image at a time; images are (n, h, w, c)."""
    height, width = images.shape[1:3]
    out = []
    for image, (down, right, flip, row, column) in zip(images, draws.tolist(), strict=True):
        padded = np.pad(image, ((crop, crop), (crop, crop), (0, 0)))
        cropped = padded[crop + down : crop + down + height, crop + right : crop + right + width]
        result = (cropped[:, ::-1] if flip else cropped).copy()
        top, left = row - cutout // 2, column - cutout // 2
        result[max(0, top) : max(0, top + cutout), max(0, left) : max(0, left + cutout)] = fill
        out.append(result)
    return np.stack(out)


@given(
    shape=st.tuples(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3])),
    augment=st.builds(Augment, crop=st.integers(0, 12), flip=st.booleans(), cutout=st.integers(0, 12)),
    seed=st.integers(0, 99),
)
def test_a_batch_is_augmented_as_its_images_one_by_one(
    shape: tuple[int, int, int, int], augment: Augment, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    images = generator.integers(2, 256, shape, dtype=np.uint8)
    draws = draw(augment, shape[0], shape[1:3], generator)
    fill = np.ones(shape[-1], np.uint8)
    got = apply(*map(torch.from_numpy, (images, draws, fill)), cutout=augment.cutout)
    expected = one_by_one(images, draws, fill, crop=augment.crop, cutout=augment.cutout)
    assert np.array_equal(got.numpy(), expected)


def test_draws_reach_everything_allowed_and_nothing_else() -> None:
    generator = np.random.default_rng(0)
    columns = draw(Augment(crop=2, flip=True, cutout=3), 2000, (4, 6), generator).T
    assert [set(column.tolist()) for column in columns] == [
        set(range(-2, 3)),
        set(range(-2, 3)),
        {0, 1},
        set(range(4)),
        set(range(6)),
    ]
    assert not draw(Augment(), 100, (4, 6), generator)[:, :3].any()


@pytest.mark.parametrize("image", [(1, 28, 28), (3, 8, 12)])
def test_once_gives_every_image_in_order_and_plain(image: tuple[int, int, int]) -> None:
    data = tiny(image=image)
    seen = list(batches(data, augment=EVERYTHING).once())
    assert [len(labels) for _, labels in seen] == [16, 16, 16, 2]
    assert torch.cat([labels for _, labels in seen]).tolist() == list(range(50))
    assert np.array_equal(np.concatenate([pixels(images, data) for images, _ in seen]), data.train.images)
    for images, labels in seen:
        assert (images.dtype, labels.dtype) == (torch.float32, torch.int64)
        assert images.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("augment", [None, Augment()])
def test_without_settings_images_stay_what_they_are(augment: Augment | None) -> None:
    data = tiny()
    for images, labels in batches(data, augment=augment).epoch(0):
        assert np.array_equal(pixels(images, data), data.train.images[labels.numpy()])


def test_an_augmented_epoch_holds_pixels_of_the_image_black_or_the_mean() -> None:
    data = tiny()
    extra = {(0, 0, 0), (128, 102, 76)}
    changed = 0
    for images, labels in batches(data, augment=EVERYTHING).epoch(0):
        assert images.is_contiguous(memory_format=torch.channels_last)
        for image, label in zip(pixels(images, data), labels.tolist(), strict=True):
            original = data.train.images[label]
            colours = {tuple(colour) for colour in image.reshape(3, -1).T.tolist()}
            assert colours <= extra | {tuple(colour) for colour in original.reshape(3, -1).T.tolist()}
            changed += not np.array_equal(image, original)
    assert changed > 40


def epoch_of(data: Dataset, epoch: int = 0, **options: object) -> tuple[torch.Tensor, torch.Tensor]:
    """Images and labels of a whole epoch."""
    images, labels = zip(*batches(data, **{"augment": EVERYTHING, **options}).epoch(epoch), strict=True)
    return torch.cat(images), torch.cat(labels)


@pytest.mark.parametrize("augment", [EVERYTHING, PHOTOGRAPHIC])
def test_an_epoch_is_a_function_of_seed_and_number(augment: Augment) -> None:
    data = tiny()
    images, labels = epoch_of(data, 3, seed=1, augment=augment)
    again, labels_again = epoch_of(data, 3, seed=1, augment=augment)
    assert torch.equal(images, again)
    assert torch.equal(labels, labels_again)
    for seed, epoch in ((1, 4), (2, 3), (3, 1)):
        assert not torch.equal(epoch_of(data, epoch, seed=seed)[1], labels)


def test_an_epoch_is_a_permutation_without_the_short_batch() -> None:
    labels = epoch_of(tiny(48))[1].tolist()
    assert sorted(labels) == list(range(48))
    assert labels != sorted(labels)
    assert len(set(epoch_of(tiny(50))[1].tolist())) == 48
    assert len(batches(tiny(50))) == 3


def test_a_single_short_batch_is_kept() -> None:
    assert len(batches(tiny(7))) == 1
    assert sorted(epoch_of(tiny(7))[1].tolist()) == list(range(7))


def test_a_limit_keeps_the_share_of_each_class(tmp_path: Path) -> None:
    data = load(cache_dir=tmp_path)
    few, more = (torch.cat([images for images, _ in batches(data, limit=limit, seed=5).once()]) for limit in (200, 400))
    labels = torch.cat([labels for _, labels in batches(data, limit=200, seed=5).once()])
    counts = torch.bincount(labels)
    assert (len(labels), len(counts)) == (200, 10)
    assert counts.min() >= 19
    assert {image.numpy().tobytes() for image in few} <= {image.numpy().tobytes() for image in more}
    trained = torch.cat([labels for _, labels in batches(data, limit=208, batch=16).epoch(0)])
    assert len(trained) == 208
    assert len(list(batches(data, limit=10**6).once())) == 563


def test_the_training_split_is_normalised(tmp_path: Path) -> None:
    data = load(cache_dir=tmp_path)
    images = torch.cat([images for images, _ in batches(data, batch=1000).once()])
    assert abs(float(images.mean())) < 1e-4
    assert abs(float(images.std()) - 1) < 1e-4


def test_a_cpu_never_copies_the_split(tmp_path: Path) -> None:
    data = load(cache_dir=tmp_path)
    tracemalloc.start()
    for _ in batches(data, augment=EVERYTHING).epoch(0):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < data.train.images.nbytes / 4


@given(
    shape=st.tuples(st.integers(1, 4), st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3])),
    area=st.floats(0.01, 1),
    seed=st.integers(0, 99),
)
def test_a_box_is_enlarged_as_torchvision_does(
    torchvision: ModuleType, shape: tuple[int, int, int, int], area: float, seed: int
) -> None:
    from torchvision.transforms.functional import resized_crop

    generator = np.random.default_rng(seed)
    images = torch.from_numpy(generator.integers(0, 256, shape, dtype=np.uint8))
    boxes = areas.draw(area, shape[0], shape[1:3], generator)
    got = areas.resized(images, torch.from_numpy(boxes))
    for ours, image, box in zip(got, images, boxes.tolist(), strict=True):
        theirs = resized_crop(image.permute(2, 0, 1), *box, list(shape[1:3]), antialias=True)
        assert (ours.permute(2, 0, 1).int() - theirs.int()).abs().max() <= 1


@pytest.mark.parametrize("image", [(200, 200), (90, 160)])
def test_boxes_lie_within_and_are_spread_as_torchvisions(torchvision: ModuleType, image: tuple[int, int]) -> None:
    from torchvision.transforms import RandomResizedCrop

    boxes = areas.draw(0.08, 4000, image, np.random.default_rng(0)).astype(float)
    assert boxes.min() >= 0
    assert tuple((boxes[:, :2] + boxes[:, 2:]).max(0)) == image
    torch.manual_seed(0)
    plain = torch.zeros(1, *image)
    theirs = np.array([RandomResizedCrop.get_params(plain, [0.08, 1], [3 / 4, 4 / 3]) for _ in range(4000)], float)
    deciles = np.linspace(0.1, 0.9, 9)
    for measure in (
        lambda box: box[2] * box[3] / np.prod(image),
        lambda box: box[3] / box[2],
        lambda box: box[0] / 200,
    ):
        expected = np.quantile(measure(theirs.T), deciles)
        assert np.quantile(measure(boxes.T), deciles) == pytest.approx(expected, abs=0.03)
    assert areas.draw(0.99, 50, (4, 40), np.random.default_rng(0))[:, 2:].tolist() == [[4, 40]] * 50


@given(st.lists(st.floats(0.7, 1.3), min_size=3, max_size=3), st.sampled_from([1, 3]), st.integers(0, 99))
def test_colours_change_as_in_torchvision(
    torchvision: ModuleType, factors: list[float], channels: int, seed: int
) -> None:
    from torchvision.transforms import functional as theirs

    generator = np.random.default_rng(seed)
    images = torch.from_numpy(generator.uniform(90, 130, (2, channels, 5, 6))).float()
    draws = torch.tensor([[*factors, *[0.0] * channels]] * 2)
    matrix, offset = colours.maps(images.mean((2, 3)), draws, torch.eye(channels))
    ours = torch.einsum("nij,njhw->nihw", matrix, images) + offset[:, :, None, None]
    changes = [theirs.adjust_brightness, theirs.adjust_contrast, theirs.adjust_saturation]
    expected = images / 255
    for change, factor in zip(changes, factors, strict=True):
        expected = change(expected, factor)
    assert torch.allclose(ours / 255, expected, atol=5e-4)


def test_lighting_varies_along_the_principal_axes_of_the_colours() -> None:
    generator = np.random.default_rng(0)
    images = (generator.normal(0, 20, (50, 4, 4, 3)) @ [[1, 1, 1], [0, 1, -1], [0.2, 0, 0]] + 128).astype(np.uint8)
    spread = colours.covariance(images)
    draws = torch.from_numpy(colours.draw(0, 0.1, 100_000, 3, generator))
    matrix, offset = colours.maps(torch.zeros(len(draws), 3), draws, spread)
    assert torch.equal(matrix, torch.eye(3).expand_as(matrix))
    variances, axes = np.linalg.eigh(np.cov(images.reshape(-1, 3).T / 255))
    along = offset.double().numpy() / 255 @ axes
    assert along.std(0) == pytest.approx(0.1 * variances, rel=0.02)
    assert np.corrcoef(along.T) == pytest.approx(np.eye(3), abs=0.02)


@pytest.mark.parametrize("image", [(3, 8, 12), (1, 9, 9)])
def test_changes_of_colour_are_normalised_as_the_rest(image: tuple[int, int, int]) -> None:
    """Factors of almost 1 and no lighting change almost nothing; the layout is the same."""
    data = tiny(image=image)
    plain, faint = (
        list(batches(data, augment=augment).epoch(2))
        for augment in (Augment(flip=True), Augment(flip=True, jitter=1e-6))
    )
    for (images, labels), (tinted, same) in zip(plain, faint, strict=True):
        assert torch.equal(labels, same)
        assert torch.allclose(images, tinted, atol=1e-4)
        assert tinted.is_contiguous(memory_format=torch.channels_last)
    strong = next(batches(data, augment=Augment(flip=True, jitter=0.5, lighting=1.0)).epoch(2))[0]
    assert (strong - plain[0][0]).abs().amax((1, 2, 3)).min() > 0.05


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"area": 0.0}, "area is above 0, and at most 1, but got 0.0"),
        ({"jitter": 1.5}, "jitter is from 0 to 1, but got 1.5"),
        ({"lighting": -0.1}, "lighting is at least 0, but got -0.1"),
        ({"crop": -1}, "crop is a whole number from 0, but got -1"),
        ({"cutout": 2.5}, "cutout is a whole number from 0, but got 2.5"),
    ],
)
def test_mistakes_are_told(fields: dict[str, float], rule: str) -> None:
    with pytest.raises(NasError, match=rule):
        Augment(**fields)  # type: ignore[arg-type]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize(("augment", "tolerance"), [(EVERYTHING, 1e-6), (PHOTOGRAPHIC, 0.06)])
def test_cuda_gives_the_batches_of_the_cpu(augment: Augment, tolerance: float) -> None:
    data, cuda = tiny(), torch.device("cuda")
    on_cpu, on_cuda = (epoch_of(data, 2, augment=augment, device=device) for device in (CPU, cuda))
    for ours, theirs in zip(on_cpu, on_cuda, strict=True):
        assert theirs.is_cuda
        assert torch.allclose(ours, theirs.cpu(), atol=tolerance)
