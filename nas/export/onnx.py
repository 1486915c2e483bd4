"""A network as ONNX, which takes packages that nas itself does not need: the extra `export`."""

import importlib.util
from pathlib import Path

import torch
from torch import nn

from nas.arch.cost import Shape
from nas.export.errors import ExportError


def write_onnx(module: nn.Module, input: Shape, file: Path) -> None:
    """Write an ONNX file that reads "image", (any number, channels, height, width), and writes "logits".

    Raises:
        ExportError: a package is not installed.
    """
    absent = [name for name in ("onnx", "onnxscript") if importlib.util.find_spec(name) is None]
    if absent:
        raise ExportError(
            f"ONNX needs packages of the extra `export`, but {' and '.join(absent)} is not installed",
            path="--format onnx",
            hint="pip install 'nas-space[export]'",
        )
    torch.onnx.export(
        module,
        (torch.zeros(2, *input),),
        file,
        input_names=["image"],
        output_names=["logits"],
        dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
        external_data=False,
        dynamo=True,
        verbose=False,
    )
