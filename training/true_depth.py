"""The visible surface of a validation object as its true mesh shows it, in place of the depth network's.

What the pipeline makes of it is what the shape network reaches by itself, with depth, normals and camera exact.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import trimesh
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene

from ..contracts import Camera, Subject, Surface
from ..inference.decode import decode_picture
from ..inference.depth import DepthModel
from ..inference.prepare import subject_square
from ..inference.session import Session
from .camera import met

__all__ = ["TrueDepth", "true_surface"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _CropCamera:
    """The camera turned towards the crop's centre: its position, axes (rows right, forward, up) and elevation, the
    unit rays [S, S, 3] of the crop's pixels, and the tangent of half the crop's field of view."""

    origin: Array
    axes: Array
    elevation: float
    rays: Array
    tangent: float


def _unit(a: Array) -> Array:
    return a / np.linalg.norm(a, axis=-1, keepdims=True)


def _crop_camera(
    middle: Array, camera: dict[str, Any], square: tuple[float, float, float], picture: int, size: int
) -> _CropCamera:
    """The crop ``square`` of a picture of ``picture`` pixels a side, as ``size`` pixels a side."""
    elevation, tangent = math.radians(camera["elevation_deg"]), math.tan(math.radians(camera["fov_deg"]) / 2)
    forward = np.array([0.0, math.cos(elevation), -math.sin(elevation)])
    right = np.array([1.0, 0.0, 0.0])
    up = np.cross(right, forward)

    def rays(x: Array, y: Array) -> Array:
        """Rays [..., 3] through the picture's continuous pixel coordinates."""
        u, v = (2 * x / picture - 1) * tangent, (1 - 2 * y / picture) * tangent
        return _unit(u[..., None] * right + forward + v[..., None] * up)

    left, top, side = square
    step = (np.arange(size) + 0.5) * side / size
    towards = rays(np.array(left + side / 2), np.array(top + side / 2))
    # The view frame has no roll: its X stays level.
    across = _unit(np.cross(towards, [0.0, 0.0, 1.0]))
    axes = np.stack([across, towards, np.cross(across, towards)])
    grid = rays(*np.meshgrid(left + step, top + step))
    return _CropCamera(
        middle - forward * camera["distance"], axes, -math.asin(towards[2]), grid, side / picture * tangent
    )


def true_surface(evaluation: Path, name: str, size: int) -> Surface:
    """What the camera of ``val/images/NAME.png`` sees of the true mesh, over the crop that the pipeline takes.

    Parameters
    ----------
    evaluation : Path
        The shared folder's ``eval``.
    name : str
        A validation object.
    size : int
        Pixels a side.
    """
    folder = evaluation / "val"
    rgba = decode_picture(folder / "images" / f"{name}.png")
    mesh = trimesh.load(folder / "truth" / f"{name}.ply", force="mesh", process=False)
    vertices, faces = np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int32)
    camera = json.loads((folder / "cameras.json").read_text())[name]
    middle = (vertices.min(0) + vertices.max(0)) / 2
    crop = _crop_camera(middle, camera, subject_square(rgba), len(rgba), size)
    scene = EmbreeScene()
    TriangleMesh(scene, vertices.astype(np.float32), faces)
    rays = crop.rays.reshape(-1, 3).astype(np.float32)
    origins = np.broadcast_to(crop.origin.astype(np.float32), rays.shape)
    hits = scene.run(np.ascontiguousarray(origins), rays, query="INTERSECT", output=True)
    hit = met(hits)
    depth = hits["tfar"][hit] * (crop.rays.reshape(-1, 3)[hit] @ crop.axes[1])
    corner = vertices[faces[hits["primID"][hit].astype(np.int64)]]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    normal = _unit(normal + 1e-30)
    normal = np.where(((normal * rays[hit]).sum(1) > 0)[:, None], -normal, normal) @ crop.axes.T
    mean = float(depth.mean())
    mask = hit.reshape(size, size)
    y, normals = np.zeros((size, size), np.float32), np.zeros((size, size, 3), np.float32)
    y[mask] = (depth - mean) / (mean * crop.tangent)
    normals[mask] = normal
    return Surface(y, normals, mask, mask.astype(np.float32), Camera(crop.elevation, 1 / crop.tangent))


class TrueDepth(DepthModel):
    """Stands in for the depth network on one validation object."""

    def __init__(self, session: Session, evaluation: Path, name: str) -> None:
        super().__init__(session)
        self.surface = true_surface(evaluation, name, session.card.input_size)

    def estimate(self, subject: Subject, both_ways: bool = True) -> Surface:
        """The true surface; the true camera needs no second look."""
        return self.surface
