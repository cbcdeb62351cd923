"""Measures what is wrong with a result, by its name: slab, open shell, split; and how it differs from the true mesh.

Everything is measured after the alignment that the shared folder's ``score.py`` found best, where the truth's longest
side is 2. The definitions:

- *slab*: the result is less than half as thick as the truth along the viewing direction, or its least principal extent
  over its longest is less than `FLAT` of the truth's; and that by more than `SHORT`.
- *open shell*: the mesh has boundary edges, or its back is hollow: of the rays from behind that meet the result, more
  than `HOLLOW_SHARE` meet it deeper inside its convex hull than they do the truth, by more than `HOLLOW`.
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
from scipy import ndimage
from scipy.spatial import ConvexHull, cKDTree

from ..geometry.edges import find_edges
from ..geometry.parts import part_labels, part_volumes
from ..geometry.raster import barycentric, face_map
from .solids import solid_grid

__all__ = [
    "FLAT",
    "HOLLOW",
    "HOLLOW_SHARE",
    "PART",
    "SHORT",
    "Findings",
    "compare",
    "fit_similarity",
    "load_score",
    "measure_defects",
]

SHORT, FLAT = 0.1, 2 / 3
HOLLOW, HOLLOW_SHARE = 0.2, 0.25
PART = 0.05
CLOSE = 0.1  # within this of the other surface counts as met, as in F@0.1
POINTS = 10_000
GRID = 96  # rays a side
REACH = 1.9  # the grid's half side, a little more than half the diagonal of the truth's largest box
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Findings:
    """What is wrong with one result.

    ``slab``, ``open_shell`` and ``split`` as defined above. ``thickness`` along the viewing direction, and
    ``true_thickness``. ``flatness``: least over longest principal extent, over the truth's. ``hollow``: share of
    rays from behind.
    ``accurate`` and ``complete``: shares of the result's surface that lie within 0.1 of the truth, and the other way.
    """

    slab: bool
    open_shell: bool
    split: bool
    thickness: float
    true_thickness: float
    flatness: float
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


def fit_similarity(source: Array, target: Array) -> tuple[float, Array, Array]:
    """Scale, rotation and shift of the similarity that takes one list of points to the other (Umeyama 1991)."""
    mean_s, mean_t = source.mean(0), target.mean(0)
    u, s, vt = np.linalg.svd((target - mean_t).T @ (source - mean_s))
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    turn = u @ np.diag(sign) @ vt
    scale = float((s * sign).sum() / ((source - mean_s) ** 2).sum())
    return scale, turn, mean_t - scale * turn @ mean_s


def _moved(mesh: trimesh.Trimesh, similarity: tuple[float, Array, Array]) -> trimesh.Trimesh:
    scale, turn, shift = similarity
    return trimesh.Trimesh(scale * np.asarray(mesh.vertices) @ turn.T + shift, mesh.faces, process=False)


def _aligned(
    score: ModuleType, predicted: Path, truth: Path, row: dict[str, Any]
) -> tuple[trimesh.Trimesh, trimesh.Trimesh]:
    """The result and the truth as meshes in the script's best alignment."""
    meshes, samples = list[trimesh.Trimesh](), list[Array]()
    for path, seed in ((predicted, 1), (truth, 2)):
        mesh = _read(path)
        # The script's own sample before and after it has been centred and scaled.
        raw, _ = trimesh.sample.sample_surface(mesh, score.N_POINTS, seed=seed)
        samples.append(score.load_points(path, seed=seed))
        meshes.append(_moved(mesh, fit_similarity(np.asarray(raw), samples[-1])))
    turned = samples[0] @ score.rotation(math.radians(row["yaw"]), math.radians(row["pitch"])).T
    low, high = turned.min(0), turned.max(0)
    turned = (turned - (low + high) / 2) * (2.0 / (high - low).max())
    return _moved(meshes[0], fit_similarity(samples[0], score.similarity_icp(turned, samples[1]))), meshes[1]


def _frame(direction: Array) -> Array:
    """Rows right, down and ``direction``: the axes of the rays' grid."""
    helper = np.array([0.0, 0.0, 1.0]) if abs(direction[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    right = np.cross(direction, helper)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(right, direction), direction])


def _outermost(vertices: Array, faces: npt.NDArray[np.int32], direction: Array) -> tuple[Array, Array]:
    """Where parallel rays along ``direction`` first and last meet a mesh, as distances along it from the middle:
    two float64 [GRID, GRID], infinite and minus infinite where they miss."""
    local = vertices @ _frame(direction).T
    corners = ((local[:, :2] / REACH + 1) / 2 * GRID)[faces]
    found = list[Array]()
    for sign in (1.0, -1.0):
        depth = np.full((GRID, GRID), np.inf)
        index = face_map(corners, (GRID, GRID), sign * local[faces, 2])
        rows, columns = np.nonzero(index >= 0)
        triangle = index[rows, columns]
        weights = barycentric(corners, triangle, columns + 0.5, rows + 0.5)
        depth[rows, columns] = (weights * sign * local[faces[triangle], 2]).sum(1)
        found.append(sign * depth)
    return found[0], found[1]


