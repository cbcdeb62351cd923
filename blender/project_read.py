"""An object as it is shown, in the world's frame, with the textures its faces show."""

from __future__ import annotations

from dataclasses import dataclass, field

import bpy
import numpy as np

from ..contracts import Float, Int, Mask
from ..errors import MeshError
from ..geometry.project_picture_data import PlacedMesh

__all__ = ["ShownMesh", "read_corner_uv", "read_faces", "read_shown", "read_triangles"]


@dataclass
class ShownMesh:
    """What is shown of an object: its mesh in the world, the material slot of each triangle, int32 [T], and the UVs of
    its layers, float32 [T, 3, 2], by name; ``first`` is the one that materials show unless told otherwise."""

    placed: PlacedMesh
    slots: Int
    first: str
    layers: dict[str, Float] = field(default_factory=dict[str, Float])

    def uv(self, name: str) -> Float | None:
        """The UVs of a layer, "" for the one marked for rendering; None where there is no such layer."""
        return self.layers.get(name or self.first)

    def of_slots(self, slots: list[int]) -> Mask:
        """The triangles of material slots: bool [T]."""
        return np.isin(self.slots, slots)


def read_shown(context: bpy.types.Context, item: bpy.types.Object) -> ShownMesh:
    """Read an object that is not in Edit Mode, with its modifiers.

    Raises
    ------
    MeshError
        If it has no faces, or is scaled to nothing.
    """
    evaluated = item.evaluated_get(context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    try:
        mesh.calc_loop_triangles()
        count = len(mesh.loop_triangles)
        if not count:
            raise MeshError(f"{item.name} shows no faces.")
        points = np.empty(len(mesh.vertices) * 3, np.float32)
        mesh.vertices.foreach_get("co", points)
        triangles, corners = np.empty((2, count, 3), np.int32)
        mesh.loop_triangles.foreach_get("vertices", triangles.ravel())
        mesh.loop_triangles.foreach_get("loops", corners.ravel())
        slots = np.empty(count, np.int32)
        mesh.loop_triangles.foreach_get("material_index", slots)
        normals = np.empty(len(mesh.loops) * 3, np.float32)
        mesh.corner_normals.foreach_get("vector", normals)
        layers: dict[str, Float] = {}
        for layer in mesh.uv_layers:
            flat = np.empty(len(mesh.loops) * 2, np.float32)
            layer.uv.foreach_get("vector", flat)
            layers[layer.name] = flat.reshape(-1, 2)[corners]
        first = next((layer.name for layer in mesh.uv_layers if layer.active_render), "")
    finally:
        evaluated.to_mesh_clear()
    matrix = np.array(item.matrix_world, np.float64)
    placed = _placed(item.name, points.reshape(-1, 3), triangles, normals.reshape(-1, 3)[corners], matrix)
    if np.linalg.det(matrix[:3, :3]) < 0:
        layers = {name: uv[:, [0, 2, 1]] for name, uv in layers.items()}
    return ShownMesh(placed, np.clip(slots, 0, max(len(item.material_slots) - 1, 0)), first, layers)


def read_faces(mesh: bpy.types.Mesh) -> tuple[Float, Int, Mask]:
    """The vertices float32 [V, 3] and faces int32 [F, 4] of a mesh, -1 for the fourth corner of a triangle, and which
    entries of the faces are corners.

    Raises
    ------
    MeshError
        If a face has more than four corners.
    """
    sizes = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("loop_total", sizes)
    if len(sizes) and sizes.max() > 4:
        raise MeshError(f"{mesh.name} has no UVs, and faces with more than four corners: unwrap it first.")
    points = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", points)
    corners = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    inside = np.arange(4) < sizes[:, None]
    faces = np.full((len(sizes), 4), -1, np.int32)
    faces[inside] = corners
    return points.reshape(-1, 3), faces, inside


def read_triangles(mesh: bpy.types.Mesh) -> tuple[Float, Int]:
    """The vertices float32 [V, 3] and triangles int32 [T, 3] of a mesh that is not in Edit Mode, in its own frame.

    Raises
    ------
    MeshError
        If there are none, or they are nowhere.
    """
    mesh.calc_loop_triangles()
    points = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", points)
    triangles = np.empty((len(mesh.loop_triangles), 3), np.int32)
    mesh.loop_triangles.foreach_get("vertices", triangles.ravel())
    if not len(triangles):
        raise MeshError(f"{mesh.name} has no faces.")
    if not np.isfinite(points).all():
        raise MeshError(f"{mesh.name} has coordinates that are not numbers: clean it up first.")
    return points.reshape(-1, 3), triangles


def read_corner_uv(mesh: bpy.types.Mesh, layer: bpy.types.MeshUVLoopLayer) -> Float:
    """The UVs of the triangles that `read_triangles` gives: float32 [T, 3, 2]."""
    corners = np.empty((len(mesh.loop_triangles), 3), np.int32)
    mesh.loop_triangles.foreach_get("loops", corners.ravel())
    flat = np.empty(len(mesh.loops) * 2, np.float32)
    layer.uv.foreach_get("vector", flat)
    return flat.reshape(-1, 2)[corners]


def _placed(name: str, points: Float, triangles: Int, normals: Float, matrix: np.ndarray) -> PlacedMesh:
    """A mesh in the world; a mirrored one keeps its outer side outside."""
    linear = matrix[:3, :3]
    if not np.isfinite(matrix).all() or abs(np.linalg.det(linear)) < 1e-30:
        raise MeshError(f"{name} is scaled to nothing along an axis: give it a size first.")
    if not np.isfinite(points).all():
        raise MeshError(f"{name} has coordinates that are not numbers: clean it up first.")
    turned = normals.astype(np.float64) @ np.linalg.inv(linear)
    turned /= np.maximum(np.linalg.norm(turned, axis=2, keepdims=True), 1e-30)
    order = [0, 2, 1] if np.linalg.det(linear) < 0 else [0, 1, 2]
    placed = points.astype(np.float64) @ linear.T + matrix[:3, 3]
    return PlacedMesh(placed, triangles[:, order], turned[:, order].astype(np.float32))
