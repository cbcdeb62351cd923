"""Measures what is wrong with a result, by its name: slab, open shell, split; and how it differs from the true mesh.

Everything is measured after the alignment that the shared folder's ``score.py`` found best, where the truth's longest
side is 2. The definitions:

- *slab*: along the viewing direction or a principal axis of the truth, the result extends over less than half of what
  the truth does, and falls short by more than `SHORT`.
- *open shell*: the mesh has boundary edges, or its back is hollow: of the rays from behind that meet the result, more
  than `HOLLOW_SHARE` run deeper into its convex hull than into the truth's by more than `HOLLOW`.
- *split*: more than one part holds at least `PART` of the volume, where the truth is one piece.
"""

from __future__ import annotations

import importlib.util
import math
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import trimesh
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from scipy import ndimage

from ..geometry.parts import part_labels, part_volumes
from .render import NO_HIT
from .solids import solid_grid

__all__ = ["HOLLOW", "HOLLOW_SHARE", "PART", "SHORT", "Findings", "load_score", "measure_defects"]

SHORT = 0.1
HOLLOW, HOLLOW_SHARE = 0.2, 0.25
PART = 0.05
CLOSE = 0.1  # within this of the other surface counts as met, as in F@0.1
GRID = 96  # rays a side
REACH = 4.0  # rays start this far from the middle
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Findings:
    """What is wrong with one result.

    ``slab``, ``open_shell`` and ``split`` as defined above. ``thickness``: along the viewing direction, over the
    truth's. ``flattest``: the least such ratio over the principal axes. ``hollow``: share of rays from behind.
    ``accurate`` and ``complete``: shares of the result's surface that lie within 0.1 of the truth, and the other way.
    """

    slab: bool
    open_shell: bool
    split: bool
    thickness: float
    flattest: float
    hollow: float
    accurate: float
    complete: float

    @property
    def names(self) -> list[str]:
        """The defects found."""
        found = {"slab": self.slab, "open shell": self.open_shell, "split": self.split}
        return [name for name, true in found.items() if true]


