"""A body that passes through itself comes out as one that does not, with what the user put on it."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import trimesh
from maquette.blender.polygons import read_polygons
from maquette.geometry.problems import find_problems
from maquette.geometry.repair.faults import find_faults
from maquette.geometry.repair.triangulate import triangulate_polygons

pytestmark = pytest.mark.usefixtures("registered")

SECTIONS, SIDES = 48, 8


def figure_of_eight() -> tuple[np.ndarray, np.ndarray]:
    """A closed tube along a figure of eight: points [sections * sides, 3] and quads."""
    t = np.linspace(0, 2 * np.pi, SECTIONS, endpoint=False)
    line = np.stack([np.sin(t), 0.6 * np.sin(2 * t), 0.05 * np.cos(t)], axis=1)
    along = np.roll(line, -1, axis=0) - np.roll(line, 1, axis=0)
    side = np.cross(along, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(side, along)
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    a = np.linspace(0, 2 * np.pi, SIDES, endpoint=False)[None, :, None]
    points = line[:, None] + 0.2 * (np.cos(a) * side[:, None] + np.sin(a) * up[:, None])
    i, j = np.meshgrid(np.arange(SECTIONS), np.arange(SIDES), indexing="ij")
    after_i, after_j = (i + 1) % SECTIONS, (j + 1) % SIDES
    quads = [i * SIDES + j, after_i * SIDES + j, after_i * SIDES + after_j, i * SIDES + after_j]
    return points.reshape(-1, 3), np.stack(quads, axis=2).reshape(-1, 4)


def half(points: np.ndarray, first: int) -> trimesh.Trimesh:
    """Half of the tube, which does not cross itself, with flat ends."""
    rows = (first + np.arange(SECTIONS // 2 + 1)) % SECTIONS
    rings = points.reshape(SECTIONS, SIDES, 3)[rows]
    corners = np.concatenate([rings.reshape(-1, 3), rings[[0, -1]].mean(axis=1)])
    faces = []
    for i in range(len(rows) - 1):
        for j in range(SIDES):
            a, b, c, d = (
                i * SIDES + j,
                (i + 1) * SIDES + j,
                (i + 1) * SIDES + (j + 1) % SIDES,
                i * SIDES + (j + 1) % SIDES,
            )
            faces += [(a, b, c), (a, c, d)]
    last = (len(rows) - 1) * SIDES
    for j in range(SIDES):
        faces += [(j, (j + 1) % SIDES, len(corners) - 2), (last + (j + 1) % SIDES, last + j, len(corners) - 1)]
    whole = trimesh.Trimesh(corners, faces, process=False)
    if whole.volume < 0:
        whole.invert()
    return whole


def tangled() -> bpy.types.Object:
    points, quads = figure_of_eight()
    mesh = bpy.data.meshes.new("eight")
    mesh.from_pydata(points.tolist(), [], quads.tolist())
    mesh.flip_normals()
    layer = mesh.uv_layers.new(name="UVMap")
    values = points[np.array([loop.vertex_index for loop in mesh.loops])][:, :2].astype(np.float32)
    layer.uv.foreach_set("vector", values.ravel())
    item = bpy.data.objects.new("eight", mesh)
    bpy.context.scene.collection.objects.link(item)
    for other in bpy.context.view_layer.objects:
        other.select_set(other is item)
    bpy.context.view_layer.objects.active = item
    bpy.ops.maquette.recalculate_normals()
    return item


def test_a_tube_through_itself_is_united() -> None:
    item = tangled()
    assert len(find_problems(read_polygons(item.data)).crossing_faces) > 0
    assert bpy.ops.maquette.untangle() == {"FINISHED"}
    result = read_polygons(item.data)
    assert find_faults(result).closed
    assert len(find_problems(result).crossing_faces) == 0
    points, _ = figure_of_eight()
    halves = [half(points, SECTIONS // 4), half(points, 3 * SECTIONS // 4)]
    expected = trimesh.boolean.union(halves, engine="manifold").volume
    triangles = result.corners[triangulate_polygons(result)[0]]
    assert trimesh.Trimesh(result.points, triangles, process=False).volume == pytest.approx(expected, rel=0.01)
    # UVs were the places in the plane, and still are.
    uv = np.empty(2 * len(item.data.loops), np.float32)
    item.data.uv_layers["UVMap"].uv.foreach_get("vector", uv)
    assert np.abs(uv.reshape(-1, 2) - result.points[result.corners][:, :2]).max() < 1e-3
    assert [data.name for data in bpy.data.collections if data.name.startswith("Maquette")] == []


def test_what_is_sound_stays_and_what_is_open_is_refused() -> None:
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.active_object
    bpy.ops.maquette.untangle()
    assert len(cube.data.polygons) == 6
    item = tangled()
    item.data.polygons[0].select = True
    before = len(item.data.vertices)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="DESELECT")
    bpy.ops.object.mode_set(mode="OBJECT")
    item.data.polygons[3].select = True
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.delete(type="ONLY_FACE")
    bpy.ops.object.mode_set(mode="OBJECT")
    with pytest.raises(RuntimeError, match="closed"):
        bpy.ops.maquette.untangle()
    assert len(item.data.vertices) == before
