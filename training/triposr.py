"""TripoSR's published checkpoint as an encoder and a decoder for the shape family *triplane*."""

from __future__ import annotations

from pathlib import Path

import torch

from .onnx_parts import ExportError, Part, fit_weights, load_checkpoint
from .triposr_network import Decoder, Encoder, TripoSR

__all__ = ["triposr_parts"]

POINTS = 4096
UNUSED = "image_tokenizer.model.pooler."


def triposr_parts(checkpoint: Path, out: Path, size: int, head: int = 64) -> tuple[Part, Part]:
    """The encoder, written to ``out``, and the decoder beside it, from ``model.ckpt``.

    Parameters
    ----------
    size : side of the picture in pixels
    head : channels of one attention head

    Raises
    ------
    ExportError
        If the checkpoint is another's, or does not fit the sizes.
    """
    weights = load_checkpoint(checkpoint)
    try:
        with torch.device("meta"):
            network = TripoSR(weights, head)
    except (KeyError, ValueError, IndexError) as error:
        raise ExportError(f"{checkpoint.name} is no checkpoint of TripoSR: it has no usable {error}.") from error
    fit_weights(network, weights, UNUSED, "TripoSR")
    if size % network.patch:
        raise ExportError(f"The size must be a multiple of {network.patch}, not {size}.")
    random = torch.Generator().manual_seed(0)
    side = network.tokenizer.embeddings.shape[-1]
    code = torch.randn(3, network.post_processor.upsample.weight.shape[1], 2 * side, 2 * side, generator=random)
    points = torch.rand(POINTS, 3, generator=random) * 2 - 1
    return (
        Part(
            out,
            Encoder(network, size),
            {"picture": torch.rand(1, 3, size, size, generator=random)},
            ("code",),
        ),
        Part(
            out.with_name(f"{out.stem}-decoder.onnx"),
            Decoder(network),
            {"points": points, "code": code},
            ("solid", "colour"),
            {"points": {0: "points"}},
            half=False,
        ),
    )
