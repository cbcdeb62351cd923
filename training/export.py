"""Trained networks to ONNX with their cards, checked against PyTorch."""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from .camera import SIZE
from .light_network import LIGHT_CHANNELS, LightNet
from .matte_network import MatteNet
from .networks import SHAPE_CHANNELS, SURE, DepthNet, ShapeNet
from .onnx_notes import strip
from .photos import SIZE as PHOTO_SIZE
from .shadow_network import ShadowNet
from .upscale_network import SCALE, UpscaleNet

__all__ = ["main"]

TOLERANCE = 1e-3
LEAST_HALVED = 1024  # weights; smaller tensors are not worth a cast
LICENCE = "GPL-3.0-or-later"
DATA = (
    "train_meshes.tar without the objects of the validation set (CC0, MIT, MIT-0, zlib, CC BY 4.0; each with its "
    "licence in its LICENSES.csv), and objects composed for training"
)
KINDS = {
    "depth": (
        DepthNet,
        4,
        "subject",
        {
            "depth": "Y of the view frame in half crop sides, up to a constant",
            "normals": "view frame, X right, Y away from the camera, Z up; not normalised",
            "confidence": f"0..1, {SURE} over {SURE} plus the error to expect of the depth",
            "camera": "elevation in radians, tangent of half the crop's field of view",
        },
    ),
    "shape": (ShapeNet, SHAPE_CHANNELS, "surface", {"solid": "logit of solid per depth bin and ray, bins first"}),
    "matte": (MatteNet, 3, "picture", {"alpha": "logit of how far each pixel is the subject's"}),
    "light": (
        LightNet,
        LIGHT_CHANNELS,
        "crop",
        {
            "light": "natural logarithm of what the linear base colour was multiplied by, up to a constant",
            "material": "roughness, logarithm of the error to expect of it, logit of metal",
        },
    ),
    "shadow": (
        ShadowNet,
        4,
        "subject",
        {
            "shadow": "logit of a hard-edged shadow lying on the subject",
            "edge": "logit of each pixel lying at the edge of one",
        },
    ),
    "upscale": (UpscaleNet, 3, "picture", {"large": "RGB in 0..1, not clipped, twice as wide and high"}),
}
SIZES = {"depth": SIZE, "shape": SIZE, "light": SIZE, "shadow": SIZE, "matte": PHOTO_SIZE, "upscale": 286}
NORMALISATION = {
    "depth": "RGB in -1..1 times the mask, then the mask",
    "shape": "depth behind the front-most point, 1, tangent of half the field of view, elevation, normals, confidence "
    "of the depth; each times the mask",
    "light": "RGB in -1..1, 1, normals (view frame), depth (mean 0), logarithm of the light fitted by "
    "inference.light_fit; each times the mask",
    "shadow": "RGB in -1..1 times the mask, then the mask",
    "matte": "RGB in -1..1; 0 where a picture that is not square is padded",
    "upscale": "RGB in 0..1",
}
MORE_DATA = {"upscale": ", and pictures drawn for training"}
# Entries that only some cards have, before the tables and of the input.
ENTRIES = {"upscale": f"scale = {SCALE}"}
INPUT_ENTRIES = {"matte": "mean = [0.5, 0.5, 0.5]\nstd = [0.5, 0.5, 0.5]", "upscale": "margin = 15"}


def _halve(net: nn.Module) -> None:
    """Round the weights to half precision, as the file keeps them."""
    with torch.no_grad():
        for weight in net.parameters():
            weight.copy_(weight.half().float())


