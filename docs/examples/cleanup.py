"""Makes ``docs/cleanup.png``: broken meshes before and after, each from the front and the back.

Run from the repository's root: ``.venv/bin/python bootstrap.py docs.examples.cleanup FOLDER``, with the folder of the
meshes: the ``test-meshes`` of the shared folder beside the checkout. What is seen of a face's back is red.
"""

from __future__ import annotations

import math
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ...contracts import MeshArrays, Pixels
from ...geometry.preview import THREE_QUARTER, render_view
from ...geometry.repair.chain import make_solid
from ...geometry.repair.polygons import Polygons, from_faces
from ...geometry.repair.triangulate import triangulate_polygons

__all__ = ["main"]

PAGE = Path(__file__).resolve().parents[1] / "cleanup.png"
CASES = (
    "cgal_boeing",
    "trimesh_teapot",
    "meshlab_greek_helmet",
    "trimesh_chair_model",
    "gen_self_intersect_spheres",
    "trimesh_soup",
)
SIZE = 320  # pixels of each view
VIEWS = (THREE_QUARTER, (THREE_QUARTER[0] + math.pi, THREE_QUARTER[1]))


def main() -> int:
    """Clean each case and write the sheet: before in front, before behind, after in front, after behind."""
    library: Any = import_module("trimesh")
    rows: list[Pixels] = []
    for name in CASES:
        loaded = library.load(Path(sys.argv[1]) / f"{name}.ply", process=False, force="mesh")
        mesh = from_faces(loaded.vertices, loaded.faces)
        cells = [
            render_view(_two_sided(shown), *view, SIZE) for shown in (mesh, make_solid(mesh).mesh) for view in VIEWS
        ]
        rows.append(np.concatenate(cells, axis=1))
    Image.fromarray(np.concatenate(rows)).convert("RGB").save(PAGE, optimize=True)
    return 0


def _two_sided(mesh: Polygons) -> MeshArrays:
    """The mesh with a red back to every face, a hair behind it."""
    points = mesh.points[mesh.corners[triangulate_polygons(mesh)[0]]]
    points = points - (mesh.points.min(axis=0) + mesh.points.max(axis=0)) / 2
    size = float(np.abs(points).max())
    normal = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
    back = points[:, ::-1] - 5e-4 * size * normal[:, None]
    corners = np.concatenate([points, back]).reshape(-1, 3) / size
    faces = np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
    uv = np.full((len(faces), 3, 2), 0.5, np.float32)
    uv[: len(points), :, 0], uv[len(points) :, :, 0] = 0.25, 0.75
    texture = np.array([[[190, 184, 176], [200, 60, 50]]], np.uint8).repeat(2, axis=0)
    return MeshArrays(corners.astype(np.float32), faces, uv, texture)
