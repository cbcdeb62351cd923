"""Arrays become a Blender mesh exactly, and come back."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest
from maquette.blender.mesh import UV_LAYER, build_mesh
from maquette.blender.polygons import read_polygons
from maquette.contracts import MeshArrays
from maquette.errors import MeshError


def test_vertices_and_faces_come_back_as_they_went_in(ball: MeshArrays) -> None:
    mesh = build_mesh(ball, "ball")
    polygons = read_polygons(mesh)
    assert np.array_equal(polygons.points, ball.vertices)
    assert np.array_equal(polygons.corners, ball.faces[ball.faces >= 0])
    assert np.array_equal(polygons.sizes, (ball.faces >= 0).sum(axis=1))


def test_blender_finds_nothing_to_correct(ball: MeshArrays) -> None:
    assert not build_mesh(ball, "ball").validate(verbose=True)


def test_uv_belongs_to_its_corner(ball: MeshArrays) -> None:
    mesh = build_mesh(ball, "ball")
    assert ball.uv is not None
    layer = mesh.uv_layers[UV_LAYER].uv
    for face in (0, 5, len(ball.faces) - 1):
        polygon = mesh.polygons[face]
        for corner, loop in enumerate(polygon.loop_indices):
            assert tuple(layer[loop].vector) == pytest.approx(tuple(ball.uv[face, corner]))


def test_attribute_is_kept_per_vertex(ball: MeshArrays) -> None:
    attribute = build_mesh(ball, "ball").attributes["seen"]
    values = np.empty(len(ball.vertices), np.float32)
    attribute.data.foreach_get("value", values)
    assert attribute.domain == "POINT"
    assert np.array_equal(values, ball.attributes["seen"])


def test_faces_are_smooth_and_look_outwards(ball: MeshArrays) -> None:
    mesh = build_mesh(ball, "ball")
    assert all(polygon.use_smooth for polygon in mesh.polygons)
    centre = np.array([0.0, 0.0, 0.5])
    outward = read_polygons(mesh).points - centre
    normals = np.array([vertex.normal for vertex in mesh.vertices])
    assert (np.einsum("ij,ij->i", outward, normals) > 0.49).all()


def test_mesh_without_uv_has_no_uv_layer(ball: MeshArrays) -> None:
    assert not build_mesh(replace(ball, uv=None), "bare").uv_layers


def test_triangles_alone() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]], np.int32)
    mesh = build_mesh(MeshArrays(vertices, faces), "tetrahedron")
    assert len(mesh.edges) == 6
    assert np.array_equal(read_polygons(mesh).corners, faces.ravel())


@pytest.mark.parametrize(
    "wrong",
    [
        {"vertices": np.full((1106, 3), np.nan, np.float32)},
        {"vertices": np.zeros((0, 3), np.float32)},
        {"vertices": np.zeros((1106, 2), np.float32)},
        {"faces": np.zeros((0, 3), np.int32)},
        {"faces": np.array([[0, 1, 9999]], np.int32)},
        {"faces": np.array([[0, -1, 2]], np.int32)},
        {"uv": np.zeros((3, 4, 2), np.float32)},
        {"attributes": {"seen": np.zeros(3, np.float32)}},
    ],
)
def test_what_is_no_mesh_is_refused_and_leaves_nothing(ball: MeshArrays, wrong: dict[str, np.ndarray]) -> None:
    with pytest.raises(MeshError):
        build_mesh(replace(ball, **wrong), "wrong")
    assert not bpy.data.meshes