def _store_half(file: Path) -> None:
    """Keep the weights in half precision, each with a cast in front: ONNX Runtime folds it when it loads the file."""
    model = onnx.load(file)
    casts: list[onnx.NodeProto] = []
    for weight in model.graph.initializer:
        if weight.data_type == onnx.TensorProto.FLOAT and np.prod(weight.dims) >= LEAST_HALVED:
            name, values = weight.name, onnx.numpy_helper.to_array(weight)
            weight.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
            casts.append(onnx.helper.make_node("Cast", [f"{name}_half"], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    strip(model)
    onnx.checker.check_model(model)
    onnx.save(model, file)


def _parity(net: nn.Module, file: Path, channels: int, size: int) -> float:
    """Largest difference between PyTorch and ONNX Runtime over the outputs, relative to each output's largest value."""
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    worst, rng = 0.0, np.random.default_rng(0)
    for _ in range(4):
        mask = (rng.random((1, 1, size, size)) < 0.7).astype(np.float32)
        array = np.concatenate([rng.uniform(-1, 1, (1, channels - 1, size, size)).astype(np.float32) * mask, mask], 1)
        with torch.no_grad():
            expected = net(torch.from_numpy(array))
        expected = expected if isinstance(expected, tuple) else (expected,)
        for want, got in zip(expected, session.run(None, {session.get_inputs()[0].name: array}), strict=True):
            worst = max(worst, float(np.abs(want.numpy() - got).max() / max(float(want.abs().max()), 1e-6)))
    return worst


def _card(kind: str, file: Path, logs: list[dict[str, str]], parity: float, args: argparse.Namespace) -> str:
    """The card's TOML; ``logs`` are the last lines of the stages' logs."""
    _, _, input_name, outputs = KINDS[kind]
    data = file.read_bytes()
    scores = {k.removeprefix("val_"): float(v) for k, v in logs[-1].items() if k.startswith("val_")}
    lines = [
        f'id = "{file.stem}"',
        f'task = "{kind}"',
        f'file = "{file.name}"',
        f"bytes = {len(data)}",
        f'sha256 = "{hashlib.sha256(data).hexdigest()}"',
        f'licence = "{LICENCE}"',
        'source = "trained for this project from random weights (training/README.md)"',
        'revision = "1"',
        *([ENTRIES[kind]] if kind in ENTRIES else []),
        "",
        "[input]",
        f'name = "{input_name}"',
        f"size = {SIZES[kind]}",
        f'normalisation = "{NORMALISATION[kind]}"',
        *([INPUT_ENTRIES[kind]] if kind in INPUT_ENTRIES else []),
        "",
        "[outputs]",
        *(f"{k} = {json.dumps(v)}" for k, v in outputs.items()),
        "",
        "[training]",
        f"data = {json.dumps(DATA + MORE_DATA.get(kind, ''))}",
        f"seed = {args.seed}",
        f"steps = {sum(int(log['step']) for log in logs)}",
        f"batch = {json.dumps(args.batch)}",
        f"minutes = {sum(int(log['seconds']) for log in logs) // 60}",
        f"machine = {json.dumps(args.machine)}",
        f'command = "python bootstrap.py training.train_{kind} …, then training.export {kind}; see training/README.md"',
        f"parity_to_pytorch = {parity:.2e}",
        "",
        "[training.held_out_scores]",
        *(f"{k} = {v}" for k, v in scores.items()),
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    """``python bootstrap.py training.export {depth,shape,light,shadow,matte,upscale} --run DIR --out FILE.onnx``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--run", type=Path, nargs="+", required=True, help="the stages' folders; the last one counts")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", default="16", help="as trained, for the card")
    parser.add_argument("--machine", default="two CPU cores, bfloat16", help="that trained it, for the card")
    args = parser.parse_args()
    (build, channels, input_name, outputs), size = KINDS[args.kind], SIZES[args.kind]
    net = build()
    net.load_state_dict(torch.load(args.run[-1] / "checkpoint.pt", map_location="cpu")["averaged"])
    net.eval()
    _halve(net)
    torch.onnx.export(
        net,
        (torch.zeros(2, channels, size, size),),
        args.out,
        input_names=[input_name],
        output_names=list(outputs),
        dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=64)},),
        opset_version=18,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    _store_half(args.out)
    parity = _parity(net, args.out, channels, size)
    if parity > TOLERANCE:
        print(f"{args.out.name}: differs from PyTorch by {parity:.1e}, more than {TOLERANCE:.0e}")
        return 1
    logs = [list(csv.DictReader((run / "log.csv").read_text().splitlines()))[-1] for run in args.run]
    args.out.with_suffix(".toml").write_text(_card(args.kind, args.out, logs, parity, args))
    print(f"{args.out.name}: {args.out.stat().st_size / 1e6:.1f} MB, parity {parity:.1e}")
    return 0
