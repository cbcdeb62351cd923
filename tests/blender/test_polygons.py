"""Blender meshes become polygons as they are, and the object's scale is what the user sees."""

from __future__ import annotations

import math

import bpy
import numpy as np
import pytest
from maquette.blender.polygons import read_points, read_polygons, scaled, world_scale
from maquette.errors import MeshError
from maquette.geometry.repair.polygons import source


def mesh_of(points: list[tuple[float, float, float]], faces: list[tuple[int, ...]]) -> bpy.types.Mesh:
    mesh = bpy.data.meshes.new("Mesh")
    mesh.from_pydata(points, [], faces)
    return mesh


def test_faces_keep_all_their_corners() -> None:
    points = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (-1, 0.5, 0), (2, 2, 2)]
    faces = [(0, 1, 2), (0, 2, 3, 4), (0, 1, 2, 3, 4)]
    polygons = read_polygons(mesh_of(points, faces))
    assert polygons.points.tolist() == [list(map(float, point)) for point in points]
    assert polygons.corners.tolist() == [corner for face in faces for corner in face]
    assert polygons.first.tolist() == [0, 3, 7, 12]


def test_a_mesh_without_faces_is_a_sentence() -> None:
    with pytest.raises(MeshError, match="no faces"):
        read_polygons(mesh_of([(0, 0, 0)], []))
    with pytest.raises(MeshError, match="no faces"):
        read_polygons(bpy.data.meshes.new("Empty"))


def test_shape_keys_leave_the_shape_they_start_from() -> None:
    bpy.ops.mesh.primitive_cube_add(size=2)
    item = bpy.context.object
    item.shape_key_add(name="Basis")
    key = item.shape_key_add(name="Wide", from_mix=False)
    for point in key.data:
        point.co.x *= 3
    key.value = 1.0
    assert np.abs(read_points(item.data)).max() == 1.0


@pytest.mark.parametrize("scale", [(1, 1, 1), (2, 3, 4), (-1, 1, 1), (-2, -2, -2), (0.001, 1, 1000)])
def test_lengths_are_those_of_the_world(scale: tuple[float, float, float]) -> None:
    bpy.ops.mesh.primitive_cube_add(size=2, location=(5, 6, 7), rotation=(0.3, 1.2, -0.7))
    item = bpy.context.object
    item.scale = scale
    bpy.context.view_layer.update()
    mesh = read_polygons(item.data)
    world = np.array([item.matrix_world @ vertex.co for vertex in item.data.vertices])
    lengths = np.linalg.norm(world[:, None] - world[None], axis=2)
    points = scaled(mesh, world_scale(item)).points
    assert np.linalg.norm(points[:, None] - points[None], axis=2) == pytest.approx(
        lengths, abs=float(1e-5 * lengths.max())
    )
    assert np.linalg.det(world_scale(item)) > 0
    back = points @ np.linalg.inv(world_scale(item)).T
    assert (back.astype(np.float32) == mesh.points).all()


def test_an_object_that_is_only_turned_keeps_its_coordinates() -> None:
    bpy.ops.mesh.primitive_cube_add(rotation=(0.1, 0.2, math.pi / 3))
    mesh = read_polygons(bpy.context.object.data)
    assert scaled(mesh, world_scale(bpy.context.object)) is mesh


def test_a_flattened_object_is_a_sentence() -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.context.object.scale = (1, 0, 1)
    bpy.context.view_layer.update()
    with pytest.raises(MeshError, match="scaled to nothing"):
        world_scale(bpy.context.object)


def test_reading_agrees_with_what_blender_says() -> None:
    bpy.ops.mesh.primitive_cone_add(vertices=9, end_fill_type="NGON")
    mesh = bpy.context.object.data
    polygons = read_polygons(mesh)
    again = source([v.co for v in mesh.vertices], [loop.vertex_index for loop in mesh.loops], polygons.first)
    assert (polygons.points == again.points).all()
    assert (polygons.corners == again.corners).all()
    assert polygons.sizes.tolist() == [face.loop_total for face in mesh.polygons]
