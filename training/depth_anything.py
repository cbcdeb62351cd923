"""Depth Anything V2 from its published checkpoint, through the ``transformers`` package."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from .onnx_parts import ExportError, Part

__all__ = ["DepthAnything", "depth_anything_parts"]


class DepthAnything(nn.Module):
    """A picture [1, 3, S, S], normalised, to inverse depth [1, S, S]; both float32."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> Tensor:
        kind = next(self.network.parameters()).dtype
        return self.network(pixel_values=pixels.to(kind)).predicted_depth.float()


def depth_anything_parts(checkpoint: Path, out: Path, size: int) -> tuple[Part]:
    """The network of ``model.safetensors``, whose ``config.json`` lies beside it, for pictures of one size.

    One size on purpose: the network computes its output's size in Python, which an export freezes in any case.

    Raises
    ------
    ExportError
        If the checkpoint is another's.
    """
    from transformers import DepthAnythingForDepthEstimation

    if checkpoint.suffix != ".safetensors" or not checkpoint.with_name("config.json").is_file():
        raise ExportError(f"{checkpoint.name} must be the published model.safetensors, with its config.json beside it.")
    try:
        network, told = DepthAnythingForDepthEstimation.from_pretrained(
            checkpoint.parent,
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
            dtype=torch.float32,
        )
    except Exception as error:  # whatever the packages raise for a damaged or foreign file
        raise ExportError(
            f"{checkpoint.name} is no checkpoint of Depth Anything V2 that transformers reads."
        ) from error
    for words, names in (("lacks", told["missing_keys"]), ("has unknown", told["unexpected_keys"])):
        if names:
            raise ExportError(f"The checkpoint is not Depth Anything's: it {words} tensors (such as {min(names)}).")
    picture = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    return (Part(out, DepthAnything(network), {"pixel_values": picture}, ("predicted_depth",)),)
