"""The networks of torchvision and timm, with their published weights or without."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from types import ModuleType
from typing import Any

import torch
from torch import nn

from nas.errors import WeightsError

LIBRARIES = ("torchvision", "timm")


@dataclass(frozen=True)
class Reference:
    """A network of another library.

    Args:
        spec: What it was asked for by, with the name of its weights.
        module: It, in evaluation; without weights on the meta device, where it has shapes only.
        mean: What is taken from each channel of an image, in [0, 1], that its weights are meant for; empty if unknown.
        std: What each channel is then divided by.
    """

    spec: str
    module: nn.Module
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()


def is_reference(spec: str) -> bool:
    """Whether `spec` names a network of a library."""
    return spec.partition(":")[0] in LIBRARIES


def reference(spec: str, *, weights: bool) -> Reference:
    """The network that `torchvision:NAME`, `torchvision:NAME:WEIGHTS` or `timm:NAME` names.

    The library fetches published weights over the network where it has not kept them.

    Raises:
        WeightsError: the library is absent, has no such network or weights, or does not reach them.
    """
    library, _, name = spec.partition(":")
    if library not in LIBRARIES or not name:
        raise WeightsError(
            f"a network of a library is torchvision:NAME or timm:NAME, got {spec!r}", hint="torchvision:resnet50"
        )
    return _torchvision(name, weights=weights) if library == "torchvision" else _timm(name, weights=weights)


def _torchvision(spec: str, *, weights: bool) -> Reference:
    models = _library("torchvision", "torchvision.models")
    name, _, wanted = spec.partition(":")
    if name not in models.list_models(module=models):
        raise _unknown("torchvision", name, models.list_models(module=models))
    known = models.get_model_weights(name)
    if wanted and wanted not in known.__members__:
        raise WeightsError(
            f"torchvision has no weights {wanted!r} of {name}", hint=f"it has {', '.join(known.__members__)}"
        )
    if not weights:
        return Reference(f"torchvision:{name}", _shapes_only(models.get_model, name))
    chosen = known[wanted] if wanted else known.DEFAULT
    module = _fetched(models.get_model, name, weights=chosen)
    if getattr(module, "transform_input", False):  # shifts and scales again what was normalized as for its siblings
        module.transform_input = False
        mean = std = (0.5, 0.5, 0.5)
    else:
        transforms = chosen.transforms()
        mean, std = tuple(transforms.mean), tuple(transforms.std)
    return Reference(f"torchvision:{name}:{chosen.name}", module.eval(), mean, std)


def _timm(name: str, *, weights: bool) -> Reference:
    timm = _library("timm", "timm")
    if not timm.is_model(name.partition(".")[0]):
        raise _unknown("timm", name, timm.list_models())
    if "." in name and name not in timm.list_models(f"{name.partition('.')[0]}.*", pretrained=True):
        listed = timm.list_models(f"{name.partition('.')[0]}.*", pretrained=True)
        raise WeightsError(f"timm has no weights {name!r}", hint=f"it has {', '.join(listed)}")
    if not weights:
        return Reference(f"timm:{name}", _shapes_only(timm.create_model, name.partition(".")[0]))
    module = _fetched(timm.create_model, name, pretrained=True)
    made = module.pretrained_cfg
    spec = f"timm:{made['architecture']}.{made['tag']}" if made.get("tag") else f"timm:{name}"
    return Reference(spec, module.eval(), tuple(made["mean"]), tuple(made["std"]))


def _shapes_only(make: Any, name: str) -> nn.Module:
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # on how weights will be drawn
        module: nn.Module = make(name)
    return module.eval()


def _fetched(make: Any, name: str, **options: Any) -> Any:
    try:
        return make(name, **options)
    except (OSError, RuntimeError) as error:
        raise WeightsError(
            f"the published weights cannot be fetched: {type(error).__name__}: {str(error).splitlines()[0]}",
            path=name,
            hint="fetch the file where there is a network, and say --from FILE --like LIBRARY:NAME",
        ) from None


def _library(name: str, module: str) -> ModuleType:
    try:
        return import_module(module)
    except ImportError:
        raise WeightsError(f"{name} is not installed", hint=f"pip install {name}, or give a file") from None
    except RuntimeError as error:
        raise WeightsError(
            f"{name} does not load beside torch {torch.__version__}: {error}",
            hint="install the build of it that belongs to this torch, or give a file",
        ) from None


def _unknown(library: str, name: str, known: Sequence[str]) -> WeightsError:
    near = get_close_matches(name, known, n=3)
    return WeightsError(
        f"{library} has no network {name!r}", hint=f"did you mean {', '.join(near)}?" if near else "see its list_models"
    )
