"""What every test runs under: hypothesis profiles, and the libraries that networks are compared with."""

import importlib
import os
from collections.abc import Iterator
from functools import cache
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

# Tests run side by side, several on a core: more threads would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile(
    "ci", derandomize=True, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Side by side go files, whose tests share what they make, and one after the other, first, tests that start Ray."""
    items.sort(key=lambda item: item.get_closest_marker("ray") is None)
    for item in items:
        group = "ray" if item.get_closest_marker("ray") else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))


@cache
def give_way() -> None:
    """To the many processes of a Ray, which take long to start."""
    os.nice(5)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """From its first test on that starts no Ray, a process beside others gives way to those that do."""
    if hasattr(item.config, "workerinput") and item.get_closest_marker("ray") is None:
        give_way()


@pytest.fixture(scope="session")
def torchvision() -> Iterator[ModuleType]:
    """torchvision; skips the test where it is not installed.

    A wheel built for CUDA fails to import beside a torch without, for want of the schemas of two operators that no
    model of it calls; they are declared then, and stay so as long as the library object lives.
    """
    torch = pytest.importorskip("torch")
    try:
        yield pytest.importorskip("torchvision")
    except RuntimeError:
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        yield importlib.import_module("torchvision")


@pytest.fixture(scope="session")
def timm(torchvision: ModuleType) -> ModuleType:
    """timm, which imports torchvision; skips the test where it is not installed."""
    return pytest.importorskip("timm")


@pytest.fixture(scope="session")
def pytorchcv() -> ModuleType:
    """pytorchcv; skips the test where it is not installed."""
    return pytest.importorskip("pytorchcv")
