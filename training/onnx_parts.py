"""A network of others to ONNX, in single or half precision, compared with PyTorch before anybody uses it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from .onnx_notes import strip

__all__ = ["TOLERANCE", "ExportError", "Part", "export_part", "fit_weights", "load_checkpoint"]

OPSET = 18
TOLERANCE = {"float32": 1e-4, "float16": 3e-2}
"""Largest difference to PyTorch in single precision, relative to an output's largest value."""


class ExportError(Exception):
    """What is wrong with a checkpoint or an export, in one sentence."""


@dataclass(frozen=True)
class Part:
    """One file to write: a network with its inputs, some values of them, and the names of its outputs.

    ``lengths``: by input, the dimensions that may have any length. ``half``: whether the file may be in half precision.
    The network takes and gives float32 in any case.
    """

    file: Path
    network: nn.Module
    inputs: dict[str, Tensor]
    outputs: tuple[str, ...]
    lengths: dict[str, dict[int, str]] = field(default_factory=dict[str, dict[int, str]])
    half: bool = True


def load_checkpoint(file: Path) -> dict[str, Any]:
    """A checkpoint's table; nothing but tensors and plain values is loaded from it.

    Raises
    ------
    ExportError
        If it cannot be read so.
    """
    try:
        table = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ExportError(f"{file} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # torch and pickle raise whatever a damaged file leads them to
        raise ExportError(f"{file.name} is no checkpoint of plain tensors; download it again.") from error
    if not isinstance(table, dict):
        raise ExportError(f"{file.name} holds no table of tensors; take the published checkpoint.")
    return table


def fit_weights(network: nn.Module, weights: dict[str, Tensor], unused: str | tuple[str, ...], what: str) -> None:
    """Put a checkpoint's tensors into a network, in place.

    Parameters
    ----------
    unused : what the names of tensors begin with that are published but not used
    what : the network's name for messages

    Raises
    ------
    ExportError
        If a tensor is missing, not known, or of another shape.
    """
    wanted = {name: tensor.shape for name, tensor in network.state_dict().items()}
    found = {name: tensor for name, tensor in weights.items() if not name.startswith(unused)}
    faults = [
        ("lacks", sorted(wanted.keys() - found.keys())),
        ("has unknown", sorted(found.keys() - wanted.keys())),
        ("has misshapen", sorted(name for name in wanted.keys() & found if wanted[name] != found[name].shape)),
    ]
    if told := [f"{words} {len(names)} (such as {names[0]})" for words, names in faults if names]:
        raise ExportError(f"The checkpoint is not {what}'s: of its tensors it {', '.join(told)}.")
    network.load_state_dict(found, assign=True)


def export_part(part: Part, precision: str) -> float:
    """Write one file and return how far it is from PyTorch in single precision: see `TOLERANCE`.

    Raises
    ------
    ExportError
        If that is too far.
    """
    network = part.network.eval().requires_grad_(False)
    with torch.no_grad():
        expected = network(*part.inputs.values())
    expected = expected if isinstance(expected, tuple) else (expected,)
    half = precision == "float16" and part.half
    network = network.half() if half else network
    with tempfile.TemporaryDirectory(dir=part.file.parent) as folder:
        file = Path(folder) / part.file.name
        _write(part, network, file)
        apart = _difference(part, file, expected)
        allowed = TOLERANCE["float16" if half else "float32"]
        if not apart <= allowed:
            advice = "export it with --precision float32" if half else "nothing was written"
            raise ExportError(
                f"{part.file.name} differs from PyTorch by {apart:.1e}, more than {allowed:.0e}; {advice}."
            )
        file.replace(part.file)
    return apart


def _write(part: Part, network: nn.Module, file: Path) -> None:
    """One ONNX file; large networks pass through a second one beside it, which the caller clears away."""
    lengths = {
        name: {axis: torch.export.Dim(label, min=2, max=1 << 24) for axis, label in part.lengths.get(name, {}).items()}
        for name in part.inputs
    }
    torch.onnx.export(
        network,
        tuple(part.inputs.values()),
        file,
        input_names=list(part.inputs),
        output_names=list(part.outputs),
        dynamic_shapes=tuple(lengths.values()),
        opset_version=OPSET,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    model = onnx.load(file)
    strip(model)
    onnx.save(model, file)


def _difference(part: Part, file: Path, expected: tuple[Tensor, ...]) -> float:
    """Largest difference over the outputs, relative to each one's largest value; NaN where a value is not finite."""
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    found = session.run(list(part.outputs), {name: value.numpy() for name, value in part.inputs.items()})
    worst = 0.0
    for want, got in zip(expected, found, strict=True):
        if got.shape != tuple(want.shape) or not np.isfinite(got).all():
            return float("nan")
        worst = max(worst, float(np.abs(want.numpy() - got).max()) / max(float(want.abs().max()), 1e-6))
    return worst