def load_score(script: Path) -> ModuleType:
    """The shared folder's ``score.py`` as a module."""
    spec = importlib.util.spec_from_file_location("score", script)
    if spec is None or spec.loader is None:
        raise ImportError(f"{script} cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _read(path: Path) -> trimesh.Trimesh:
    return trimesh.load(path, force="mesh", process=False)


def _fit(source: Array, target: Array) -> tuple[float, Array, Array]:
    """Scale, rotation and shift of the similarity that takes one list of points to the other (Umeyama 1991)."""
    mean_s, mean_t = source.mean(0), target.mean(0)
    u, s, vt = np.linalg.svd((target - mean_t).T @ (source - mean_s))
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    turn = u @ np.diag(sign) @ vt
    scale = float((s * sign).sum() / ((source - mean_s) ** 2).sum())
    return scale, turn, mean_t - scale * turn @ mean_s


def _normalise(vertices: Array, points: Array, sampled: Array) -> Array:
    """Vertices moved as `load_points` of the script moved the sample: ``points`` became ``sampled``."""
    scale, turn, shift = _fit(points, sampled)
    return scale * vertices @ turn.T + shift


def _aligned(score: ModuleType, predicted: Path, truth: Path, row: dict[str, Any]) -> tuple[Array, Array, Array, Array]:
    """Vertices of the result and of the truth in the script's best alignment, and its samples of both."""
    vertices, samples = list[Array](), list[Array]()
    for path, seed in ((predicted, 1), (truth, 2)):
        mesh = _read(path)
        raw, _ = trimesh.sample.sample_surface(mesh, score.N_POINTS, seed=seed)
        sample = score.load_points(path, seed=seed)
        vertices.append(_normalise(np.asarray(mesh.vertices, np.float64), np.asarray(raw), sample))
        samples.append(sample)
    turned = samples[0] @ score.rotation(math.radians(row["yaw"]), math.radians(row["pitch"])).T
    low, high = turned.min(0), turned.max(0)
    turned = (turned - (low + high) / 2) * (2.0 / (high - low).max())
    moved = score.similarity_icp(turned, samples[1])
    scale, turn, shift = _fit(samples[0], moved)
    return scale * vertices[0] @ turn.T + shift, vertices[1], moved, samples[1]


def _first_hits(vertices: Array, faces: npt.NDArray[np.int32], direction: Array) -> Array:
    """Distance [GRID, GRID] at which parallel rays along ``direction`` first meet a mesh; infinite where they miss."""
    helper = np.array([0.0, 0.0, 1.0]) if abs(direction[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    right = np.cross(direction, helper)
    right /= np.linalg.norm(right)
    up = np.cross(right, direction)
    line = ((np.arange(GRID) + 0.5) / GRID * 2 - 1) * math.sqrt(3)
    x, z = np.meshgrid(line, line)
    start = x.reshape(-1, 1) * right + z.reshape(-1, 1) * up - direction * REACH
    scene = EmbreeScene()
    TriangleMesh(scene, vertices.astype(np.float32), faces.astype(np.int32))
    rays = np.broadcast_to(direction, start.shape).astype(np.float32)
    hits = scene.run(start.astype(np.float32), rays, query="INTERSECT", output=True)
    hit = (hits["geomID"] >= 0) & (hits["geomID"] != NO_HIT)
    return np.where(hit, hits["tfar"], np.inf).reshape(GRID, GRID).astype(np.float64)


def _thickness(vertices: Array, faces: npt.NDArray[np.int32], direction: Array) -> float:
    """Mean distance from the first to the last surface along the rays that meet a mesh."""
    front, back = _first_hits(vertices, faces, direction), _first_hits(vertices, faces, -direction)
    # The rays from behind start on the same lines, but the grid is mirrored from left to right.
    span = 2 * REACH - front - back[:, ::-1]
    met = np.isfinite(span)
    return float(span[met].mean()) if met.any() else 0.0


def _hollow(vertices: Array, faces: npt.NDArray[np.int32], direction: Array) -> tuple[Array, Array]:
    """How deep rays along ``direction`` run into the convex hull before they meet the mesh, and where they meet it."""
    surface = _first_hits(vertices, faces, direction)
    hull = trimesh.Trimesh(vertices, faces, process=False).convex_hull
    outer = _first_hits(np.asarray(hull.vertices), np.asarray(hull.faces, np.int32), direction)
    met = np.isfinite(surface) & np.isfinite(outer)
    return np.where(met, surface - np.where(met, outer, 0), np.inf), met


def _extents(points: Array, axes: Array) -> Array:
    """Lengths [3] along ``axes`` (rows) between the 2nd and the 98th percentile."""
    return np.ptp(np.percentile(points @ axes.T, [2, 98], axis=0), axis=0)


def _principal(points: Array) -> Array:
    """Principal axes as rows."""
    return np.linalg.svd(points - points.mean(0), full_matrices=False)[2]


def _heavy_parts(mesh: trimesh.Trimesh) -> int:
    """Parts of a closed mesh with at least `PART` of its volume."""
    vertices, faces = np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.int32)
    part = part_labels(faces, len(vertices))[faces[:, 0]]
    size = np.abs(part_volumes(vertices, faces, part, int(part.max()) + 1))
    return int((size >= PART * size.sum()).sum())


def _pieces(vertices: Array, faces: npt.NDArray[np.int32]) -> int:
    """Pieces of the true solid with at least `PART` of its cells, whatever parts its mesh is modelled from."""
    low, high = vertices.min(0), vertices.max(0)
    solid = solid_grid((vertices - (low + high) / 2) / float((high - low).max()), faces.astype(np.int64))
    labels, count = ndimage.label(solid, np.ones((3, 3, 3)))
    size = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    return int((size >= PART * size.sum()).sum())


def measure_defects(score: ModuleType, predicted: Path, truth: Path, row: dict[str, Any], elevation: float) -> Findings:
    """Compare one result with the truth.

    Parameters
    ----------
    score : ModuleType
        From `load_score`.
    predicted, truth : Path
        The two meshes.
    row : dict
        The script's line for the result, for the turn of its best fit.
    elevation : float
        The camera's, in radians.
    """
    result, true = _read(predicted), _read(truth)
    faces, true_faces = np.asarray(result.faces, np.int32), np.asarray(true.faces, np.int32)
    vertices, true_vertices, sample, true_sample = _aligned(score, predicted, truth, row)
    view = np.array([0.0, math.cos(elevation), -math.sin(elevation)])
    thick, true_thick = _thickness(vertices, faces, view), _thickness(true_vertices, true_faces, view)
    axes = _principal(true_sample)
    wide, true_wide = _extents(sample, axes), _extents(true_sample, axes)
    thin = (wide < 0.5 * true_wide) & (wide < true_wide - SHORT)
    slab = bool(thin.any()) or thick < min(0.5 * true_thick, true_thick - SHORT)
    deep, met = _hollow(vertices, faces, -view)
    true_deep, _ = _hollow(true_vertices, true_faces, -view)
    hollow = float((deep > true_deep + HOLLOW)[met].mean())
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    boundary = bool((np.unique(edges, axis=0, return_counts=True)[1] == 1).any())
    forth, back = score.distances(sample, true_sample)
    split = _heavy_parts(result) > 1 and _pieces(true_vertices, true_faces) == 1
    return Findings(
        slab=slab,
        open_shell=boundary or hollow > HOLLOW_SHARE,
        split=split,
        thickness=thick / max(true_thick, 1e-9),
        flattest=float((wide / np.maximum(true_wide, 1e-9)).min()),
        hollow=hollow,
        accurate=float((forth < CLOSE).mean()),
        complete=float((back < CLOSE).mean()),
    )