def _thickness(vertices: Array, faces: npt.NDArray[np.int32], direction: Array) -> float:
    """Mean distance from the first to the last surface along the rays that meet a mesh."""
    front, back = _outermost(vertices, faces, direction)
    met = np.isfinite(front)
    return float((back - front)[met].mean()) if met.any() else 0.0


def _hollow(vertices: Array, faces: npt.NDArray[np.int32], direction: Array) -> Array:
    """How deep inside the convex hull rays along ``direction`` meet the mesh, as the distance to the plane of the hull
    they came in by: float64 [GRID, GRID], NaN where they miss. A grazing view of a flat thing is not deep."""
    surface, _ = _outermost(vertices, faces, direction)
    met = np.isfinite(surface)
    rows, columns = np.nonzero(met)
    across = (np.stack([columns, rows], 1) + 0.5) / GRID * 2 - 1
    points = np.column_stack([across * REACH, surface[met]]) @ _frame(direction)
    planes = ConvexHull(vertices).equations
    deep = np.full(surface.shape, np.nan)
    slope = planes[:, :3] @ direction
    facing = slope < -1e-6
    inside = -(points @ planes[facing, :3].T + planes[facing, 3])
    entered = (inside / -slope[facing]).argmin(1)
    deep[met] = inside[np.arange(len(points)), entered]
    return deep


def _flatness(points: Array) -> float:
    """Least principal extent over the longest, between the 2nd and the 98th percentile, where the longest is 2."""
    wide = np.ptp(np.percentile(points @ _principal(points).T, [2, 98], axis=0), axis=0)
    return float(2 * wide.min() / wide.max())


def _principal(points: Array) -> Array:
    """Principal axes as rows."""
    return np.linalg.svd(points - points.mean(0), full_matrices=False)[2]


def _heavy_parts(vertices: Array, faces: npt.NDArray[np.int32]) -> int:
    """Parts of a closed mesh with at least `PART` of its volume."""
    part = part_labels(find_edges(faces), len(vertices))[faces[:, 0]]
    size = np.abs(part_volumes(vertices.astype(np.float32), faces, part, int(part.max()) + 1))
    return int((size >= PART * size.sum()).sum())


def _pieces(vertices: Array, faces: npt.NDArray[np.int32]) -> int:
    """Pieces of the true solid with at least `PART` of its cells, whatever parts its mesh is modelled from."""
    low, high = vertices.min(0), vertices.max(0)
    solid = solid_grid((vertices - (low + high) / 2) / float((high - low).max()), faces.astype(np.int64))
    labels, count = ndimage.label(solid, np.ones((3, 3, 3)))
    size = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    return int((size >= PART * size.sum()).sum())


def measure_defects(score: ModuleType, predicted: Path, truth: Path, row: dict[str, Any], elevation: float) -> Findings:
    """Align one result with the truth as the script does, and compare them.

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
    return compare(*_aligned(score, predicted, truth, row), elevation)


def compare(result: trimesh.Trimesh, truth: trimesh.Trimesh, elevation: float) -> Findings:
    """Compare a result with the truth where they lie; the truth's longest side is 2, its middle the origin, and the
    camera looks along +Y from ``elevation`` (radians)."""
    vertices, true_vertices = (np.asarray(mesh.vertices, np.float64) for mesh in (result, truth))
    faces, true_faces = (np.asarray(mesh.faces, np.int32) for mesh in (result, truth))
    view = np.array([0.0, math.cos(elevation), -math.sin(elevation)])
    thick, true_thick = _thickness(vertices, faces, view), _thickness(true_vertices, true_faces, view)
    sample, true_sample = (np.asarray(trimesh.sample.sample_surface(m, POINTS, seed=0)[0]) for m in (result, truth))
    flat, true_flat = _flatness(sample), _flatness(true_sample)
    slab = flat < min(FLAT * true_flat, true_flat - SHORT) or thick < min(0.5 * true_thick, true_thick - SHORT)
    deep, true_deep = _hollow(vertices, faces, -view), _hollow(true_vertices, true_faces, -view)
    # Rays past the truth count as not hollow: there the result is too large, not open.
    hollow = float((deep > true_deep + HOLLOW)[np.isfinite(deep)].mean())
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    boundary = bool((np.unique(edges, axis=0, return_counts=True)[1] == 1).any())
    split = _heavy_parts(vertices, faces) > 1 and _pieces(true_vertices, true_faces) == 1
    return Findings(
        slab=slab,
        open_shell=boundary or hollow > HOLLOW_SHARE,
        split=split,
        thickness=thick,
        true_thickness=true_thick,
        flatness=flat / true_flat,
        hollow=hollow,
        accurate=float((cKDTree(true_sample).query(sample)[0] < CLOSE).mean()),
        complete=float((cKDTree(sample).query(true_sample)[0] < CLOSE).mean()),
    )
