"""Published checkpoints of others to ONNX files with cards, checked against PyTorch: ``python3 dev.py export …``."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .depth_anything import depth_anything_parts
from .moge import moge_parts
from .onnx_parts import TOLERANCE, ExportError, Part, export_part
from .triposr import triposr_parts

__all__ = ["main"]


@dataclass(frozen=True)
class Family:
    """What is exported and what its card says: ``entries`` before the tables, ``picture`` how colours go in, and
    ``outputs`` and ``roles`` as the card has them. ``published``: the checkpoint's SHA-256 and revision."""

    parts: Callable[[argparse.Namespace], tuple[Part, ...]]
    entries: tuple[str, ...]
    source: str
    licence: str
    size: int
    multiple: int
    outputs: dict[str, str]
    picture: tuple[str, ...] = ()
    roles: dict[str, str] = field(default_factory=dict[str, str])
    published: tuple[str, str] = ("", "")


IMAGENET = ("mean = [0.485, 0.456, 0.406]", "std = [0.229, 0.224, 0.225]")
FAMILIES = {
    "triposr": Family(
        lambda args: triposr_parts(args.checkpoint, args.output, args.size, args.head),
        ('task = "shape"', 'family = "triplane"'),
        "stabilityai/TripoSR, model.ckpt",
        "MIT",
        512,
        16,
        {"code": "three planes of features, which the decoder is asked with"},
        published=(
            "429e2c6b22a0923967459de24d67f05962b235f79cde6b032aa7ed2ffcd970ee",
            "5b521936b01fbe1890f6f9baed0254ab6351c04a",
        ),
    ),
    "depth-anything": Family(
        lambda args: depth_anything_parts(args.checkpoint, args.output, args.size),
        ('task = "depth"', 'meaning = "inverse"'),
        "depth-anything/Depth-Anything-V2-Small-hf, model.safetensors",
        "Apache-2.0",
        518,
        14,
        {"predicted_depth": "one over the depth, up to scale and shift"},
        IMAGENET,
        {"depth": "predicted_depth"},
    ),
    "moge": Family(
        lambda args: moge_parts(args.checkpoint, args.output, args.size),
        ('task = "pointmap"',),
        "Ruicheng/moge-2-vits-normal (or -vitb-, -vitl-), model.pt",
        "MIT",
        518,
        14,
        {
            "points": "points in OpenCV's axes, right up to scale and a shift along the axis",
            "normal": "unit normals in OpenCV's axes",
            "mask": "1 where the points count",
        },
    ),
}


def main() -> int:
    """``python3 dev.py export {triposr,depth-anything,moge} CHECKPOINT -o NAME.onnx [--precision float16]``."""
    parser = argparse.ArgumentParser(prog="dev.py export", description=__doc__)
    parser.add_argument("family", choices=FAMILIES)
    parser.add_argument("checkpoint", type=Path, help="the published file (docs/models.md says where from)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the ONNX file; its card is put beside it")
    parser.add_argument("--precision", choices=TOLERANCE, default="float32", help="float16: half the size, for GPUs")
    parser.add_argument("--size", type=int, default=0, help="side of the picture in pixels; 0 as published")
    parser.add_argument("--head", type=int, default=64, help="TripoSR: channels of an attention head, 64 as published")
    args = parser.parse_args()
    family = FAMILIES[args.family]
    args.size = args.size or family.size
    try:
        _export(family, args)
    except ExportError as problem:
        print(problem)
        return 1
    return 0


def _export(family: Family, args: argparse.Namespace) -> None:
    if args.output.suffix != ".onnx":
        raise ExportError(f"{args.output.name} must end in .onnx.")
    if args.size % family.multiple or args.size < family.multiple:
        raise ExportError(f"The size must be a multiple of {family.multiple}, not {args.size}.")
    args.output.parent.mkdir(parents=True, exist_ok=True)
    parts = family.parts(args)
    try:
        apart = [export_part(part, args.precision) for part in parts]
    except ExportError:
        for part in parts:
            part.file.unlink(missing_ok=True)
        raise
    args.output.with_suffix(".toml").write_text(_card(family, args, parts, apart), encoding="utf-8")
    for part, difference in zip(parts, apart, strict=True):
        print(f"{part.file.name}: {part.file.stat().st_size / 1e6:.1f} MB, parity {difference:.1e}")


def _card(family: Family, args: argparse.Namespace, parts: tuple[Part, ...], apart: list[float]) -> str:
    """The card's TOML; `inference.card` reads it."""
    first, *more = parts
    checkpoint = _hash(args.checkpoint)
    revision = family.published[1] if checkpoint == family.published[0] else f"checkpoint {checkpoint}"
    roles = [f"{role} = {json.dumps(name)}" for role, name in family.roles.items()]
    lines = [
        f"id = {json.dumps(first.file.stem)}",
        *family.entries,
        *_file(first.file),
        f"licence = {json.dumps(family.licence)}",
        f"source = {json.dumps(family.source)}",
        f"revision = {json.dumps(revision)}",
        "",
        "[input]",
        f"name = {json.dumps(next(iter(first.inputs)))}",
        f"size = {args.size}",
        f"multiple = {family.multiple}",
        *family.picture,
        "",
        "[outputs]",
        *(f"{name} = {json.dumps(words)}" for name, words in family.outputs.items() if name in first.outputs),
        *(["", "[roles]", *roles] if roles else []),
    ]
    for part in more:
        lines += ["", "[decoder]", *_file(part.file)]
    lines += ["", "[export]", f'precision = "{args.precision}"', f"parity_to_pytorch = {max(apart):.2e}", ""]
    return "\n".join(lines)


def _file(file: Path) -> list[str]:
    return [f"file = {json.dumps(file.name)}", f"bytes = {file.stat().st_size}", f'sha256 = "{_hash(file)}"']


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
