"""MoGe-2 from its published checkpoints."""

from __future__ import annotations

from pathlib import Path

import torch

from .moge_network import MoGe, PointMap
from .onnx_parts import ExportError, Part, fit_weights, load_checkpoint

__all__ = ["moge_parts"]

UNUSED = ("scale_head.", "encoder.backbone.mask_token")
"""The size in metres, and what only the training of the backbone needed."""


def moge_parts(checkpoint: Path, out: Path, size: int) -> tuple[Part]:
    """The network of ``model.pt``, for square pictures of one size, whose patches are its tokens.

    Raises
    ------
    ExportError
        If the checkpoint is another's.
    """
    table = load_checkpoint(checkpoint)
    try:
        config, weights = table["model_config"], table["model"]
        with torch.device("meta"):
            network = MoGe(config)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ExportError(f"{checkpoint.name} is no checkpoint of MoGe-2: it has no usable {error}.") from error
    fit_weights(network, weights, UNUSED, "MoGe-2")
    picture = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    outputs = ("points", "mask", "normal") if network.normal_head is not None else ("points", "mask")
    return (Part(out, PointMap(network, size), {"image": picture}, outputs),)
