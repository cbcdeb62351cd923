"""The training meshes.

The archive ``train_meshes.tar`` (unpacked: ``split.json`` and ``meshes/SOURCE/NAME.npz``) lies in the shared folder
beside the checkout. Frame: Z up, front towards -Y, box centred, longest side 1.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["TrainingMesh", "load_mesh", "normalise", "training_names", "vertex_normals"]

# Boxy procedural objects are a fifth of the set and teach little: keep one in seven.
PLAIN_SOURCE, PLAIN_SHARE = "pybullet_random", 1 / 7

# Objects of the validation set that the archive's training split holds as well.
VALIDATION = {
    "aws_robomaker/house_residential_Pillow_01.npz",
    "aws_robomaker/house_residential_Vase_01.npz",
    "m3_base_meshes/4_point_shuriken.npz",
    "m3_base_meshes/cd.npz",
    "m3_base_meshes/corrugated_iron.npz",
    "m3_base_meshes/lightning_bolt.npz",
    "quaternius/crops_pack_BushBerries_4.npz",
    "quaternius/house_interior_pack_Kitchen_Oven_Large.npz",
    "quaternius/real_time_strategy_pack_Logs.npz",
}


@dataclass(frozen=True)
class TrainingMesh:
    """One object: ``vertices`` float64 [V, 3], ``faces`` int64 [F, 3] and, where known, its colours.

    ``vertex_colour`` float32 [V, 3] in 0..1; ``uv`` float32 [V, 2] with ``texture`` float32 [H, W, 3] in 0..1 (v up).
    """

    vertices: npt.NDArray[np.float64]
    faces: npt.NDArray[np.int64]
    vertex_colour: npt.NDArray[np.float32] | None = None
    uv: npt.NDArray[np.float32] | None = None
    texture: npt.NDArray[np.float32] | None = None


def training_names(root: Path, split: str = "train", seed: int = 0, composed: bool = False) -> list[str]:
    """Names of one split (``SOURCE/NAME.npz``), the plain procedural ones thinned out.

    With ``composed`` also those that `training.compose` has made; they belong to the training split alone.
    """
    names: list[str] = [n for n in json.loads((root / "split.json").read_text())[split] if n not in VALIDATION]
    rng = np.random.default_rng(seed)
    names = [n for n in names if not n.startswith(PLAIN_SOURCE) or rng.random() < PLAIN_SHARE]
    if composed and split == "train":
        names += sorted(f"composed/{p.name}" for p in (root / "meshes" / "composed").glob("*.npz"))
    return names


@lru_cache(maxsize=6000)
def load_mesh(root: Path, name: str) -> TrainingMesh:
    """Read one object; colours come back as floats."""
    with np.load(root / "meshes" / name) as data:
        colour = uv = texture = None
        if "vcolor" in data.files:
            colour = data["vcolor"][:, :3].astype(np.float32) / 255
        elif "texture" in data.files:
            picture = Image.open(io.BytesIO(data["texture"].tobytes())).convert("RGB")
            picture.thumbnail((512, 512))
            texture, uv = np.asarray(picture, np.float32) / 255, data["uv"]
        return TrainingMesh(data["vertices"].astype(np.float64), data["faces"].astype(np.int64), colour, uv, texture)


def normalise(vertices: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Centre the box and scale its longest side to 1."""
    low, high = vertices.min(0), vertices.max(0)
    return (vertices - (low + high) / 2) / max(float((high - low).max()), 1e-9)


def vertex_normals(vertices: npt.NDArray[np.float64], faces: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Unit normals [V, 3] of the vertices, faces weighing by their area."""
    corner = vertices[faces]
    face = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    total = np.stack(
        [np.bincount(faces.ravel(), np.repeat(face[:, k], 3), minlength=len(vertices)) for k in range(3)], 1
    )
    return total / (np.linalg.norm(total, axis=-1, keepdims=True) + 1e-12)
